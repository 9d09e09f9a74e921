/*
 * callback_call_test.c - callbacks in mode CALL: C waits for the host's answer, a timeout, the end
 * of the callback or of the bridge; calls through the nest of a thread that waits.
 */
#include "../../lib/core/bridge.h"
#include "callback_fixture.h"
#include "fixture/fork.h"

static struct host host; /* each test opens and closes it */
static union request request;

#define TOKEN 5u

static uint32_t one(void) {
    return SIGNATURE(U64, U64);
}

/* ---- E2: every result type ------------------------------------------------------------------- */

/* Answers the next call with its own argument words. */
static void answer_with_arguments(uint32_t words) {
    const struct siding_event *event = next_asked(&host);
    if (event != NULL) {
        EXPECT_EQ(event->words, SIDING_EVENT_WORDS + ASKED_WORDS + words);
        EXPECT_EQ(give_answer(&host, asked_of(event).ask, SIDING_OK,
                              event_payload(event) + ASKED_WORDS, words),
                  1);
    }
}

#define ANSWERED_TYPE(name, type)                                                                  \
    struct name {                                                                                  \
        pthread_t thread;                                                                          \
        type (*pointer)(type);                                                                     \
        type value;                                                                                \
    };                                                                                             \
    static void *call_##name(void *argument) {                                                     \
        struct name *call = argument;                                                              \
        call->value = call->pointer(call->value);                                                  \
        return NULL;                                                                               \
    }                                                                                              \
    static type answered_##name(uint32_t signature, uint32_t words, type value) {                  \
        static const uint64_t values[3 * 8];                                                       \
        struct made made = {0, 0};                                                                 \
        struct siding_callback_options options = call_options(signature, TOKEN);                   \
        EXPECT_EQ(siding_callback_open(host.bridge, &options, values, 3 * words, &made.closure,    \
                                       &made.pointer),                                             \
                  SIDING_OK);                                                                      \
        struct name call = {.pointer = (type(*)(type))(uintptr_t)made.pointer, .value = value};    \
        pthread_create(&call.thread, NULL, call_##name, &call);                                    \
        answer_with_arguments(words);                                                              \
        pthread_join(call.thread, NULL);                                                           \
        close_callback(&host, &made, TOKEN);                                                       \
        return call.value;                                                                         \
    }

ANSWERED_TYPE(of_bool, bool)
ANSWERED_TYPE(of_i8, int8_t)
ANSWERED_TYPE(of_u8, uint8_t)
ANSWERED_TYPE(of_i16, int16_t)
ANSWERED_TYPE(of_u16, uint16_t)
ANSWERED_TYPE(of_i32, int32_t)
ANSWERED_TYPE(of_u32, uint32_t)
ANSWERED_TYPE(of_i64, int64_t)
ANSWERED_TYPE(of_u64, uint64_t)
ANSWERED_TYPE(of_f32, float)
ANSWERED_TYPE(of_f64, double)
ANSWERED_TYPE(of_pointer, void *)
ANSWERED_TYPE(of_mixed, struct mixed)
ANSWERED_TYPE(of_wide, struct wide)

#define EXPECT_ANSWERED(name, code, value)                                                         \
    EXPECT(answered_##name(SIGNATURE(code, code), 1, value) == (value))

TEST("E2: another thread gets the host's answer, for every type") {
    REQUIRE(host_open(&host, 16));
    EXPECT_ANSWERED(of_bool, BOOL_T, true);
    EXPECT_ANSWERED(of_i8, I8, INT8_MIN);
    EXPECT_ANSWERED(of_u8, U8, UINT8_MAX);
    EXPECT_ANSWERED(of_i16, I16, INT16_MIN);
    EXPECT_ANSWERED(of_u16, U16, UINT16_MAX);
    EXPECT_ANSWERED(of_i32, I32, INT32_MIN);
    EXPECT_ANSWERED(of_u32, U32, UINT32_MAX);
    EXPECT_ANSWERED(of_i64, I64, INT64_MIN);
    EXPECT_ANSWERED(of_u64, U64, UINT64_MAX);
    EXPECT_ANSWERED(of_f32, F32, 1.5e-30f);
    EXPECT_ANSWERED(of_f64, F64, -1.5e-300);
    EXPECT_ANSWERED(of_pointer, PTR, (void *)&host);
    struct mixed mixed = answered_of_mixed(SIGNATURE(MIXED, MIXED), 2, (struct mixed){-3, 0.5});
    EXPECT(mixed.integer == -3 && mixed.real == 0.5);
    struct wide wide =
        answered_of_wide(SIGNATURE(WIDE, WIDE), 6, (struct wide){{1, 2, 3, 4, INT64_MIN}, 0.25f});
    EXPECT(wide.words[0] == 1 && wide.words[4] == INT64_MIN && wide.last == 0.25f);
    host_close(&host);
}

/* ---- E2: values ------------------------------------------------------------------------------ */

TEST("E2: without a result from the host C gets the value for a throw") {
    uint64_t word = 1;
    struct caller caller;
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = call_options(one(), TOKEN);
    struct made made = open_callback(&host, &options);
    REQUIRE(start_caller(&caller, made.pointer, 9));
    const struct siding_event *event = next_asked(&host);
    REQUIRE(event != NULL);
    EXPECT_EQ(give_answer(&host, asked_of(event).ask, SIDING_EINVALID, &word, 0), 1);
    EXPECT_EQ(join_caller(&caller), 102);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("E2: a call whose event has no room on the host's side gets the value for a throw, at once") {
    static char text[4000]; /* a long tail, which becomes a block */
    struct bridge *bridge = NULL;
    struct caller caller;
    memset(text, 'x', sizeof text - 1);
    REQUIRE(host_open(&host, 16) && bridge_find(host.bridge, &bridge) == SIDING_OK);
    struct siding_callback_options options =
        call_options(SIGNATURE(U64, PTR, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT, 0, 8, 0, 0), TOKEN);
    struct made made = open_callback(&host, &options);
    uint32_t count = bridge->blocks.count;
    bridge->blocks.count = BLOCKS_MAX; /* as if there were so many */
    REQUIRE(start_caller(&caller, made.pointer, (uintptr_t)text));
    const struct siding_event *event = host_next(&host);
    bridge->blocks.count = count;
    REQUIRE(event != NULL);
    EXPECT_EQ(event->flags, SIDING_EVENT_MORE | SIDING_EVENT_LOST);
    EXPECT_EQ(event_payload(event)[0], 1);
    EXPECT_EQ(join_caller(&caller), 102);
    EXPECT(caller.elapsed_ms < TIMEOUT_MS / 2);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("E2, E11: without an answer in time C gets the value for it; a late one is counted") {
    uint64_t word = 1;
    struct caller caller;
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = call_options(one(), TOKEN);
    options.timeout_ms = 20;
    struct made made = open_callback(&host, &options);
    REQUIRE(start_caller(&caller, made.pointer, 9));
    EXPECT_EQ(join_caller(&caller), 101); /* the host's thread is blocked in this very join */
    EXPECT(caller.elapsed_ms >= 20);
    const struct siding_event *event = next_asked(&host);
    REQUIRE(event != NULL);
    EXPECT_EQ(give_answer(&host, asked_of(event).ask, SIDING_OK, &word, 1), 1);
    EXPECT_EQ(stats_of(&host, &made).late, 1);
    EXPECT_EQ(stats_now().asks, 0);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("E2: when the callback is closed, those who wait and those who come get the closed value") {
    struct caller callers[8];
    uint32_t count = 8;
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = call_options(one(), TOKEN);
    struct made made = open_callback(&host, &options);
    for (uint32_t i = 0; i < count; i++) {
        REQUIRE(start_caller(&callers[i], made.pointer, i));
    }
    EXPECT(wait_until(has_asks, &count));
    EXPECT_EQ(siding_closure_close(host.bridge, made.closure), SIDING_OK);
    for (uint32_t i = 0; i < count; i++) {
        EXPECT_EQ(join_caller(&callers[i]), 100);
    }
    await_end(&host, TOKEN);
    REQUIRE(start_caller(&callers[0], made.pointer, 1));
    EXPECT_EQ(join_caller(&callers[0]), 100);
    host_close(&host);
}

TEST("E2: a forged, repeated or malformed answer reaches nobody") {
    uint64_t words[2] = {1, 2};
    struct caller caller;
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = call_options(one(), TOKEN);
    struct made made = open_callback(&host, &options);
    REQUIRE(start_caller(&caller, made.pointer, 9));
    const struct siding_event *event = next_asked(&host);
    REQUIRE(event != NULL);
    uint64_t ask = asked_of(event).ask;
    EXPECT_EQ(give_answer(&host, ask + (1u << 20), SIDING_OK, words, 1), 1); /* stale */
    EXPECT_EQ(give_answer(&host, made.closure, SIDING_OK, words, 1), SIDING_EINVALID);
    EXPECT_EQ(give_answer(&host, 0, SIDING_OK, words, 1), SIDING_EINVALID);
    EXPECT_EQ(siding_callback_answer(host.bridge, words, 1), SIDING_EINVALID);
    EXPECT_EQ(siding_callback_answer(host.bridge, NULL, 3), SIDING_EINVALID);
    EXPECT(!atomic_load(&caller.is_back));
    EXPECT_EQ(give_answer(&host, ask, SIDING_OK, words, 1), 1);
    EXPECT_EQ(join_caller(&caller), 1);
    EXPECT_EQ(give_answer(&host, ask, SIDING_OK, words, 1), 1);
    REQUIRE(start_caller(&caller, made.pointer, 9));
    event = next_asked(&host);
    REQUIRE(event != NULL);
    EXPECT_EQ(give_answer(&host, asked_of(event).ask, SIDING_OK, words, 2), SIDING_EINVALID);
    EXPECT_EQ(join_caller(&caller), 102); /* it does not wait for ever */
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

/* ---- E2: many -------------------------------------------------------------------------------- */

#define THREADS 16u
#define EACH ROUNDS(4000u)

struct chatter {
    pthread_t thread;
    uint64_t pointer;
    uint64_t index;
    uint64_t wrong;
};

static void *chat(void *argument) {
    struct chatter *chatter = argument;
    uint64_t (*function)(uint64_t) = (uint64_t (*)(uint64_t))(uintptr_t)chatter->pointer;
    for (uint64_t i = 0; i < EACH; i++) {
        uint64_t given = chatter->index << 32 | i;
        chatter->wrong += function(given) != given * 3;
    }
    return NULL;
}

TEST("E2: sixteen threads at once each get their own answers") {
    static struct chatter chatters[THREADS];
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = call_options(one(), TOKEN);
    struct made made = open_callback(&host, &options);
    for (uint32_t i = 0; i < THREADS; i++) {
        chatters[i] = (struct chatter){.pointer = made.pointer, .index = i};
        REQUIRE(pthread_create(&chatters[i].thread, NULL, chat, &chatters[i]) == 0);
    }
    for (uint32_t i = 0; i < THREADS * EACH; i++) {
        const struct siding_event *event = next_asked(&host);
        REQUIRE(event != NULL);
        uint64_t tripled = event_payload(event)[ASKED_WORDS] * 3;
        EXPECT_EQ(give_answer(&host, asked_of(event).ask, SIDING_OK, &tripled, 1), 1);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(chatters[i].thread, NULL);
        EXPECT_EQ(chatters[i].wrong, 0);
    }
    EXPECT_EQ(stats_of(&host, &made).late, 0);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

/* ---- P11 ------------------------------------------------------------------------------------- */

static uint64_t call_back(uint64_t pointer, uint64_t given) {
    return ((uint64_t (*)(uint64_t))(uintptr_t)pointer)(given);
}

static bool submit_call_back(uint64_t pointer, uint64_t given, uint64_t context, uint32_t token) {
    request_start(&request, SIGNATURE(U64, U64, U64), FUNCTION(call_back));
    request_put(&request, pointer);
    request_put(&request, given);
    request.call.context = context;
    return host_submit(&host, &request, token) == 1;
}

static bool submit_self(uint64_t context, uint32_t token) {
    request_start(&request, SIGNATURE(U64), FUNCTION(siding_thread_self));
    request.call.context = context;
    return host_submit(&host, &request, token) == 1;
}

#define LEVELS 6u

TEST("P11: a thread that waits serves calls made through its nest, which may call back in turn") {
    uint64_t asks[LEVELS];
    uint64_t thread = 0;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    struct siding_callback_options options = call_options(one(), TOKEN);
    struct made made = open_callback(&host, &options);
    uint64_t context = lease(&host, times(20000, 1000, 0, 0));
    uint64_t target = context;
    for (uint32_t level = 0; level < LEVELS; level++) {
        REQUIRE(submit_call_back(made.pointer, level, target, 10 + level));
        const struct siding_event *event = next_asked(&host);
        REQUIRE(event != NULL && event_payload(event)[ASKED_WORDS] == level);
        asks[level] = asked_of(event).ask;
        target = asked_of(event).nest;
        EXPECT(target != 0 && asked_of(event).context == context);
        REQUIRE(submit_self(target, 40));
        uint64_t here = expect_news(&host, 40, SIDING_OK).words[0];
        EXPECT(level == 0 || here == thread);
        thread = here;
    }
    for (uint32_t level = LEVELS; level-- > 0;) {
        uint64_t result = 1000 + level;
        EXPECT_EQ(give_answer(&host, asks[level], SIDING_OK, &result, 1), 1);
        EXPECT_EQ(expect_news(&host, 10 + level, SIDING_OK).words[0], 1000 + level);
    }
    REQUIRE(submit_self(target, 41));
    (void)expect_news(&host, 41, SIDING_ESTALE);
    host_release(&host, context, 0);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("P11: when its lease ends, a thread that waits gets the closed value") {
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    struct siding_callback_options options = call_options(one(), TOKEN);
    struct made made = open_callback(&host, &options);
    uint64_t context = lease(&host, times(20000, 1000, 0, 0));
    REQUIRE(submit_call_back(made.pointer, 1, context, 10));
    REQUIRE(next_asked(&host) != NULL);
    REQUIRE(begin_release(&host, context, 11) == 1);
    EXPECT_EQ(expect_news(&host, 10, SIDING_OK).words[0], 100);
    (void)expect_news(&host, 11, SIDING_OK);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("P11: threads that wait for the host do not use up the pool") {
    uint64_t word = 3;
    REQUIRE(limit_pool(2) && host_open(&host, 64));
    struct siding_callback_options options = call_options(one(), TOKEN);
    struct made made = open_callback(&host, &options);
    uint64_t asks[2];
    for (uint32_t i = 0; i < 2; i++) {
        REQUIRE(submit_call_back(made.pointer, i, 0, 10 + i));
        const struct siding_event *event = next_asked(&host);
        REQUIRE(event != NULL);
        asks[i] = asked_of(event).ask;
    }
    REQUIRE(submit_self(0, 40));
    (void)expect_news(&host, 40, SIDING_OK);
    for (uint32_t i = 0; i < 2; i++) {
        EXPECT_EQ(give_answer(&host, asks[i], SIDING_OK, &word, 1), 1);
        EXPECT_EQ(expect_news(&host, 10 + i, SIDING_OK).words[0], 3);
    }
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

/* ---- E13 ------------------------------------------------------------------------------------- */

static bool both_are_closed(const void *pair) {
    const struct made *made = pair;
    return call_back(made[0].pointer, 1) == 100 && call_back(made[1].pointer, 1) == 100;
}

TEST("E13: in a forked child a callback gives the closed value; the parent is untouched") {
    SKIP_WITHOUT_FORK();
    uint64_t word = 77;
    struct caller caller;
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options calls = call_options(one(), TOKEN);
    struct siding_callback_options posts = post_options(one(), TOKEN + 1);
    const struct made both[] = {open_callback(&host, &calls), open_callback(&host, &posts)};
    REQUIRE(start_caller(&caller, both[0].pointer, 9)); /* a lock of ours may be held by it */
    const struct siding_event *event = next_asked(&host);
    REQUIRE(event != NULL);
    uint64_t ask = asked_of(event).ask;
    EXPECT(child_finds(both_are_closed, both));
    EXPECT_EQ(give_answer(&host, ask, SIDING_OK, &word, 1), 1);
    EXPECT_EQ(join_caller(&caller), 77);
    EXPECT_EQ(stats_of(&host, &both[1]).events, 0);
    host_close(&host);
}

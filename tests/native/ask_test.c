/*
 * ask_test.c - C threads that wait for a host's answer: answered, late, closed, nested.
 */
#include "../../lib/core/ask.h"
#include "../../lib/core/ring.h"
#include "context_fixture.h"

#define OWNER 77u
#define LONG_NS (UINT64_C(1000000) * WAIT_MS_MAX)
#define ASKERS_MAX 16u

static struct host host; /* each test opens and closes it */
static struct bridge *bridge;
static union request request;
static _Atomic(uint64_t) late_count;
static _Atomic(uint64_t) late_owner;

static void count_late(const struct bridge *asked, uint64_t owner) {
    (void)asked;
    atomic_fetch_add(&late_count, 1);
    atomic_store(&late_owner, owner);
}

static bool open_host(void) {
    atomic_store(&late_count, 0);
    return host_open(&host, 64) && bridge_find(host.bridge, &bridge) == SIDING_OK;
}

struct reply {
    struct siding_answer header;
    uint64_t word;
};

static struct reply reply_of(uint64_t ask, uint64_t word) {
    return (struct reply){{ask, SIDING_OK, SIDING_ANSWER_WORDS + 1}, word};
}

static int32_t answer(uint64_t ask, uint64_t word) {
    struct reply reply = reply_of(ask, word);
    return ask_answer(bridge, (const uint64_t *)&reply, SIDING_ANSWER_WORDS + 1, count_late);
}

/* A thread that asks once. */
struct asker {
    uint64_t timeout_ns;
    _Atomic(uint64_t) told[3]; /* the first is written last */
    uint64_t result;
    enum ask_outcome outcome;
    pthread_t thread;
};

static void ask_once(struct asker *asker) {
    uint64_t words[3];
    struct ask *ask = ask_open(bridge, OWNER, &asker->result, 1);
    if (!harness_expect(ask != NULL, __FILE__, __LINE__, "an ask opens")) {
        return;
    }
    ask_describe(ask, words);
    atomic_store(&asker->told[2], words[2]);
    atomic_store(&asker->told[1], words[1]);
    atomic_store(&asker->told[0], words[0]);
    asker->outcome = ask_wait(ask, asker->timeout_ns);
}

static void *run_asker(void *asker) {
    ask_once(asker);
    return NULL;
}

static bool has_asked(void *asker) {
    return atomic_load(&((struct asker *)asker)->told[0]) != 0;
}

static void start_asker(struct asker *asker, uint64_t timeout_ns) {
    memset(asker, 0, sizeof *asker);
    asker->timeout_ns = timeout_ns;
    EXPECT_EQ(pthread_create(&asker->thread, NULL, run_asker, asker), 0);
    EXPECT(wait_until(has_asked, asker));
}

static enum ask_outcome outcome_of(struct asker *asker) {
    pthread_join(asker->thread, NULL);
    return asker->outcome;
}

/* ---- outcomes -------------------------------------------------------------------------------- */

TEST("E2: a foreign thread gets its answer, a throw, or nothing in time") {
    struct asker asker;
    REQUIRE(open_host());
    start_asker(&asker, LONG_NS);
    EXPECT_EQ(asker.told[1], 0);
    EXPECT_EQ(asker.told[2], 0);
    EXPECT_EQ(ask_count(), 1);
    EXPECT_EQ(answer(asker.told[0], 42), 1);
    EXPECT_EQ(outcome_of(&asker), ASK_ANSWERED);
    EXPECT_EQ(asker.result, 42);
    EXPECT_EQ(ask_count(), 0);

    start_asker(&asker, LONG_NS);
    struct siding_answer thrown = {asker.told[0], SIDING_EINVALID, SIDING_ANSWER_WORDS};
    EXPECT_EQ(ask_answer(bridge, (uint64_t *)&thrown, SIDING_ANSWER_WORDS, count_late), 1);
    EXPECT_EQ(outcome_of(&asker), ASK_THROWN);

    start_asker(&asker, NS_PER_MS);
    EXPECT_EQ(outcome_of(&asker), ASK_TIMEOUT);
    EXPECT_EQ(atomic_load(&late_count), 0);
    EXPECT_EQ(answer(asker.told[0], 42), 1);
    EXPECT_EQ(atomic_load(&late_count), 1);
    EXPECT_EQ(atomic_load(&late_owner), OWNER);
    host_close(&host);
}

TEST("a malformed answer is refused, and the thread that waits for it goes on") {
    struct asker asker;
    REQUIRE(open_host());
    start_asker(&asker, LONG_NS);
    struct reply reply = reply_of(asker.told[0], 1);
    EXPECT_EQ(ask_answer(bridge, (uint64_t *)&reply, 1, count_late), SIDING_EINVALID);
    EXPECT_EQ(ask_answer(bridge, (uint64_t *)&reply, 2, count_late), SIDING_EINVALID);
    reply.header.ask = host.bridge;
    EXPECT_EQ(ask_answer(bridge, (uint64_t *)&reply, 3, count_late), SIDING_EINVALID);
    reply.header.ask = asker.told[0];
    reply.header.words = 1;
    EXPECT_EQ(ask_answer(bridge, (uint64_t *)&reply, 3, count_late), SIDING_EINVALID);
    reply.header.words = SIDING_ANSWER_WORDS;
    EXPECT_EQ(ask_answer(bridge, (uint64_t *)&reply, 2, count_late), SIDING_EINVALID);
    EXPECT_EQ(outcome_of(&asker), ASK_THROWN);
    host_close(&host);
}

TEST("another bridge cannot answer, and a second answer is late") {
    static struct host other;
    struct asker asker;
    struct bridge *mine = NULL;
    REQUIRE(open_host() && host_open(&other, 4));
    start_asker(&asker, LONG_NS);
    mine = bridge;
    REQUIRE(bridge_find(other.bridge, &bridge) == SIDING_OK);
    EXPECT_EQ(answer(asker.told[0], 1), 1);
    EXPECT_EQ(atomic_load(&late_count), 1);
    bridge = mine;
    EXPECT_EQ(answer(asker.told[0], 2), 1);
    EXPECT_EQ(answer(asker.told[0], 3), 1);
    EXPECT_EQ(atomic_load(&late_count), 2);
    EXPECT_EQ(outcome_of(&asker), ASK_ANSWERED);
    EXPECT_EQ(asker.result, 2);
    host_close(&other);
    host_close(&host);
}

TEST("one batch answers 16 threads; what is closed answers all of one owner") {
    struct asker askers[ASKERS_MAX];
    struct reply replies[ASKERS_MAX];
    REQUIRE(open_host());
    for (uint32_t i = 0; i < ASKERS_MAX; i++) {
        start_asker(&askers[i], LONG_NS);
        replies[i] = reply_of(askers[i].told[0], i);
    }
    EXPECT_EQ(ask_answer(bridge, (uint64_t *)replies, sizeof replies / 8, count_late), ASKERS_MAX);
    for (uint32_t i = 0; i < ASKERS_MAX; i++) {
        EXPECT_EQ(outcome_of(&askers[i]), ASK_ANSWERED);
        EXPECT_EQ(askers[i].result, i);
        start_asker(&askers[i], LONG_NS);
    }
    ask_close_all(bridge, OWNER + 1);
    EXPECT_EQ(ask_count(), ASKERS_MAX);
    ask_close_all(bridge, OWNER);
    for (uint32_t i = 0; i < ASKERS_MAX; i++) {
        EXPECT_EQ(outcome_of(&askers[i]), ASK_CLOSED);
    }
    host_close(&host);
}

/* ---- races ----------------------------------------------------------------------------------- */

#define RACERS 4u

/* A thread that asks again and again, with a timeout about as long as an answer takes. */
struct racer {
    _Atomic(uint64_t) asked; /* handle; 0: none */
    uint64_t seed;
    uint64_t rounds;
    uint64_t answered;
    uint64_t timeouts;
    _Atomic(bool) is_done;
    pthread_t thread;
};

static void race_once(struct racer *racer) {
    uint64_t words[3];
    uint64_t result = 0;
    struct ask *ask = ask_open(bridge, OWNER, &result, 1);
    if (!harness_expect(ask != NULL, __FILE__, __LINE__, "an ask opens")) {
        return;
    }
    ask_describe(ask, words);
    atomic_store(&racer->asked, words[0]);
    enum ask_outcome outcome = ask_wait(ask, random_below(&racer->seed, 20000));
    if (outcome == ASK_ANSWERED) {
        racer->answered++;
        EXPECT_EQ(result, ~words[0]);
    } else {
        racer->timeouts++;
        EXPECT_EQ(outcome, ASK_TIMEOUT);
        EXPECT_EQ(result, 0);
    }
}

static void *race(void *argument) {
    struct racer *racer = argument;
    for (uint64_t round = 0; round < racer->rounds; round++) {
        race_once(racer);
    }
    atomic_store(&racer->is_done, true);
    return NULL;
}

/* @return how many were answered */
static uint32_t answer_racers(struct racer *racers) {
    struct reply replies[RACERS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < RACERS; i++) {
        uint64_t asked = atomic_exchange(&racers[i].asked, 0);
        if (asked != 0) {
            replies[count++] = reply_of(asked, ~asked);
        }
    }
    if (count > 0) {
        EXPECT_EQ(ask_answer(bridge, (uint64_t *)replies, count * 3, count_late), count);
    }
    return count;
}

TEST("E2: an answer and a timeout at the same moment: one of them counts, 1,000,000 times") {
    static struct racer racers[RACERS];
    uint64_t seed = print_seed();
    uint64_t sent = 0;
    uint64_t answered = 0;
    uint64_t timeouts = 0;
    uint32_t done = 0;
    REQUIRE(open_host());
    for (uint32_t i = 0; i < RACERS; i++) {
        racers[i].seed = seed + i;
        racers[i].rounds = ROUNDS(1000000u) / RACERS;
        REQUIRE(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
    }
    while (done < RACERS) {
        uint32_t count = answer_racers(racers);
        sent += count;
        if (count == 0) {
            siding_thread_yield();
        }
        done = 0;
        for (uint32_t i = 0; i < RACERS; i++) {
            done += atomic_load(&racers[i].is_done);
        }
    }
    sent += answer_racers(racers);
    for (uint32_t i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        answered += racers[i].answered;
        timeouts += racers[i].timeouts;
    }
    printf("answered %" PRIu64 ", timeouts %" PRIu64 "\n", answered, timeouts);
    EXPECT_EQ(answered + timeouts, racers[0].rounds * RACERS);
    EXPECT_EQ(answered + atomic_load(&late_count), sent);
    EXPECT_EQ(ask_count(), 0);
    host_close(&host);
}

/* As a callback does: opens the ask, then looks whether its ring is closed. */
struct visitor {
    struct ring *ring;
    pthread_barrier_t *start;
    enum ask_outcome outcome;
    pthread_t thread;
};

static void *ask_while_it_closes(void *argument) {
    struct visitor *visitor = argument;
    uint64_t result;
    pthread_barrier_wait(visitor->start);
    struct ask *ask = ask_open(bridge, OWNER, &result, 1);
    if (ring_is_closed(visitor->ring)) {
        ask_cancel(ask);
        visitor->outcome = ASK_CLOSED;
    } else {
        visitor->outcome = ask_wait(ask, LONG_NS);
    }
    return NULL;
}

TEST("E6: nobody waits for what was closed, wherever the closing comes, 4,000 times") {
    uint64_t chance = print_seed();
    pthread_barrier_t start;
    REQUIRE(open_host());
    pthread_barrier_init(&start, NULL, 3);
    for (uint32_t round = 0; round < ROUNDS(4000u); round++) {
        struct ring ring = {.options = {.bridge = bridge}};
        struct visitor visitors[2] = {{&ring, &start, ASK_ANSWERED, 0},
                                      {&ring, &start, ASK_ANSWERED, 0}};
        for (uint32_t i = 0; i < 2; i++) {
            REQUIRE(pthread_create(&visitors[i].thread, NULL, ask_while_it_closes, &visitors[i]) ==
                    0);
        }
        pthread_barrier_wait(&start);
        spin_for(random_below(&chance, 5000));
        ring_close(&ring);
        ask_close_all(bridge, OWNER);
        for (uint32_t i = 0; i < 2; i++) {
            pthread_join(visitors[i].thread, NULL);
            EXPECT_EQ(visitors[i].outcome, ASK_CLOSED);
        }
    }
    EXPECT_EQ(ask_count(), 0);
    host_close(&host);
}

/* ---- threads of the pool --------------------------------------------------------------------- */

static uint64_t ask_inside(struct asker *asker) {
    ask_once(asker);
    return asker->outcome;
}

static void submit_asker(struct asker *asker, uint64_t context, uint32_t token,
                         uint64_t timeout_ns) {
    memset(asker, 0, sizeof *asker);
    asker->timeout_ns = timeout_ns;
    request_start(&request, SIGNATURE(U64, PTR), FUNCTION(ask_inside));
    request_put(&request, ADDRESS(asker));
    request.call.context = context;
    EXPECT_EQ(host_submit(&host, &request, token), 1);
}

static void submit_self(uint64_t context, uint32_t token) {
    request_start(&request, SIGNATURE(U64), FUNCTION(siding_thread_self));
    request.call.context = context;
    EXPECT_EQ(host_submit(&host, &request, token), 1);
}

static uint64_t expect_result(uint32_t token) {
    const struct siding_event *event = host_next(&host);
    bool came = event != NULL && event->token == token && event->status == SIDING_OK;
    return harness_expect(came, __FILE__, __LINE__, "the call ends") ? event_payload(event)[0]
                                                                     : UINT64_MAX;
}

TEST("P11: a context's thread that waits serves calls made through its nest, then goes on") {
    static struct asker asker;
    uint64_t context = 0;
    REQUIRE(open_host());
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    submit_asker(&asker, context, 0, LONG_NS);
    REQUIRE(wait_until(has_asked, &asker));
    EXPECT_EQ(asker.told[2], context);
    submit_self(asker.told[1], 1);
    uint64_t thread = expect_result(1);
    EXPECT_EQ(answer(asker.told[0], 5), 1);
    EXPECT_EQ(expect_result(0), ASK_ANSWERED);
    EXPECT_EQ(asker.result, 5);
    submit_self(context, 2);
    EXPECT_EQ(expect_result(2), thread);
    host_release(&host, context, 0);
    host_close(&host);
}

TEST("P11: in a nest too the wait ends after its timeout") {
    static struct asker asker;
    uint64_t context = 0;
    REQUIRE(open_host());
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    submit_asker(&asker, context, 0, 2 * NS_PER_MS);
    EXPECT_EQ(expect_result(0), ASK_TIMEOUT);
    submit_self(asker.told[1], 1);
    EXPECT_EQ(host_status(&host), SIDING_ESTALE);
    EXPECT_EQ(answer(asker.told[0], 5), 1);
    EXPECT_EQ(atomic_load(&late_count), 1);
    host_release(&host, context, 0);
    host_close(&host);
}

TEST("P5: a release lets go the thread of its context that waits") {
    static struct asker asker;
    uint64_t context = 0;
    REQUIRE(open_host());
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    submit_asker(&asker, context, 0, LONG_NS);
    REQUIRE(wait_until(has_asked, &asker));
    EXPECT_EQ(begin_release(&host, context, 1), 1);
    EXPECT_EQ(host_discard(&host, 2), 2);
    EXPECT_EQ(asker.outcome, ASK_CLOSED);
    host_close(&host);
}

TEST("P11: with every thread of the pool waiting, calls and contexts still find one") {
    static struct asker askers[4];
    uint64_t contexts[2];
    uint64_t more = 0;
    REQUIRE(limit_pool(2) && open_host());
    for (uint32_t i = 0; i < 2; i++) {
        REQUIRE(acquire_context(host.bridge, NULL, &contexts[i]) == SIDING_OK);
        submit_asker(&askers[i], contexts[i], i, LONG_NS);
        submit_asker(&askers[2 + i], 0, 2 + i, LONG_NS);
        REQUIRE(wait_until(has_asked, &askers[i]) && wait_until(has_asked, &askers[2 + i]));
    }
    submit_self(0, 4);
    (void)expect_result(4);
    REQUIRE(acquire_context(host.bridge, NULL, &more) == SIDING_OK);
    submit_self(more, 5);
    (void)expect_result(5);
    host_release(&host, more, 6);
    for (uint32_t i = 0; i < 4; i++) {
        EXPECT_EQ(answer(askers[i].told[0], i), 1);
        EXPECT_EQ(expect_result(i), ASK_ANSWERED);
    }
    EXPECT_EQ(acquire_context(host.bridge, NULL, &more), SIDING_EEXHAUSTED);
    host_release(&host, contexts[0], 7);
    host_release(&host, contexts[1], 8);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

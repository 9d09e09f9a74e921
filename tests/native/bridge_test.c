/*
 * bridge_test.c - submitting, draining, waking, cancelling, deadlines and blocks of one bridge.
 */
#include "fixture.h"

static struct host host; /* each test opens and closes it */
static union request request;

static uint64_t add_one(uint64_t value) {
    return value + 1;
}

static void put_add_one(union request *out, uint64_t value) {
    request_start(out, SIGNATURE(U64, U64), FUNCTION(add_one));
    request_put(out, value);
}

static void put_gate(union request *out, struct gate *gate) {
    request_start(out, SIGNATURE(BOOL_T, PTR), FUNCTION(gate_pass));
    request_put(out, ADDRESS(gate));
}

static void put_opening(union request *out, struct gate *gate) {
    request_start(out, SIGNATURE(VOID_T, PTR), FUNCTION(gate_open));
    request_put(out, ADDRESS(gate));
}

static uint64_t acquire(void) {
    uint64_t context = 0;
    EXPECT_EQ(acquire_context(host.bridge, "named", &context), SIDING_OK); /* ends on its thread */
    return context;
}

/* ---- submit and drain ------------------------------------------------------------------------ */

#define BATCH 100

TEST("every call of a batch is answered once with its own result") {
    static uint64_t batch[BATCH * (SIDING_CALL_WORDS + 1)];
    bool seen[BATCH] = {false};
    REQUIRE(host_open(&host, BATCH));
    for (uint32_t i = 0; i < BATCH; i++) {
        put_add_one(&request, 1000 + i);
        request.call.token = i;
        memcpy(&batch[i * request.call.words], request.words, request.call.words * 8u);
    }
    REQUIRE(siding_bridge_submit(host.bridge, batch, sizeof batch / 8) == BATCH);
    for (uint32_t i = 0; i < BATCH; i++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && event->token < BATCH && event->status == SIDING_OK);
        EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 1);
        EXPECT_EQ(event_payload(event)[0], 1001 + event->token);
        EXPECT(!seen[event->token]);
        seen[event->token] = true;
    }
    EXPECT_EQ(siding_bridge_submit(host.bridge, batch, 0), 0);
    host_close(&host);
}

#define LONG_TEXT_BYTES 8000
#define LONG_TEXT_WORDS (SIDING_EVENT_WORDS + 1 + LONG_TEXT_BYTES / 8)
#define LONG_TEXTS 10

static const char *long_text(void) {
    static char text[LONG_TEXT_BYTES + 1];
    memset(text, 'x', LONG_TEXT_BYTES);
    return text;
}

TEST("a full buffer says that more waits, and only the last drain does not") {
    struct gate gate = GATE_INITIALIZER;
    uint32_t came = 0;
    REQUIRE(host_open(&host, LONG_TEXTS + 1));
    uint64_t context = acquire();
    request_start(&request, SIGNATURE(TEXT), FUNCTION(long_text));
    request.call.context = context;
    for (uint32_t token = 0; token < LONG_TEXTS; token++) {
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    put_gate(&request, &gate);
    request.call.context = context;
    REQUIRE(host_submit(&host, &request, LONG_TEXTS) == 1);
    REQUIRE(gate_await(&gate, 1)); /* so all before it are delivered */
    while (came < LONG_TEXTS) {
        int32_t words = siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX);
        uint32_t now = ((uint32_t)words & ~(uint32_t)SIDING_DRAIN_MORE) / LONG_TEXT_WORDS;
        REQUIRE(words > 0 && now > 0);
        came += now;
        EXPECT_EQ((words & SIDING_DRAIN_MORE) != 0, came < LONG_TEXTS);
        EXPECT(now == SIDING_EVENT_WORDS_MAX / LONG_TEXT_WORDS || came == LONG_TEXTS);
    }
    EXPECT_EQ(siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX), 0);
    gate_open(&gate);
    (void)discard_kicks(&host);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    host_close(&host);
}

TEST("kicks coalesce: a thousand completions that nobody drains rouse the host once") {
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(host_open(&host, 1001));
    uint64_t context = acquire();
    uint64_t wakes = stats_now().wakes;
    for (int round = 1; round <= 3; round++) {
        put_add_one(&request, 1);
        request.call.context = context;
        for (uint32_t token = 0; token < 1000; token++) {
            REQUIRE(host_submit(&host, &request, token) == 1);
        }
        put_gate(&request, &gate);
        request.call.context = context;
        REQUIRE(host_submit(&host, &request, 1000) == 1);
        REQUIRE(gate_await(&gate, round));
        gate_open(&gate);
        REQUIRE(is_readable(&host, WAIT_MS_MAX));
        EXPECT_EQ(host_discard(&host, 1001), 1001);
        EXPECT(stats_now().wakes - wakes <= 2u * (unsigned)round); /* the gate's may be its own */
        EXPECT(stats_now().wakes - wakes >= (unsigned)round);
    }
    host_close(&host);
}

static _Atomic(uint32_t) counted; /* atomic: any worker adds */

static uint64_t count_one(uint64_t value) {
    return atomic_fetch_add(&counted, 1) + value;
}

/* Submits what lies in `batch` and expects it to be refused after `taken` good records. */
static void expect_malformed(const uint64_t *batch, uint32_t words, uint32_t taken) {
    EXPECT_EQ(siding_bridge_submit(host.bridge, batch, words), SIDING_EINVALID);
    EXPECT_EQ(host_discard(&host, taken), taken);
    EXPECT_EQ(siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX), 0);
}

TEST("a malformed record ends the batch with an error; those before it were taken") {
    uint64_t batch[2 * (SIDING_CALL_WORDS + 1)];
    const uint32_t words = SIDING_CALL_WORDS + 1;
    struct siding_call *second = (struct siding_call *)&batch[words];
    const uint32_t faults = 7;
    REQUIRE(host_open(&host, 4));
    atomic_store(&counted, 0);
    request_start(&request, SIGNATURE(U64, U64), FUNCTION(count_one));
    request_put(&request, 5);
    for (uint32_t fault = 0; fault < faults; fault++) {
        request.call.token = 0;
        memcpy(batch, request.words, words * 8u);
        request.call.token = 1;
        memcpy(batch + words, request.words, words * 8u);
        switch (fault) {
        case 0:
            second->signature = 0;
            break;
        case 1:
            second->signature = UINT32_MAX;
            break;
        case 2:
            second->words = words + 1; /* beyond the batch */
            break;
        case 3:
            second->words = SIDING_CALL_WORDS; /* its argument is missing */
            break;
        case 4:
            second->words = 0;
            break;
        case 5:
            second->token = 4; /* calls_max */
            break;
        default:
            second->token = UINT32_MAX;
        }
        expect_malformed(batch, 2 * words, 1);
    }
    for (uint32_t cut = 1; cut < words; cut++) {
        expect_malformed(batch, words + cut, 1);
        expect_malformed(batch, cut, 0);
    }
    EXPECT(wait_until(pool_rests, NULL));
    EXPECT_EQ(atomic_load(&counted), faults + words - 1);
    host_close(&host);
}

TEST("a token in use is refused, and free again with its event") {
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(host_open(&host, 4));
    put_gate(&request, &gate);
    REQUIRE(host_submit(&host, &request, 2) == 1);
    EXPECT_EQ(host_submit(&host, &request, 2), SIDING_EINVALID);
    uint64_t context = acquire();
    EXPECT_EQ(siding_context_release(host.bridge, context, 2), SIDING_EBUSY);
    EXPECT_EQ(siding_context_release(host.bridge, context, 4), SIDING_EINVALID);
    gate_open(&gate);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    EXPECT_EQ(host_submit(&host, &request, 2), 1);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    host_release(&host, context, 2);
    host_close(&host);
}

TEST("wrong arguments of submit, drain and exchange are refused") {
    uint64_t words[SIDING_EVENT_WORDS_MAX];
    const void *odd = (const char *)words + 4;
    void *odd_out = (char *)words + 4;
    REQUIRE(host_open(&host, 4));
    EXPECT_EQ(siding_bridge_submit(host.bridge, NULL, 5), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_submit(host.bridge, odd, 5), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_drain(host.bridge, NULL, SIDING_EVENT_WORDS_MAX), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_drain(host.bridge, odd_out, SIDING_EVENT_WORDS_MAX), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_drain(host.bridge, words, SIDING_EVENT_WORDS_MAX - 1), SIDING_EINVALID);
    EXPECT_EQ(
        siding_bridge_exchange(host.bridge, words, 0, words, SIDING_EVENT_WORDS_MAX, 1, 1000001),
        SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_exchange(host.bridge, odd, 0, words, SIDING_EVENT_WORDS_MAX, 1, 0),
              SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_exchange(host.bridge, words, 0, words, 1, 1, 0), SIDING_EINVALID);
    host_close(&host);
}

/* ---- exchange -------------------------------------------------------------------------------- */

static int32_t exchange(uint32_t token, uint32_t spin_ns) {
    request.call.token = token;
    return siding_bridge_exchange(host.bridge, request.words, request.call.words, host.events,
                                  SIDING_EVENT_WORDS_MAX, 1, spin_ns);
}

TEST("an exchange brings the event at once or the host is woken for it, 20,000 times") {
    REQUIRE(host_open(&host, 4));
    for (uint32_t i = 0; i < ROUNDS(20000u); i++) {
        put_add_one(&request, i);
        int32_t words = exchange(i % 4, i % 3 == 0 ? 0 : i % 20000);
        REQUIRE(words == 0 || words == SIDING_EVENT_WORDS + 1);
        host.at_words = 0;
        host.used_words = (uint32_t)words;
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && event->token == i % 4);
        EXPECT_EQ(event_payload(event)[0], i + 1);
    }
    host_close(&host);
}

TEST("an exchange that fails half-way still has the host woken for what was taken") {
    struct gate gate = GATE_INITIALIZER;
    uint64_t batch[2 * (SIDING_CALL_WORDS + 1)] = {0};
    REQUIRE(host_open(&host, 4));
    for (int was_open = 0; was_open < 2; was_open++) { /* the second call is done at once */
        put_gate(&request, &gate);
        memcpy(batch, request.words, request.call.words * 8u);
        EXPECT_EQ(siding_bridge_exchange(host.bridge, batch, sizeof batch / 8, host.events,
                                         SIDING_EVENT_WORDS_MAX, 1, 0),
                  SIDING_EINVALID);
        gate_open(&gate);
        EXPECT(is_readable(&host, WAIT_MS_MAX));
        (void)discard_kicks(&host);
        EXPECT_EQ(host_status(&host), SIDING_OK);
    }
    host_close(&host);
}

TEST("an exchange that fails announces what had come before it") {
    uint64_t nothing = 0;
    REQUIRE(host_open(&host, 4));
    put_add_one(&request, 1);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    REQUIRE(is_readable(&host, WAIT_MS_MAX));
    (void)discard_kicks(&host);
    EXPECT_EQ(
        siding_bridge_exchange(host.bridge, &nothing, 1, host.events, SIDING_EVENT_WORDS_MAX, 1, 0),
        SIDING_EINVALID);
    EXPECT(is_readable(&host, WAIT_MS_MAX));
    EXPECT_EQ(host_status(&host), SIDING_OK);
    host_close(&host);
}

TEST("an exchange that fails announces the events that had no room before it") {
    struct gate gate = GATE_INITIALIZER;
    uint64_t nothing = 0;
    REQUIRE(host_open(&host, LONG_TEXTS + 1));
    uint64_t context = acquire();
    request_start(&request, SIGNATURE(TEXT), FUNCTION(long_text));
    request.call.context = context;
    for (uint32_t token = 0; token < LONG_TEXTS; token++) {
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    put_gate(&request, &gate);
    request.call.context = context;
    REQUIRE(host_submit(&host, &request, LONG_TEXTS) == 1);
    REQUIRE(gate_await(&gate, 1)); /* so all before it are delivered */
    int32_t words = siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX);
    REQUIRE(words > 0 && (words & SIDING_DRAIN_MORE) != 0);
    (void)discard_kicks(&host);
    EXPECT(!is_readable(&host, 0));
    EXPECT_EQ(
        siding_bridge_exchange(host.bridge, &nothing, 1, host.events, SIDING_EVENT_WORDS_MAX, 1, 0),
        SIDING_EINVALID);
    EXPECT(is_readable(&host, 0));
    gate_open(&gate);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL)); /* the gate is on this stack */
}

TEST("an exchange waits for as many events as it is told, if they come in time") {
    static uint64_t batch[BATCH * (SIDING_CALL_WORDS + 1)];
    REQUIRE(host_open(&host, BATCH));
    for (uint32_t i = 0; i < BATCH; i++) {
        put_add_one(&request, i);
        request.call.token = i;
        memcpy(&batch[i * request.call.words], request.words, request.call.words * 8u);
    }
    int32_t words = siding_bridge_exchange(host.bridge, batch, sizeof batch / 8, host.events,
                                           SIDING_EVENT_WORDS_MAX, BATCH, 1000000);
    REQUIRE(words >= 0 && (words & SIDING_DRAIN_MORE) == 0);
    host.at_words = 0;
    host.used_words = (uint32_t)words;
    EXPECT_EQ(host_discard(&host, BATCH), BATCH);
    host_close(&host);
}

TEST("a wake rouses the host though no event waits") {
    REQUIRE(host_open(&host, 4));
    EXPECT(!is_readable(&host, 0));
    EXPECT_EQ(siding_bridge_wake(host.bridge), SIDING_OK);
    EXPECT(is_readable(&host, 0));
    EXPECT_EQ(discard_kicks(&host), 1);
    EXPECT_EQ(siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX), 0);
    host_close(&host);
}

/* ---- cancel, deadline, time ------------------------------------------------------------------ */

TEST("C8: a call cancelled while queued never runs; a running one goes on") {
    struct gate gate = GATE_INITIALIZER;
    struct gate never = GATE_INITIALIZER;
    REQUIRE(host_open(&host, 8));
    uint64_t context = acquire();
    put_gate(&request, &gate);
    request.call.context = context;
    REQUIRE(host_submit(&host, &request, 0) == 1);
    put_opening(&request, &never);
    request.call.context = context;
    REQUIRE(host_submit(&host, &request, 1) == 1);
    REQUIRE(gate_await(&gate, 1));
    EXPECT_EQ(siding_bridge_cancel(host.bridge, 0), SIDING_ERUNNING);
    EXPECT_EQ(siding_bridge_cancel(host.bridge, 1), SIDING_OK);
    EXPECT_EQ(siding_bridge_cancel(host.bridge, 2), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_cancel(host.bridge, UINT32_MAX), SIDING_EINVALID);
    gate_open(&gate);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    EXPECT_EQ(host_status(&host), SIDING_ECANCELLED);
    EXPECT_EQ(siding_bridge_cancel(host.bridge, 1), SIDING_ERUNNING);
    EXPECT(!never.is_open);
    EXPECT_EQ(siding_context_release(host.bridge, context, 1), SIDING_OK);
    int32_t release = siding_bridge_cancel(host.bridge, 1);
    EXPECT_EQ(release, SIDING_ERUNNING); /* a release cannot be taken back */
    EXPECT_EQ(host_status(&host), SIDING_OK);
    host_close(&host);
}

TEST("a cancel that races with the start has one outcome, 20,000 times") {
    int cancelled = 0;
    REQUIRE(host_open(&host, 4));
    uint64_t chance = print_seed();
    for (uint32_t i = 0; i < ROUNDS(20000u); i++) {
        static struct gate gate;
        gate = (struct gate)GATE_INITIALIZER;
        put_opening(&request, &gate);
        REQUIRE(host_submit(&host, &request, 0) == 1);
        spin_for(random_below(&chance, 4000));
        int32_t answer = siding_bridge_cancel(host.bridge, 0);
        int32_t status = host_status(&host);
        EXPECT_EQ(answer, gate.is_open ? SIDING_ERUNNING : SIDING_OK);
        EXPECT_EQ(status, gate.is_open ? SIDING_OK : SIDING_ECANCELLED);
        cancelled += answer == SIDING_OK;
    }
    printf("cancelled in time: %d of %d\n", cancelled, ROUNDS(20000));
    host_close(&host);
}

TEST("C10: a call whose deadline passed in the queue never runs; no deadline comes early") {
    struct gate gate = GATE_INITIALIZER;
    struct gate never = GATE_INITIALIZER;
    REQUIRE(host_open(&host, 8));
    uint64_t context = acquire();
    put_gate(&request, &gate);
    request.call.context = context;
    REQUIRE(host_submit(&host, &request, 0) == 1);
    put_opening(&request, &never);
    request.call.context = context;
    request.call.timeout_ms = 5;
    uint64_t start_ns = siding_clock_ns();
    REQUIRE(host_submit(&host, &request, 1) == 1);
    put_add_one(&request, 1);
    request.call.context = context;
    request.call.timeout_ms = UINT32_MAX;
    REQUIRE(host_submit(&host, &request, 2) == 1);
    while (siding_clock_ns() - start_ns <= 5 * NS_PER_MS) {
        siding_thread_pause();
    }
    gate_open(&gate);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    EXPECT_EQ(host_status(&host), SIDING_ETIMEOUT);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    EXPECT(!never.is_open);
    host_close(&host);
}

TEST("a timed call tells since when it runs") {
    struct gate gate = GATE_INITIALIZER;
    uint64_t elapsed_ns = 7;
    uint64_t later_ns = 0;
    REQUIRE(host_open(&host, 8));
    uint64_t context = acquire();
    uint64_t start_ns = siding_clock_ns();
    put_gate(&request, &gate);
    request.call.context = context;
    request.call.flags = SIDING_CALL_TIMED;
    REQUIRE(host_submit(&host, &request, 0) == 1 && host_submit(&host, &request, 1) == 1);
    request.call.flags = 0;
    REQUIRE(host_submit(&host, &request, 2) == 1);
    REQUIRE(gate_await(&gate, 1));
    EXPECT_EQ(siding_bridge_elapsed(host.bridge, 1, &elapsed_ns), 0);
    EXPECT_EQ(siding_bridge_elapsed(host.bridge, 2, &elapsed_ns), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_elapsed(host.bridge, 3, &elapsed_ns), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_elapsed(host.bridge, 0, NULL), SIDING_EINVALID);
    EXPECT_EQ(elapsed_ns, 7);
    EXPECT_EQ(siding_bridge_elapsed(host.bridge, 0, &elapsed_ns), 1);
    EXPECT_EQ(siding_bridge_elapsed(host.bridge, 0, &later_ns), 1);
    EXPECT(later_ns >= elapsed_ns && later_ns <= siding_clock_ns() - start_ns);
    gate_open(&gate);
    EXPECT_EQ(host_discard(&host, 3), 3);
    EXPECT_EQ(siding_bridge_elapsed(host.bridge, 0, &elapsed_ns), SIDING_EINVALID);
    EXPECT_EQ(siding_context_release(host.bridge, context, 0), SIDING_OK);
    EXPECT_EQ(siding_bridge_elapsed(host.bridge, 0, &elapsed_ns), SIDING_EINVALID);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    host_close(&host);
}

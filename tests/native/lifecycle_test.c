/*
 * lifecycle_test.c - a bridge from its opening to its end, by siding_bridge_close or with its
 * thread, and what the end gives back.
 */
#include "fixture.h"

#define GONE_MS_MAX 50

static void put_gate(union request *out, struct gate *gate, uint64_t context) {
    request_start(out, SIGNATURE(BOOL_T, PTR), FUNCTION(gate_pass));
    request_put(out, ADDRESS(gate));
    out->call.context = context;
}

static void put_opening(union request *out, struct gate *gate, uint64_t context) {
    request_start(out, SIGNATURE(VOID_T, PTR), FUNCTION(gate_open));
    request_put(out, ADDRESS(gate));
    out->call.context = context;
}

/* What a bridge holds; compared before and after. */
static bool holds_nothing_more(void *argument) {
    const struct siding_stats *before = argument;
    struct siding_stats now = stats_now();
    return now.memory_bytes == before->memory_bytes && now.bridges == before->bridges &&
           now.slots_vacant == now.threads;
}

/* ---- opening --------------------------------------------------------------------------------- */

TEST("wrong options of a bridge are refused and nothing is opened") {
    struct siding_bridge_options good = {.size_bytes = sizeof good, .calls_max = 1};
    struct siding_bridge_options bad[] = {good, good, good};
    uint64_t bridge = 7;
    int32_t descriptor = 7;
    uint32_t bridges = stats_now().bridges;
    bad[0].calls_max = 0;
    bad[1].calls_max = SIDING_CALLS_MAX + 1;
    bad[2].size_bytes--;
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(siding_bridge_open(&bad[i], &bridge, &descriptor), SIDING_EINVALID);
    }
    EXPECT_EQ(siding_bridge_open(NULL, &bridge, &descriptor), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_open(&good, NULL, &descriptor), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_open(&good, &bridge, NULL), SIDING_EINVALID);
    EXPECT(bridge == 7 && descriptor == 7);
    EXPECT_EQ(stats_now().bridges, bridges);
}

TEST("the largest number of calls in flight costs only what is used") {
    static struct host host;
    static union request request;
    struct gate gate = GATE_INITIALIZER;
    uint64_t memory = stats_now().memory_bytes;
    REQUIRE(host_open(&host, SIDING_CALLS_MAX));
    put_opening(&request, &gate, 0);
    REQUIRE(host_submit(&host, &request, SIDING_CALLS_MAX - 1) == 1);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    EXPECT(stats_now().memory_bytes - memory < 100000);
    host_close(&host);
    EXPECT_EQ(stats_now().memory_bytes, memory);
}

static atomic_int woken; /* atomic: any worker adds */

static void wake(void) {
    atomic_fetch_add(&woken, 1);
}

static bool was_woken(void *times) {
    return atomic_load(&woken) >= *(int *)times;
}

TEST("a wake function is called once between two drains, and never after the close") {
    static uint64_t events[SIDING_EVENT_WORDS_MAX];
    static union request request;
    struct gate gate = GATE_INITIALIZER;
    struct siding_bridge_options options = {
        .size_bytes = sizeof options, .calls_max = 8, .wake_function = FUNCTION(wake)};
    uint64_t bridge = 0;
    int32_t descriptor = 0;
    struct siding_stats before = stats_now();
    REQUIRE(siding_bridge_open(&options, &bridge, &descriptor) == SIDING_OK);
    EXPECT_EQ(descriptor, -1);
    for (int round = 1; round <= 100; round++) {
        put_opening(&request, &gate, 0);
        REQUIRE(siding_bridge_submit(bridge, request.words, request.call.words) == 1);
        REQUIRE(wait_until(was_woken, &round));
        EXPECT_EQ(siding_bridge_drain(bridge, events, SIDING_EVENT_WORDS_MAX), 3);
    }
    EXPECT_EQ(atomic_load(&woken), 100);
    gate = (struct gate)GATE_INITIALIZER;
    put_gate(&request, &gate, 0);
    REQUIRE(siding_bridge_submit(bridge, request.words, request.call.words) == 1);
    REQUIRE(gate_await(&gate, 1));
    EXPECT_EQ(siding_bridge_close(bridge), SIDING_OK);
    gate_open(&gate);
    EXPECT(wait_until(holds_nothing_more, &before));
    EXPECT_EQ(atomic_load(&woken), 100);
}

/* ---- close ----------------------------------------------------------------------------------- */

TEST("C12: after a close queued calls never run, and running ones give everything back") {
    static struct host host;
    static union request request;
    struct gate gate = GATE_INITIALIZER;
    struct gate never = GATE_INITIALIZER;
    struct siding_stats before = stats_now();
    uint64_t context = 0;
    REQUIRE(host_open(&host, 1024));
    REQUIRE(acquire_context(host.bridge, "closing", &context) == SIDING_OK);
    put_gate(&request, &gate, context);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    put_gate(&request, &gate, 0);
    REQUIRE(host_submit(&host, &request, 1) == 1);
    REQUIRE(gate_await(&gate, 2));
    put_opening(&request, &never, context);
    for (uint32_t token = 2; token < 1000; token++) {
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    EXPECT(siding_block_create(host.bridge, NULL, 100000) >= 0);
    host_close(&host);
    EXPECT(stats_now().memory_bytes > before.memory_bytes); /* still in use */
    gate_open(&gate);
    EXPECT(wait_until(holds_nothing_more, &before));
    EXPECT(!never.is_open);
}

TEST("a close with events that nobody drained gives their memory back at once") {
    static struct host host;
    static union request request;
    struct gate gate = GATE_INITIALIZER;
    uint64_t memory = stats_now().memory_bytes;
    for (int drain_some = 0; drain_some < 2; drain_some++) {
        REQUIRE(host_open(&host, 512));
        put_opening(&request, &gate, 0);
        for (uint32_t token = 0; token < 512; token++) {
            request.call.timeout_ms = token; /* any */
            REQUIRE(host_submit(&host, &request, token) == 1);
        }
        EXPECT(!drain_some || host_status(&host) != INT32_MIN);
        while (drain_some == 0 && !is_readable(&host, WAIT_MS_MAX)) {
        }
        host_close(&host);
    }
    struct siding_stats before = {.memory_bytes = memory};
    EXPECT(wait_until(holds_nothing_more, &before));
}

static uint32_t echo(uint32_t number) {
    return number;
}

#define SMALL_EVENTS 3000u

TEST("a close in the middle of a batch, beside a running call, gives everything back") {
    static struct host host;
    static union request request;
    struct gate gate = GATE_INITIALIZER;
    struct siding_stats before = stats_now();
    uint64_t context = 0;
    REQUIRE(host_open(&host, SMALL_EVENTS + 1));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    for (uint32_t token = 0; token < SMALL_EVENTS; token++) {
        request_start(&request, SIGNATURE(U32, U32), FUNCTION(echo));
        request_put(&request, token);
        request.call.context = context;
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    request_start(&request, SIGNATURE(BOOL_T, PTR), FUNCTION(gate_pass));
    request_put(&request, ADDRESS(&gate));
    request.call.context = context;
    REQUIRE(host_submit(&host, &request, SMALL_EVENTS) == 1);
    REQUIRE(gate_await(&gate, 1)); /* so all before it are delivered */
    int32_t words = siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX);
    EXPECT(words > 0 && (words & SIDING_DRAIN_MORE) != 0);
    host_close(&host);
    EXPECT(stats_now().memory_bytes > before.memory_bytes); /* the running call's record */
    gate_open(&gate);
    EXPECT(wait_until(holds_nothing_more, &before));
    EXPECT(wait_until(pool_rests, NULL));
}

TEST("2,000 bridges opened and closed leave memory, descriptors and threads as they were") {
    static struct host host;
    static union request request;
    struct gate gate = GATE_INITIALIZER;
    struct siding_stats before = stats_now();
    int descriptor = wake_next();
    for (uint32_t round = 0; round < ROUNDS(2000u); round++) {
        uint64_t context = 0;
        REQUIRE(host_open(&host, 64));
        REQUIRE(acquire_context(host.bridge, "churn", &context) == SIDING_OK);
        put_opening(&request, &gate, round % 2 == 0 ? context : 0);
        REQUIRE(host_submit(&host, &request, round % 64) == 1);
        if (round % 3 == 0) {
            EXPECT_EQ(host_status(&host), SIDING_OK);
        }
        host_close(&host);
    }
    EXPECT(wait_until(holds_nothing_more, &before));
    EXPECT_EQ(wake_next(), descriptor);
    EXPECT(stats_now().threads <= 64);
}

TEST("the bridges of one thread are independent") {
    static struct host hosts[3];
    static union request request;
    struct gate gate = GATE_INITIALIZER;
    for (int i = 0; i < 3; i++) {
        REQUIRE(host_open(&hosts[i], 4));
    }
    put_opening(&request, &gate, 0);
    REQUIRE(host_submit(&hosts[0], &request, 0) == 1 && host_submit(&hosts[2], &request, 0) == 1);
    host_close(&hosts[1]);
    EXPECT_EQ(host_status(&hosts[2]), SIDING_OK);
    host_close(&hosts[2]);
    EXPECT_EQ(host_status(&hosts[0]), SIDING_OK);
    host_close(&hosts[0]);
}

/* ---- the thread ends ------------------------------------------------------------------------- */

#define ENDING_BRIDGES 3

struct ending {
    struct gate gate; /* holds the running calls */
    struct gate never;
    struct wake wakes[ENDING_BRIDGES];
    uint64_t stale[ENDING_BRIDGES];
};

static void *end_with_calls(void *argument) {
    struct ending *ending = argument;
    struct host *host = malloc(sizeof *host);
    union request *request = malloc(sizeof *request);
    for (int i = 0; i < ENDING_BRIDGES; i++) {
        uint64_t contexts[2];
        EXPECT(host_open(host, 16));
        ending->wakes[i] = host->wake;
        ending->stale[i] = host->bridge;
        EXPECT_EQ(acquire_context(host->bridge, "idle", &contexts[0]), SIDING_OK);
        EXPECT_EQ(acquire_context(host->bridge, "busy", &contexts[1]), SIDING_OK);
        put_gate(request, &ending->gate, contexts[1]);
        EXPECT_EQ(host_submit(host, request, 0), 1);
        put_opening(request, &ending->never, contexts[1]);
        EXPECT_EQ(host_submit(host, request, 1), 1);
    }
    EXPECT(gate_await(&ending->gate, ENDING_BRIDGES));
    free(request);
    free(host);
    return NULL;
}

static bool idle_contexts_are_back(void *unused) {
    (void)unused;
    struct siding_stats stats = stats_now();
    return stats.slots_active == 0 && stats.slots_recycling == ENDING_BRIDGES;
}

/* @return how long it took until the idle contexts were back, in ms */
static uint64_t end_thread(struct ending *ending, const struct siding_stats *before) {
    pthread_t thread;
    *ending = (struct ending){.gate = GATE_INITIALIZER, .never = GATE_INITIALIZER};
    EXPECT_EQ(pthread_create(&thread, NULL, end_with_calls, ending), 0);
    EXPECT(gate_await(&ending->gate, ENDING_BRIDGES));
    uint64_t start_ns = siding_clock_ns();
    pthread_join(thread, NULL);
    for (int i = 0; i < ENDING_BRIDGES; i++) {
        EXPECT(!wake_is_open(&ending->wakes[i]));
        EXPECT_EQ(siding_bridge_close(ending->stale[i]), SIDING_ESTALE);
    }
    EXPECT(wait_until(idle_contexts_are_back, NULL));
    uint64_t took_ms = elapsed_ms(start_ns);
    gate_open(&ending->gate);
    EXPECT(wait_until(holds_nothing_more, (void *)(uintptr_t)before));
    EXPECT(!ending->never.is_open);
    return took_ms;
}

TEST("X6: the bridges of a thread that ended are gone within 50 ms; running calls end later") {
    static struct ending ending;
    struct siding_stats before = stats_now();
    int descriptor = wake_next();
    uint64_t best_ms = UINT64_MAX; /* the machine may be busy, but not always */
    for (int round = 0; round < 5; round++) {
        uint64_t took_ms = end_thread(&ending, &before);
        best_ms = took_ms < best_ms ? took_ms : best_ms;
    }
    EXPECT(best_ms <= GONE_MS_MAX);
    EXPECT_EQ(wake_next(), descriptor);
}

/* ---- stress ---------------------------------------------------------------------------------- */

#define LIVES_AT_ONCE 4
#define LIVES ROUNDS(400u)

static void nap(uint32_t ns) {
    spin_for(ns);
}

/* Opens, submits, cancels, drains and releases at random, then closes or just ends. */
static void *live(void *argument) {
    uint64_t chance = *(uint64_t *)argument;
    struct host *host = malloc(sizeof *host);
    union request *request = malloc(sizeof *request);
    uint64_t context = 0;
    EXPECT(host_open(host, 300));
    EXPECT_EQ(acquire_context(host->bridge, NULL, &context), SIDING_OK);
    uint32_t calls = random_below(&chance, 200);
    for (uint32_t token = 0; token < calls; token++) {
        request_start(request, SIGNATURE(VOID_T, U32), FUNCTION(nap));
        request_put(request, random_below(&chance, 20000));
        request->call.context = random_below(&chance, 2) == 0 ? context : 0;
        EXPECT_EQ(host_submit(host, request, token), 1);
        if (random_below(&chance, 8) == 0) {
            (void)siding_bridge_cancel(host->bridge, random_below(&chance, token + 1));
        }
        if (random_below(&chance, 16) == 0) {
            (void)siding_bridge_drain(host->bridge, host->events, SIDING_EVENT_WORDS_MAX);
        }
    }
    if (random_below(&chance, 2) == 0) {
        (void)begin_release(host, context, 299);
    }
    spin_for(random_below(&chance, 50000));
    if (random_below(&chance, 2) == 0) {
        host_close(host);
    }
    free(request);
    free(host);
    return NULL;
}

TEST("bridges that end at any moment, by close or with their thread, give everything back") {
    struct siding_stats before = stats_now();
    int descriptor = wake_next();
    uint64_t chance = print_seed();
    for (uint32_t round = 0; round < LIVES / LIVES_AT_ONCE; round++) {
        pthread_t threads[LIVES_AT_ONCE];
        uint64_t seeds[LIVES_AT_ONCE];
        for (int i = 0; i < LIVES_AT_ONCE; i++) {
            seeds[i] = random_next(&chance);
            REQUIRE(pthread_create(&threads[i], NULL, live, &seeds[i]) == 0);
        }
        for (int i = 0; i < LIVES_AT_ONCE; i++) {
            pthread_join(threads[i], NULL);
        }
    }
    EXPECT(wait_until(holds_nothing_more, &before));
    EXPECT_EQ(wake_next(), descriptor);
}

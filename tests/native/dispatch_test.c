/*
 * dispatch_test.c - "Nobody looks?" of pool.c: a call without context is never left lying while a
 * thread could run it.
 *
 * Threads of the pool never end, so each test allows more of them than the one before.
 */
#include <sched.h>

#include "fixture.h"

static void open_gate(struct gate *gate) {
    gate_open(gate);
}

static void put_opening(union request *out, struct gate *gate) {
    request_start(out, SIGNATURE(VOID_T, PTR), FUNCTION(open_gate));
    request_put(out, ADDRESS(gate));
}

static void put_gate(union request *out, struct gate *gate) {
    request_start(out, SIGNATURE(BOOL_T, PTR), FUNCTION(gate_pass));
    request_put(out, ADDRESS(gate));
}

static uint32_t threads_started(void) {
    uint32_t threads = stats_now().threads;
    return threads > 0 ? threads : 1;
}

static void work_for(uint32_t ns) {
    spin_for(ns);
}

/* ---- one thread ------------------------------------------------------------------------------ */

#define LEAVING ROUNDS(200000u)
#define LEAVING_TOKENS 50u

static _Atomic(uint32_t) last_run; /* atomic: the call's thread writes, the host spins */

/* Goes on for a while after it told that it runs. */
static void run_number(uint32_t number, uint32_t then_ns) {
    atomic_store(&last_run, number);
    spin_for(then_ns);
}

static bool await_run(uint32_t number) {
    uint64_t start_ns = siding_clock_ns();
    while (atomic_load(&last_run) != number && elapsed_ms(start_ns) < WAIT_MS_MAX) {
        (void)sched_yield();
    }
    return atomic_load(&last_run) == number;
}

TEST("a call that comes just while the only thread leaves is run, 200,000 times") {
    static struct host host;
    static union request request;
    uint64_t chance = print_seed();
    REQUIRE(configure_pool(1, 0) && host_open(&host, LEAVING_TOKENS));
    request_start(&request, SIGNATURE(VOID_T, U32, U32), FUNCTION(run_number));
    request_put(&request, 0);
    request_put(&request, 0);
    for (uint32_t number = 1; number <= LEAVING; number++) {
        request.words[SIDING_CALL_WORDS] = number;
        request.words[SIDING_CALL_WORDS + 1] = random_below(&chance, 3000);
        REQUIRE(host_submit(&host, &request, number % LEAVING_TOKENS) == 1);
        REQUIRE(await_run(number));
        if (number % LEAVING_TOKENS == 0) {
            REQUIRE(host_discard(&host, LEAVING_TOKENS) == LEAVING_TOKENS);
        }
    }
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

static bool has_one_server(void *unused) {
    (void)unused;
    return stats_now().slots_shared == 1;
}

TEST("a call is run though the server is stuck and its follower has left") {
    static struct host host;
    static union request request;
    uint64_t batch[2 * (SIDING_CALL_WORDS + 1)];
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(configure_pool(2, 0) && host_open(&host, 4));
    request_start(&request, SIGNATURE(VOID_T, U32), FUNCTION(work_for));
    request_put(&request, 0);
    memcpy(batch, request.words, sizeof batch / 2);
    put_gate(&request, &gate);
    request.call.token = 1;
    memcpy(batch + SIDING_CALL_WORDS + 1, request.words, sizeof batch / 2);
    REQUIRE(siding_bridge_submit(host.bridge, batch, sizeof batch / 8) == 2);
    REQUIRE(gate_await(&gate, 1)); /* the follower came with the first of the two */
    EXPECT(wait_until(has_one_server, NULL));
    put_opening(&request, &gate);
    REQUIRE(host_submit(&host, &request, 2) == 1);
    EXPECT_EQ(host_discard(&host, 3), 3);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

/* ---- random pauses --------------------------------------------------------------------------- */

#define CALLERS 3
#define BURSTS ROUNDS(4000u)
#define BURST_MAX 4

static void put_work(union request *out, uint64_t *chance) {
    uint32_t ns = random_below(chance, 8) == 0 ? 100000 : random_below(chance, 3000);
    request_start(out, SIGNATURE(VOID_T, U32), FUNCTION(work_for));
    request_put(out, ns);
}

/* Mostly none or a short one; sometimes long enough for servers and followers to leave. */
static void pause_at_random(uint64_t *chance) {
    switch (random_below(chance, 8)) {
    case 0:
        spin_for(random_below(chance, 300000));
        return;
    case 1:
    case 2:
        spin_for(random_below(chance, 20000));
        return;
    case 3:
        if (random_below(chance, 16) == 0) {
            nap_ms(3);
        }
        return;
    default:
        return;
    }
}

/* Bursts of calls, each awaited whole; now and then a lease in between. */
static void *call_with_pauses(void *argument) {
    uint64_t chance = *(uint64_t *)argument;
    struct host *host = malloc(sizeof *host);
    union request *work = malloc(sizeof *work);
    uint64_t context = 0;
    EXPECT(host_open(host, BURST_MAX + 1));
    for (uint32_t i = 0; i < BURSTS; i++) {
        uint32_t burst = 1 + random_below(&chance, BURST_MAX);
        for (uint32_t token = 0; token < burst; token++) {
            put_work(work, &chance);
            EXPECT_EQ(host_submit(host, work, token), 1);
        }
        if (host_discard(host, burst) != burst) {
            harness_fail(__FILE__, __LINE__, "a call was left lying");
            break;
        }
        pause_at_random(&chance);
        if (context != 0) {
            host_release(host, context, BURST_MAX);
            context = 0;
        } else if (random_below(&chance, 4) == 0 &&
                   acquire_context(host->bridge, NULL, &context) != SIDING_OK) {
            context = 0;
        }
    }
    host_close(host);
    free(work);
    free(host);
    return NULL;
}

static void call_from_all(uint64_t *chance) {
    pthread_t threads[CALLERS];
    uint64_t seeds[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        seeds[i] = random_next(chance);
        REQUIRE(pthread_create(&threads[i], NULL, call_with_pauses, &seeds[i]) == 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT(wait_until(pool_rests, NULL));
}

TEST("no call is left lying after random pauses, whatever the number of threads and the spin") {
    uint64_t chance = print_seed();
    for (uint32_t threads_max = 1; threads_max <= 4; threads_max++) {
        REQUIRE(configure_pool(threads_max, threads_max % 2 == 0 ? 20 : 0));
        call_from_all(&chance);
    }
}

/* ---- more threads than before ---------------------------------------------------------------- */

TEST("calls that wait for want of a thread run when the maximum is raised") {
    static struct host host;
    static union request request;
    struct gate gate = GATE_INITIALIZER;
    struct gate opened = GATE_INITIALIZER;
    uint32_t threads = threads_started();
    REQUIRE(configure_pool(threads, 0) && host_open(&host, 256));
    put_gate(&request, &gate);
    for (uint32_t token = 0; token < threads; token++) {
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    REQUIRE(gate_await(&gate, (int)threads));
    put_opening(&request, &opened);
    REQUIRE(host_submit(&host, &request, threads) == 1);
    put_opening(&request, &gate); /* without more threads the gate stays closed */
    REQUIRE(host_submit(&host, &request, threads + 1) == 1);
    REQUIRE(configure_pool(threads + 1, 0));
    EXPECT_EQ(host_discard(&host, threads + 2), threads + 2);
    EXPECT(opened.is_open);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

/* ---- the last thread ------------------------------------------------------------------------- */

#define LAST_THREADS 120u

struct last_thread {
    atomic_uint arrived; /* atomic: both sides add */
    uint64_t chance;
};

/* Both sides go on together. */
static void meet(struct last_thread *last, uint32_t *in_out_meetings) {
    *in_out_meetings += 2;
    atomic_fetch_add(&last->arrived, 1);
    while (atomic_load(&last->arrived) < *in_out_meetings) {
        (void)sched_yield();
    }
}

/* Submits a call without context just while another host leases the only vacant thread. */
static void *call_beside_lease(void *argument) {
    struct last_thread *last = argument;
    struct host *host = malloc(sizeof *host);
    union request *opening = malloc(sizeof *opening);
    struct gate gate = GATE_INITIALIZER;
    uint32_t meetings = 0;
    EXPECT(host_open(host, 4));
    put_opening(opening, &gate);
    for (uint32_t i = 0; i < LAST_THREADS; i++) {
        meet(last, &meetings);
        spin_for(random_below(&last->chance, 1000));
        EXPECT_EQ(host_submit(host, opening, 0), 1);
        EXPECT_EQ(host_status(host), SIDING_OK); /* though no context is released */
        meet(last, &meetings);
    }
    host_close(host);
    free(opening);
    free(host);
    return NULL;
}

static uint64_t acquire(struct host *host) {
    uint64_t context = 0;
    while (acquire_context(host->bridge, NULL, &context) == SIDING_EEXHAUSTED) {
        (void)sched_yield(); /* the call is quicker: its thread comes back */
    }
    return context;
}

TEST("a call runs though a lease takes the last thread at the same moment, 120 times") {
    static struct host host;
    struct last_thread last = {.chance = print_seed()};
    uint64_t chance = last.chance + 1;
    uint32_t threads = threads_started();
    uint32_t meetings = 0;
    pthread_t thread;
    REQUIRE(configure_pool(threads, 0) && host_open(&host, 4));
    for (uint32_t i = 1; i < threads; i++) {
        EXPECT(acquire(&host) != 0);
    }
    REQUIRE(pthread_create(&thread, NULL, call_beside_lease, &last) == 0);
    for (uint32_t i = 0; i < LAST_THREADS; i++) {
        EXPECT(configure_pool(threads + i, 0));
        meet(&last, &meetings);
        spin_for(random_below(&chance, 1000));
        EXPECT(acquire(&host) != 0);
        meet(&last, &meetings);
    }
    pthread_join(thread, NULL);
    EXPECT_EQ(stats_now().slots_active, threads + LAST_THREADS - 1);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

/*
 * slot_test.c - threads and what they are used for one after the other: nothing of a lease reaches
 * the next, threads of their own end with it, idle ones retire and come again.
 */
#include "../../lib/core/pool.h"
#include "context_fixture.h"

static struct host host; /* each test opens and closes it */

static uint64_t find_self(uint64_t unused) {
    (void)unused;
    return siding_thread_self();
}

/* Runs a call and waits. @return its result */
static uint64_t run_on(uint64_t context, uint64_t function, uint64_t argument) {
    EXPECT(submit_one(&host, function, argument, context, 100));
    return expect_news(&host, 100, SIDING_OK).words[0];
}

/* Releases a context to which token `listener` listens. */
static void release_heard(uint64_t context, uint32_t token, uint32_t listener) {
    bool waits = begin_release(&host, context, token) == 1;
    EXPECT_EQ(expect_news(&host, listener, SIDING_OK).flags, 0);
    EXPECT_EQ(waits ? expect_news(&host, token, SIDING_OK).error : 0, 0);
}

/* ---- P8 -------------------------------------------------------------------------------------- */

TEST("P8: the interrupt of a lease is not that of the next one on its slot") {
    static atomic_uint flag; /* atomic: as libraries' */
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(empty_pool(1) && host_open(&host, 128));
    struct siding_interrupt interrupt = by_flag(&flag, 1);
    uint64_t first = lease(&host, times(20, 1000, 0, 0));
    uint64_t thread = run_on(first, FUNCTION(find_self), 0);
    EXPECT_EQ(siding_context_interrupt_with(host.bridge, first, &interrupt), SIDING_OK);
    host_release(&host, first, 0);
    uint64_t second = lease(&host, times(20, 1000, 0, 0));
    EXPECT(run_on(second, FUNCTION(find_self), 0) == thread);
    REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&gate), second, 1));
    REQUIRE(gate_await(&gate, 1));
    struct siding_interrupt own = {.size_bytes = sizeof own};
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 1, &own), SIDING_EINVALID);
    EXPECT_EQ(begin_release(&host, second, 2), 1);
    EXPECT_EQ(expect_news(&host, 2, SIDING_OK).error, 1);
    EXPECT_EQ(atomic_load(&flag), 0);
    gate_open(&gate);
    expect_news(&host, 1, SIDING_OK);
    host_close(&host);
}

/* @return the slot's context, on which a call was said to be stuck */
static uint64_t make_stuck(struct gate *gate) {
    uint64_t context = lease(&host, times(2000, 1000, 5, 0));
    gate_reset(gate);
    EXPECT_EQ(siding_context_listen(host.bridge, context, 5), SIDING_OK);
    EXPECT(submit_one(&host, FUNCTION(pass), ADDRESS(gate), context, 0));
    struct news news = expect_news(&host, 5, SIDING_OK);
    EXPECT_EQ(news.words[0], SIDING_NOTICE_STUCK);
    return context;
}

TEST("P8, P9: released right after it was stuck, a lease is told all, the next one nothing") {
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(empty_pool(1) && host_open(&host, 128));
    for (int round = 0; round < ROUNDS(400); round++) {
        uint64_t context = make_stuck(&gate);
        gate_open(&gate);
        struct news news = next_news(&host);
        bool is_told = news.token == 5; /* by the watch, before the worker tells the result */
        EXPECT_EQ(is_told ? expect_news(&host, 0, SIDING_OK).words[0] : news.words[0], 1);
        bool waits = begin_release(&host, context, 1) == 1;
        news = is_told ? news : expect_news(&host, 5, SIDING_OK);
        EXPECT_EQ(news.words[0], SIDING_NOTICE_RECOVERED);
        EXPECT_EQ(expect_news(&host, 5, SIDING_OK).flags, 0);
        EXPECT_EQ(waits ? expect_news(&host, 1, SIDING_OK).error : 0, 0);
        uint64_t next = lease(&host, times(2000, 1000, 10000, 0));
        EXPECT_EQ(siding_context_listen(host.bridge, next, 6), SIDING_OK);
        (void)run_on(next, FUNCTION(find_self), 0); /* any notice would come before */
        release_heard(next, 2, 6);
        if (atomic_load(&harness_failures) > 0) {
            break;
        }
    }
    host_close(&host);
}

TEST("P8: that a call was stuck when its lease was wedged is not told to the next lease") {
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(empty_pool(1) && host_open(&host, 128));
    for (int round = 0; round < 20; round++) {
        struct siding_context_options options = times(10, 1000, 5, 0);
        uint64_t context = lease(&host, options);
        gate_reset(&gate);
        EXPECT_EQ(siding_context_listen(host.bridge, context, 5), SIDING_OK);
        REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&gate), context, 0));
        EXPECT_EQ(expect_news(&host, 5, SIDING_OK).words[0], SIDING_NOTICE_STUCK);
        EXPECT_EQ(begin_release(&host, context, 1), 1);
        EXPECT_EQ(expect_news(&host, 5, SIDING_OK).flags, 0);
        EXPECT_EQ(expect_news(&host, 1, SIDING_OK).error, 1);
        gate_open(&gate);
        expect_news(&host, 0, SIDING_OK);
        REQUIRE(wait_until(pool_rests, NULL));
        uint64_t next = lease(&host, times(2000, 1000, 10000, 0));
        EXPECT_EQ(siding_context_listen(host.bridge, next, 6), SIDING_OK);
        (void)run_on(next, FUNCTION(find_self), 0);
        release_heard(next, 2, 6);
    }
    host_close(&host);
}

TEST("P8: one listener at a time; it ends with the lease, and its token is free again") {
    REQUIRE(limit_pool(4) && host_open(&host, 128));
    for (int round = 0; round < 3; round++) {
        uint64_t context = lease(&host, times(2000, 1000, 0, 0));
        EXPECT_EQ(siding_context_listen(host.bridge, context, 5), SIDING_OK);
        EXPECT_EQ(siding_context_listen(host.bridge, context, 5), SIDING_EBUSY);
        EXPECT_EQ(siding_context_listen(host.bridge, context, 6), SIDING_EBUSY);
        EXPECT_EQ(siding_context_listen(host.bridge, context, 128), SIDING_EINVALID);
        EXPECT_EQ(siding_bridge_cancel(host.bridge, 5), SIDING_ERUNNING);
        release_heard(context, 6, 5);
        EXPECT_EQ(siding_context_listen(host.bridge, context, 5), SIDING_ESTALE);
    }
    host_close(&host);
}

/* ---- P10 ------------------------------------------------------------------------------------- */

static uint64_t fail_to_set_up(uint64_t error) {
    errno = (int)error;
    return UINT64_MAX;
}

TEST("P10: 10,000 leases whose first call fails do not exhaust a pool of two") {
    REQUIRE(empty_pool(2) && host_open(&host, 128));
    for (uint32_t round = 0; round < ROUNDS(10000u); round++) {
        uint64_t context = lease(&host, times(2000, 1000, round % 2 == 0 ? 0 : 1000, 0));
        REQUIRE(context != 0);
        REQUIRE(run_on(context, FUNCTION(fail_to_set_up), ENOMEM) == UINT64_MAX);
        if (round % 3 == 0) { /* what was made before the failure */
            EXPECT(defer_one(&host, context, FUNCTION(find_self), 0));
        }
        host_release(&host, context, 0);
    }
    EXPECT(stats_now().threads <= 2);
    EXPECT_EQ(stats_now().slots_active, 0);
    host_close(&host);
}

/* ---- P16 ------------------------------------------------------------------------------------- */

static _Thread_local uint64_t thread_mark;
static pthread_key_t ending_key; /* its destructor says that a thread has ended */
static atomic_uint threads_ended;

static void note_end(void *unused) {
    (void)unused;
    atomic_fetch_add(&threads_ended, 1);
}

static bool has_ended_threads(void *count) {
    return atomic_load(&threads_ended) == *(uint32_t *)count;
}

static uint64_t mark_thread(uint64_t mark) {
    uint64_t before = thread_mark;
    thread_mark = mark;
    (void)pthread_setspecific(ending_key, &ending_key);
    return before;
}

TEST("P16: a fresh context's thread is made for it and ends with it, its state reaches no other") {
    uint32_t rounds = ROUNDS(400u);
    REQUIRE(pthread_key_create(&ending_key, note_end) == 0);
    REQUIRE(empty_pool(2) && host_open(&host, 128));
    uint64_t plain = lease(&host, times(2000, 1000, 0, 0));
    for (uint32_t round = 1; round <= rounds; round++) {
        uint64_t context = lease(&host, times(2000, 1000, 0, SIDING_CONTEXT_FRESH));
        REQUIRE(context != 0);
        EXPECT_EQ(run_on(context, FUNCTION(mark_thread), round), 0);
        EXPECT_EQ(run_on(context, FUNCTION(mark_thread), 0), round);
        host_release(&host, context, 0);
        REQUIRE(wait_until(has_ended_threads, &round));
    }
    EXPECT_EQ(run_on(plain, FUNCTION(mark_thread), 0), 0);
    host_release(&host, plain, 0);
    struct siding_stats stats = stats_now();
    EXPECT_EQ(stats.threads, 1);
    EXPECT(stats.slots_vacant + stats.slots_retired <= 4); /* slots are used again */
    host_close(&host);
}

TEST("P16: a fresh context that nobody calls, or that is wedged, ends its thread too") {
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(empty_pool(2) && host_open(&host, 128));
    for (uint32_t round = 0; round < 50; round++) {
        uint64_t context = lease(&host, times(2000, 1000, 0, SIDING_CONTEXT_FRESH));
        host_release(&host, context, 0);
    }
    uint64_t context = lease(&host, times(10, 1000, 0, SIDING_CONTEXT_FRESH));
    REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&gate), context, 0));
    REQUIRE(gate_await(&gate, 1));
    EXPECT_EQ(begin_release(&host, context, 1), 1);
    EXPECT_EQ(expect_news(&host, 1, SIDING_OK).error, 1);
    gate_open(&gate);
    expect_news(&host, 0, SIDING_OK);
    EXPECT(wait_until(has_no_thread, NULL));
    host_close(&host);
}

TEST("P16: a fresh context has the stack it asked for; others must not ask") {
    REQUIRE(limit_pool(4) && host_open(&host, 128));
    struct siding_context_options options = times(2000, 1000, 0, 0);
    uint64_t context = 0;
    options.stack_bytes = 1u << 20;
    EXPECT_EQ(siding_context_acquire(host.bridge, &options, NULL, 0, &context), SIDING_EINVALID);
    options.flags = SIDING_CONTEXT_FRESH;
    EXPECT_EQ(siding_context_acquire(host.bridge, &options, NULL, 0, &context), SIDING_OK);
    EXPECT(run_on(context, FUNCTION(find_self), 0) != 0);
    host_release(&host, context, 0);
    options.flags = 8;
    EXPECT_EQ(siding_context_acquire(host.bridge, &options, NULL, 0, &context), SIDING_EINVALID);
    host_close(&host);
}

/* ---- P15 ------------------------------------------------------------------------------------- */

#define GROWN 8
#define KEPT 3

static bool configure_idle(uint32_t idle_ms) {
    struct siding_pool_options options = {.size_bytes = sizeof options,
                                          .threads_max = GROWN,
                                          .spin_us = 20,
                                          .stack_bytes = STACK_BYTES,
                                          .threads_min = KEPT,
                                          .idle_ms = idle_ms};
    return siding_pool_configure(&options) == SIDING_OK;
}

static bool has_shrunk(void *unused) {
    (void)unused;
    return stats_now().threads <= KEPT;
}

TEST("P15: idle threads retire down to the minimum, never below, and the pool grows again") {
    uint64_t contexts[GROWN];
    REQUIRE(empty_pool(GROWN) && configure_idle(40) && host_open(&host, 128));
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < GROWN; i++) {
            contexts[i] = lease(&host, times(2000, 1000, 0, 0));
        }
        EXPECT_EQ(stats_now().threads, GROWN);
        for (uint32_t i = 0; i < GROWN; i++) {
            EXPECT(run_on(contexts[i], FUNCTION(find_self), 0) != 0);
            host_release(&host, contexts[i], i);
        }
        EXPECT(wait_until(has_shrunk, NULL));
        EXPECT(wait_until(pool_rests, NULL));
        EXPECT_EQ(stats_now().threads, KEPT);
        EXPECT_EQ(stats_now().slots_vacant, KEPT);
    }
    EXPECT(pool_slots() <= 3 * GROWN); /* of all tests before: slots are used again */
    host_close(&host);
    REQUIRE(configure_pool(GROWN, 20));
}

TEST("P15: while threads retire all the time, no lease, call or guest is lost") {
    uint64_t chance = print_seed();
    REQUIRE(configure_idle(1) && host_open(&host, 128));
    for (uint32_t round = 0; round < ROUNDS(400u); round++) {
        uint64_t contexts[GROWN];
        uint32_t count = 1 + random_below(&chance, GROWN);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t fresh = random_below(&chance, 4) == 0 ? SIDING_CONTEXT_FRESH : 0;
            contexts[i] = lease(&host, times(2000, 1000, 0, fresh));
            REQUIRE(contexts[i] != 0);
        }
        for (uint32_t i = 0; i < count; i++) {
            REQUIRE(run_on(contexts[i], FUNCTION(find_self), 0) != 0);
            REQUIRE(run_on(0, FUNCTION(find_self), 0) != 0);
        }
        for (uint32_t i = 0; i < count; i++) {
            host_release(&host, contexts[i], i);
        }
        spin_for(random_below(&chance, 3 * NS_PER_MS));
    }
    host_close(&host);
    REQUIRE(configure_pool(GROWN, 20));
    EXPECT(wait_until(pool_rests, NULL));
}

/* ---- P1 -------------------------------------------------------------------------------------- */

TEST("P1: a slot whose generations are used up is never leased again") {
    REQUIRE(empty_pool(1) && host_open(&host, 128));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    struct slot *slot = pool_slot(context);
    uint32_t slots = pool_slots();
    host_release(&host, context, 0);
    slot->lease.generation = UINT32_MAX - 1; /* it is vacant, and nobody else leases */
    uint64_t last = lease(&host, times(2000, 1000, 0, 0));
    REQUIRE(pool_slot(last) == slot);
    EXPECT_EQ(last >> 20, UINT32_MAX);
    EXPECT(run_on(last, FUNCTION(find_self), 0) != 0);
    EXPECT_EQ(siding_context_release(host.bridge, context, 0), SIDING_ESTALE);
    host_release(&host, last, 0);
    EXPECT(wait_until(has_no_thread, NULL));
    for (uint32_t i = 0; i <= slots; i++) {
        context = lease(&host, times(2000, 1000, 0, SIDING_CONTEXT_FRESH));
        EXPECT(pool_slot(context) != slot);
        host_release(&host, context, 0);
    }
    EXPECT_EQ(siding_context_release(host.bridge, last, 0), SIDING_ESTALE);
    host_close(&host);
}

static int32_t use(uint64_t handle, uint32_t function) {
    struct siding_interrupt interrupt = by_signal();
    struct siding_repeat_options repeat = {.size_bytes = sizeof repeat, .context = handle};
    uint64_t out = 0;
    switch (function) {
    case 0:
        return siding_context_release(host.bridge, handle, 0);
    case 1:
        return siding_context_release_wait(host.bridge, handle);
    case 2:
        return siding_context_share(host.bridge, handle, &out);
    case 3:
        return siding_context_attach(host.bridge, handle, &out);
    case 4:
        return siding_context_defer(host.bridge, handle, handle);
    case 5:
        return siding_context_undefer(host.bridge, handle, handle);
    case 6:
        return siding_context_interrupt_with(host.bridge, handle, &interrupt);
    case 7:
        return siding_context_listen(host.bridge, handle, 0);
    case 8:
        return siding_repeat_open(host.bridge, &repeat, &out);
    case 9:
        return siding_repeat_close(host.bridge, handle);
    case 10:
        return siding_bound_release(handle);
    default:
        return siding_bound_keep(host.bridge, handle,
                                 (uint32_t)siding_block_create(host.bridge, NULL, 8));
    }
}

TEST("P1: stale, forged, zero and huge handles are refused by every function that takes one") {
    REQUIRE(limit_pool(4) && host_open(&host, 128));
    uint64_t live = lease(&host, times(2000, 1000, 0, 0));
    uint64_t stale = lease(&host, times(2000, 1000, 0, 0));
    uint64_t bound = bind_one(&host, FUNCTION(find_self), 0);
    host_release(&host, stale, 0);
    uint64_t bad[] = {
        0,          stale,    live + 1,          live + (1u << 20), live ^ (7u << 16),
        UINT64_MAX, 1u << 31, live | 1ull << 60, host.bridge,       bound + (1u << 20)};
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (uint32_t function = 0; function < 12; function++) {
            EXPECT_EQ(use(bad[i], function), SIDING_ESTALE);
        }
    }
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    EXPECT_EQ(siding_bound_release(bound), SIDING_ESTALE);
    host_release(&host, live, 0);
    host_close(&host);
}

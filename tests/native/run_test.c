/*
 * run_test.c - calls that are watched while they run: what is said of those that are stuck, and
 * interrupts, which hit the call they are meant for and no other.
 */
#include "../../lib/core/record.h"
#include "../../lib/core/run.h"
#include "context_fixture.h"
#include "fixture/signals.h"

static struct host host; /* each test opens and closes it */

static uint64_t echo(uint64_t number) {
    return number;
}

static bool submit_stoppable(uint64_t function, uint64_t argument, uint64_t context,
                             uint32_t token) {
    static union request request;
    put_one(&request, function, argument, context);
    request.call.flags = SIDING_CALL_STOPPABLE;
    return host_submit(&host, &request, token) == 1;
}

/* ---- P9 -------------------------------------------------------------------------------------- */

#define STUCK_MS 20

TEST("P9: a call that is stuck is told once, and once that it recovered") {
    struct gate gate = GATE_INITIALIZER;
    struct gate watched = GATE_INITIALIZER; /* opened when the watch has looked long after */
    REQUIRE(limit_pool(4) && host_open(&host, 8));
    uint64_t context = lease(&host, times(2000, 1000, STUCK_MS, 0));
    uint64_t other = lease(&host, times(2000, 1000, 4 * STUCK_MS, 0));
    EXPECT_EQ(siding_context_listen(host.bridge, context, 5), SIDING_OK);
    EXPECT_EQ(siding_context_listen(host.bridge, other, 6), SIDING_OK);
    for (int round = 0; round < 5; round++) {
        gate_reset(&gate);
        gate_reset(&watched);
        uint64_t start_ns = siding_clock_ns();
        REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&gate), context, 3));
        REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&watched), other, 4));
        struct news news = expect_news(&host, 5, SIDING_OK);
        EXPECT(elapsed_ms(start_ns) >= STUCK_MS);
        EXPECT_EQ(news.flags, SIDING_EVENT_MORE);
        EXPECT_EQ(news.words[0], SIDING_NOTICE_STUCK);
        EXPECT_EQ(news.words[1], 3);
        EXPECT(news.words[2] >= STUCK_MS && news.words[2] <= elapsed_ms(start_ns));
        EXPECT_EQ(expect_news(&host, 6, SIDING_OK).words[0], SIDING_NOTICE_STUCK);
        gate_open(&watched);
        news = next_news(&host);
        bool is_first = news.token == 6;
        EXPECT_EQ(is_first ? expect_news(&host, 4, SIDING_OK).status : 0, 0);
        news = is_first ? news : expect_news(&host, 6, SIDING_OK);
        EXPECT_EQ(news.words[0], SIDING_NOTICE_RECOVERED);
        gate_open(&gate);
        news = next_news(&host);
        is_first = news.token == 5;
        EXPECT_EQ(is_first ? expect_news(&host, 3, SIDING_OK).status : 0, 0);
        news = is_first ? news : expect_news(&host, 5, SIDING_OK);
        EXPECT_EQ(news.words[0], SIDING_NOTICE_RECOVERED);
        EXPECT_EQ(news.words[1], 3);
        /* its thread may have come to it after the other one's */
        EXPECT(news.words[2] >= 2 * STUCK_MS && news.words[2] <= elapsed_ms(start_ns));
    }
    host_close(&host);
}

TEST("P9: idling for longer, short calls, and what the release waits for give no notice") {
    struct gate gate = GATE_INITIALIZER;
    struct gate timer = GATE_INITIALIZER;
    REQUIRE(limit_pool(4) && host_open(&host, 8));
    uint64_t context = lease(&host, times(2000, 1000, STUCK_MS, 0));
    uint64_t clock = lease(&host, times(2000, 1000, 5 * STUCK_MS, 0));
    EXPECT_EQ(siding_context_listen(host.bridge, context, 5), SIDING_OK);
    EXPECT_EQ(siding_context_listen(host.bridge, clock, 6), SIDING_OK);
    REQUIRE(submit_one(&host, FUNCTION(echo), 1, context, 0));
    expect_news(&host, 0, SIDING_OK);
    REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&timer), clock, 1)); /* time passes */
    EXPECT_EQ(expect_news(&host, 6, SIDING_OK).words[0], SIDING_NOTICE_STUCK);
    gate_open(&timer);
    EXPECT_EQ(host_discard(&host, 2), 2); /* it recovered, and ended */
    gate_reset(&timer);
    REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&gate), context, 0));
    REQUIRE(gate_await(&gate, 1));
    REQUIRE(begin_release(&host, context, 2) == 1); /* before it was stuck */
    REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&timer), clock, 1));
    EXPECT_EQ(expect_news(&host, 6, SIDING_OK).words[0], SIDING_NOTICE_STUCK);
    gate_open(&gate);
    expect_news(&host, 0, SIDING_OK);
    EXPECT_EQ(expect_news(&host, 5, SIDING_OK).flags, 0);
    EXPECT_EQ(expect_news(&host, 2, SIDING_OK).error, 0);
    gate_open(&timer);
    EXPECT_EQ(host_discard(&host, 2), 2);
    host_close(&host);
}

TEST("P9: notices come though the host's queue is full of undrained events") {
    struct gate gate = GATE_INITIALIZER;
    uint32_t notices = 0;
    REQUIRE(limit_pool(4) && host_open(&host, 5000));
    uint64_t context = lease(&host, times(2000, 1000, STUCK_MS, 0));
    uint64_t flood = lease(&host, times(2000, 1000, 0, 0));
    EXPECT_EQ(siding_context_listen(host.bridge, context, 4999), SIDING_OK);
    for (uint32_t token = 0; token < 4990; token++) {
        REQUIRE(submit_one(&host, FUNCTION(echo), token, flood, token));
    }
    REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&gate), context, 4990));
    for (uint32_t i = 0; i < 4990 + 1; i++) {
        notices += next_news(&host).words[0] == SIDING_NOTICE_STUCK;
    }
    EXPECT(notices >= 1); /* and the calls that return that very number */
    gate_open(&gate);
    EXPECT_EQ(host_discard(&host, 2), 2);
    host_close(&host);
}

/* ---- C9: signals ----------------------------------------------------------------------------- */

#define INTERRUPTED_MS_MAX 50

static bool has_read(void *argument) {
    struct reading *reading = ((void **)argument)[0];
    return atomic_load(&reading->entered) >= *(int *)((void **)argument)[1];
}

static int compare_numbers(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

#define READS ROUNDS(3000)

TEST("C9: a signal makes a call blocked in read return EINTR, 3,000 times, the next one never") {
    static struct reading blocked;
    static struct reading innocent;
    static uint64_t took_us[READS];
    struct siding_interrupt interrupt = by_signal();
    REQUIRE(limit_pool(4) && host_open(&host, 8));
    REQUIRE(reading_open(&blocked) && reading_open(&innocent));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    for (int round = 1; round <= READS; round++) {
        void *wanted[] = {&blocked, &round};
        void *next[] = {&innocent, &round};
        REQUIRE(submit_stoppable(FUNCTION(read_once), ADDRESS(&blocked), context, 0));
        REQUIRE(submit_stoppable(FUNCTION(read_once), ADDRESS(&innocent), context, 1));
        REQUIRE(wait_until(has_read, wanted)); /* perhaps not yet in the system call */
        uint64_t start_ns = siding_clock_ns();
        EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &interrupt), SIDING_OK);
        REQUIRE(expect_news(&host, 0, SIDING_OK).words[0] == EINTR);
        took_us[round - 1] = (siding_clock_ns() - start_ns) / 1000;
        REQUIRE(wait_until(has_read, next));
        REQUIRE(reading_feed(&innocent));
        REQUIRE(expect_news(&host, 1, SIDING_OK).words[0] == 0);
    }
    qsort(took_us, READS, sizeof took_us[0], compare_numbers);
    uint64_t almost_all = took_us[READS * 99 / 100];
    printf("EINTR after %u us, 99 %% within %u us\n", (uint32_t)took_us[READS / 2],
           (uint32_t)almost_all);
    EXPECT(almost_all <= INTERRUPTED_MS_MAX * 1000);
    EXPECT_EQ(atomic_load(&innocent.broken), 0);
    reading_close(&blocked);
    reading_close(&innocent);
    host_close(&host);
}

TEST("C9: other threads, of the pool and of the program, are not disturbed by a signal") {
    static struct reading blocked;
    static struct reading innocent;
    struct siding_interrupt interrupt = by_signal();
    pthread_t outsider;
    REQUIRE(limit_pool(8) && host_open(&host, 16));
    REQUIRE(reading_open(&blocked) && reading_open(&innocent));
    uint64_t contexts[4];
    for (uint32_t i = 0; i < 4; i++) {
        contexts[i] = lease(&host, times(2000, 1000, 0, 0));
        REQUIRE(submit_stoppable(FUNCTION(read_once), ADDRESS(&innocent), contexts[i], i));
    }
    REQUIRE(submit_stoppable(FUNCTION(read_once), ADDRESS(&innocent), 0, 4));
    REQUIRE(pthread_create(&outsider, NULL, (void *(*)(void *))(uintptr_t)read_once, &innocent) ==
            0);
    int readers = 6;
    void *all[] = {&innocent, &readers};
    REQUIRE(wait_until(has_read, all));
    uint64_t target = lease(&host, times(2000, 1000, 0, 0));
    for (int round = 1; round <= 200; round++) {
        void *wanted[] = {&blocked, &round};
        REQUIRE(submit_stoppable(FUNCTION(read_once), ADDRESS(&blocked), target, 5));
        REQUIRE(wait_until(has_read, wanted));
        EXPECT_EQ(siding_bridge_interrupt(host.bridge, 5, &interrupt), SIDING_OK);
        REQUIRE(expect_news(&host, 5, SIDING_OK).words[0] == EINTR);
    }
    for (int i = 0; i < readers; i++) {
        REQUIRE(reading_feed(&innocent));
    }
    EXPECT_EQ(host_discard(&host, 5), 5);
    pthread_join(outsider, NULL);
    EXPECT_EQ(atomic_load(&innocent.broken), 0);
    reading_close(&blocked);
    reading_close(&innocent);
    host_close(&host);
}

TEST("C9: a call without context is interrupted too, where it is said to be stoppable") {
    static struct reading blocked;
    struct siding_interrupt interrupt = by_signal();
    REQUIRE(limit_pool(4) && host_open(&host, 16) && reading_open(&blocked));
    REQUIRE(submit_one(&host, FUNCTION(read_once), ADDRESS(&blocked), 0, 0));
    REQUIRE(wait_until(is_reading, &blocked));
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &interrupt), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 9, &interrupt), SIDING_EINVALID);
    REQUIRE(reading_feed(&blocked));
    expect_news(&host, 0, SIDING_OK);
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &interrupt), SIDING_EINVALID);
    for (int round = 2; round <= 20; round++) {
        void *wanted[] = {&blocked, &round};
        REQUIRE(submit_stoppable(FUNCTION(read_once), ADDRESS(&blocked), 0, 0));
        REQUIRE(wait_until(has_read, wanted));
        EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &interrupt), SIDING_OK);
        REQUIRE(expect_news(&host, 0, SIDING_OK).words[0] == EINTR);
    }
    reading_close(&blocked);
    host_close(&host);
}

static atomic_int looping; /* calls in hold_signals */

/* As a library that keeps its critical sections undisturbed, and forgets to end the last one. */
static uint64_t hold_signals(uint64_t flag) {
    (void)mask_signals(true);
    atomic_fetch_add(&looping, 1);
    return compute(flag);
}

static bool is_looping(void *unused) {
    (void)unused;
    return atomic_load(&looping) > 0;
}

static uint64_t release_signals(uint64_t unused) {
    return mask_signals(false) + unused;
}

TEST("C9: a signal sent to a call that returns with all signals blocked holds its thread up not") {
    SKIP_WITHOUT_SIGNALS();
    static atomic_uint flag;
    struct siding_interrupt signal = by_signal();
    struct siding_interrupt stop = by_flag(&flag, 1);
    REQUIRE(limit_pool(4) && host_open(&host, 16));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    REQUIRE(submit_stoppable(FUNCTION(hold_signals), ADDRESS(&flag), context, 0));
    REQUIRE(wait_until(is_looping, NULL));
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &signal), SIDING_OK);
    spin_for(5 * NS_PER_MS); /* it may come before, or after: both must do */
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &stop), SIDING_OK);
    EXPECT_EQ(expect_news(&host, 0, SIDING_OK).words[0], 1);
    REQUIRE(submit_one(&host, FUNCTION(release_signals), 0, context, 0));
    expect_news(&host, 0, SIDING_OK);
    host_release(&host, context, 0);
    host_close(&host);
}

/* ---- C9: flags, bound calls ------------------------------------------------------------------ */

TEST("C9: a flag stops a computation, whose context goes on with the next call") {
    static atomic_uint flag;
    struct siding_interrupt interrupt = by_flag(&flag, 5);
    REQUIRE(limit_pool(4) && host_open(&host, 16));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    for (int round = 0; round < ROUNDS(500); round++) {
        atomic_store(&flag, 0);
        atomic_store(&computing, 0);
        REQUIRE(submit_stoppable(FUNCTION(compute), ADDRESS(&flag), context, 0));
        REQUIRE(wait_until(is_computing, NULL));
        EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &interrupt), SIDING_OK);
        REQUIRE(expect_news(&host, 0, SIDING_OK).words[0] == 5);
    }
    host_close(&host);
}

static atomic_uint interrupters;        /* runs of count_interrupt */
static atomic_uintptr_t interrupted_by; /* the thread of the last one */

static uint64_t count_interrupt(uint64_t gate) {
    atomic_store(&interrupted_by, siding_thread_self());
    atomic_fetch_add(&interrupters, 1);
    return open_gate(gate);
}

static uint64_t pass_and_tell(uint64_t gate) {
    return pass(gate) ? siding_thread_self() : 0;
}

TEST("C9: a bound call interrupts once, on neither the js nor the target thread") {
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(limit_pool(4) && host_open(&host, 16));
    uint64_t bound = bind_one(&host, FUNCTION(count_interrupt), ADDRESS(&gate));
    struct siding_interrupt interrupt = by_bound(bound);
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint32_t rounds = ROUNDS(500);
    for (uint32_t round = 1; round <= rounds; round++) {
        gate_reset(&gate);
        REQUIRE(submit_stoppable(FUNCTION(pass_and_tell), ADDRESS(&gate), context, 0));
        REQUIRE(gate_await(&gate, 1));
        EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &interrupt), SIDING_OK);
        uint64_t thread = expect_news(&host, 0, SIDING_OK).words[0];
        EXPECT_EQ(atomic_load(&interrupters), round);
        EXPECT(atomic_load(&interrupted_by) != thread && thread != 0);
        EXPECT(atomic_load(&interrupted_by) != siding_thread_self());
    }
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &interrupt), SIDING_ESTALE);
    host_close(&host);
}

TEST("C9: wrong interrupts are refused") {
    static atomic_uint flag;
    struct siding_interrupt bad[] = {by_signal(), by_flag(&flag, 1), by_flag(NULL, 1), by_bound(0),
                                     by_signal()};
    REQUIRE(limit_pool(4) && host_open(&host, 16));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    bad[0].kind = 4;
    bad[1].operand += 2;
    bad[4].size_bytes--;
    for (uint32_t i = 0; i < 5; i++) {
        int32_t expected = i == 3 ? SIDING_ESTALE : SIDING_EINVALID;
        EXPECT_EQ(siding_context_interrupt_with(host.bridge, context, &bad[i]), expected);
        EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &bad[i]), expected);
    }
    EXPECT_EQ(siding_context_interrupt_with(host.bridge, context, NULL), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, NULL), SIDING_EINVALID);
    host_close(&host);
}

/* ---- C9: never the next call ----------------------------------------------------------------- */

TEST("C9: an interrupt that comes when its call has ended does not hit the next one") {
    static struct reading innocent;
    struct gate watch_gate = GATE_INITIALIZER; /* holds the watch itself */
    struct gate held = GATE_INITIALIZER;
    struct gate first = GATE_INITIALIZER;
    struct siding_interrupt signal = by_signal();
    REQUIRE(limit_pool(4) && host_open(&host, 16) && reading_open(&innocent));
    uint64_t bound = bind_one(&host, FUNCTION(pass), ADDRESS(&watch_gate));
    struct siding_interrupt blocking = by_bound(bound);
    uint64_t other = lease(&host, times(2000, 1000, 0, 0));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    REQUIRE(submit_stoppable(FUNCTION(pass), ADDRESS(&held), other, 0));
    REQUIRE(submit_stoppable(FUNCTION(pass), ADDRESS(&first), context, 1));
    REQUIRE(gate_await(&held, 1) && gate_await(&first, 1));
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &blocking), SIDING_OK);
    REQUIRE(gate_await(&watch_gate, 1));
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 1, &signal), SIDING_OK);
    gate_open(&first);
    expect_news(&host, 1, SIDING_OK);
    REQUIRE(submit_stoppable(FUNCTION(read_once), ADDRESS(&innocent), context, 1));
    REQUIRE(wait_until(is_reading, &innocent));
    gate_open(&watch_gate);
    gate_open(&held); /* it ends when its interrupt is over */
    expect_news(&host, 0, SIDING_OK);
    /* the watch has seen both: a third interrupt, of `other`, is over */
    gate_reset(&held);
    gate_reset(&watch_gate);
    REQUIRE(submit_stoppable(FUNCTION(pass), ADDRESS(&held), other, 0));
    REQUIRE(gate_await(&held, 1));
    EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &blocking), SIDING_OK);
    REQUIRE(gate_await(&watch_gate, 1));
    gate_open(&watch_gate);
    gate_open(&held);
    expect_news(&host, 0, SIDING_OK);
    REQUIRE(reading_feed(&innocent));
    EXPECT_EQ(expect_news(&host, 1, SIDING_OK).words[0], 0);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    reading_close(&innocent);
    host_close(&host);
}

static uint64_t linger(uint64_t ns) {
    spin_for(ns);
    return 0;
}

TEST("C9: interrupts that race with the end of their call never hit the next one, 20,000 times") {
    static struct reading innocent;
    uint64_t chance = print_seed();
    uint32_t asked = 0;
    REQUIRE(limit_pool(4) && host_open(&host, 16) && reading_open(&innocent));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t bound =
        bind_one(&host, FUNCTION(count_interrupt), ADDRESS(&(struct gate)GATE_INITIALIZER));
    for (int round = 1; round <= ROUNDS(20000); round++) {
        void *next[] = {&innocent, &round};
        struct siding_interrupt interrupt = by_signal();
        REQUIRE(submit_stoppable(FUNCTION(linger), random_below(&chance, 20000), context, 0));
        REQUIRE(submit_stoppable(FUNCTION(read_once), ADDRESS(&innocent), context, 1));
        spin_for(random_below(&chance, 120000));
        asked += siding_bridge_interrupt(host.bridge, 0, &interrupt) == SIDING_OK;
        REQUIRE(wait_until(has_read, next) && reading_feed(&innocent));
        expect_news(&host, 0, SIDING_OK);
        REQUIRE(expect_news(&host, 1, SIDING_OK).words[0] == 0);
    }
    printf("interrupted: %u of %u\n", asked, ROUNDS(20000));
    EXPECT_EQ(atomic_load(&innocent.broken), 0);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    reading_close(&innocent);
    host_close(&host);
}

/* ---- what is seen of a run ------------------------------------------------------------------- */

#define RUNS 400000u

struct runner {
    struct run run;
    struct siding_parker parker;
    struct record records[2];
    atomic_bool has_ended;
};

static void *run_many(void *argument) {
    struct runner *runner = argument;
    run_init(&runner->run);
    for (uint32_t i = 1; i <= ROUNDS(RUNS); i++) {
        run_begin(&runner->run, &runner->records[i % 2]);
        for (uint32_t pause = 0; pause < i % 16; pause++) {
            siding_thread_pause();
        }
        (void)run_end(&runner->run, &runner->parker);
    }
    atomic_store(&runner->has_ended, true);
    return NULL;
}

TEST("a run and what is known of it are seen together, while runs begin and end") {
    static struct runner runner;
    pthread_t thread;
    uint32_t seen = 0;
    uint32_t mixed = 0;
    runner.records[1].token = 1;
    REQUIRE(siding_parker_init(&runner.parker));
    REQUIRE(pthread_create(&thread, NULL, run_many, &runner) == 0);
    while (!atomic_load(&runner.has_ended)) {
        struct run_view view = run_look(&runner.run);
        seen += view.number != 0;
        mixed += view.number != 0 &&
                 (view.record != &runner.records[view.number % 2] || view.token != view.number % 2);
    }
    pthread_join(thread, NULL);
    printf("seen: %u runs of %u\n", seen, ROUNDS(RUNS));
    EXPECT_EQ(mixed, 0);
}

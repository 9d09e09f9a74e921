/*
 * source_handle_call_test.c - bound calls over HANDLEs: what a wait takes is one run's, or is given
 * back.
 */
#include "context_fixture.h"
#include "source_fixture.h"

#include "fixture/each_way.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u
#define CREDIT 64u
#define SIGNALS 5u
#define COUNT_MAX 100
#define ROUNDS_OF_RACES ROUNDS(400u)

static atomic_uint runs; /* atomic: the poller counts, the test looks */

static uint64_t count_run(uint64_t number) {
    atomic_fetch_add(&runs, 1);
    return number;
}

static struct siding_source_options call_options(HANDLE handle, uint64_t function,
                                                 uint64_t argument, uint32_t credit) {
    struct siding_source_options options =
        plain_options(SIDING_SOURCE_CALL, TOKEN, number_of(handle), credit);
    options.bound = bind_one(&host, function, argument);
    return options;
}

/* Opens it; the source keeps the bound call. */
static uint64_t open_call(const struct siding_source_options *options) {
    uint64_t source = open_source(&host, options);
    EXPECT_EQ(siding_bound_release(options->bound), SIDING_OK);
    return source;
}

static uint64_t open_counter(HANDLE handle) {
    struct siding_source_options options = call_options(handle, FUNCTION(count_run), 7, CREDIT);
    atomic_store(&runs, 0);
    return open_call(&options);
}

/* What the poller has told and run, and what came of that. */
static void settle(void) {
    static struct host aside;
    EXPECT(host_open(&aside, 16));
    settle_poller(&aside, TOKEN);
    settle_poller(&aside, TOKEN);
    host_close(&aside);
}

static void expect_runs(uint32_t count) {
    settle();
    EXPECT_EQ(atomic_load(&runs), count);
}

static void finish_source(uint64_t source) {
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
}

/* ---- a signal, a run ------------------------------------------------------------------------- */

static void runs_for_event(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    uint64_t source = open_counter(event);
    expect_runs(0);
    for (uint32_t i = 0; i < SIGNALS; i++) {
        EXPECT(SetEvent(event));
        EXPECT_EQ(next_word(&host, TOKEN), 7);
        expect_runs(i + 1);
    }
    EXPECT(has_none(&host));
    EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    finish_source(source);
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S12: a bound call runs once for each signal of an auto-reset event", runs_for_event)

static void runs_for_count(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE semaphore = CreateSemaphoreW(NULL, 0, COUNT_MAX, NULL);
    uint64_t source = open_counter(semaphore);
    expect_runs(0);
    for (uint32_t i = 0; i < 2; i++) {
        EXPECT(ReleaseSemaphore(semaphore, SIGNALS, NULL));
        for (uint32_t told = 0; told < SIGNALS; told++) {
            EXPECT_EQ(next_word(&host, TOKEN), 7);
        }
        expect_runs((i + 1) * SIGNALS);
    }
    finish_source(source);
    EXPECT_EQ(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);
    EXPECT(CloseHandle(semaphore));
    host_close(&host);
}
EACH_WAY("S12: a bound call runs once for each one of a semaphore's count", runs_for_count)

static void runs_for_ticks(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE timer = CreateWaitableTimerW(NULL, FALSE, NULL);
    LARGE_INTEGER due = {.QuadPart = -10000}; /* in 1 ms */
    uint64_t source = open_counter(timer);
    for (uint32_t i = 0; i < SIGNALS; i++) {
        EXPECT(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
        EXPECT_EQ(next_word(&host, TOKEN), 7);
        expect_runs(i + 1);
    }
    finish_source(source);
    EXPECT(CloseHandle(timer));
    host_close(&host);
}
EACH_WAY("S12: a bound call runs whenever a waitable timer is due", runs_for_ticks)

/* ---- what is given back ---------------------------------------------------------------------- */

static void keeps_signal_of_last_run(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    EXPECT(SetEvent(event));
    struct siding_source_options options = call_options(event, FUNCTION(count_run), 7, CREDIT);
    options.until_test = SIDING_TEST_EQUAL;
    options.until_expected = 7;
    atomic_store(&runs, 0);
    (void)open_call(&options);
    expect_end(&host, TOKEN, SIDING_EENDED, 0);
    EXPECT_EQ(atomic_load(&runs), 1);
    EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S5: the signal for which the last run was made is not given back",
         keeps_signal_of_last_run)

#define TURN_STEPS 8u /* of preread.c: after so many runs the poller obeys commands */

static struct gate last_of_turn = GATE_INITIALIZER;

static uint64_t count_and_pass(uint64_t number) {
    if (atomic_fetch_add(&runs, 1) + 1 == TURN_STEPS) {
        (void)gate_pass(&last_of_turn);
    }
    return number;
}

static void keeps_signals_of_turn(void) {
    REQUIRE(host_open(&host, 64));
    gate_reset(&last_of_turn);
    HANDLE semaphore = CreateSemaphoreW(NULL, TURN_STEPS, COUNT_MAX, NULL);
    struct siding_source_options options =
        call_options(semaphore, FUNCTION(count_and_pass), 7, CREDIT);
    atomic_store(&runs, 0);
    uint64_t source = open_call(&options);
    EXPECT(gate_await(&last_of_turn, 1));
    close_source(&host, source);
    gate_open(&last_of_turn);
    const struct siding_event *event = host_next(&host);
    while (event != NULL && !is_end(event)) {
        event = host_next(&host);
    }
    EXPECT(event != NULL);
    EXPECT_EQ(atomic_load(&runs), TURN_STEPS);
    EXPECT_EQ(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);
    EXPECT(CloseHandle(semaphore));
    host_close(&host);
}
EACH_WAY("S5: signals for which there were runs are not given back by a close between two turns",
         keeps_signals_of_turn)

static void loses_nothing(void) {
    REQUIRE(host_open(&host, 64));
    uint64_t seed = print_seed();
    HANDLE event = new_event(false);
    uint32_t used = 0;
    for (uint32_t round = 0; round < ROUNDS_OF_RACES; round++) {
        uint64_t source = open_counter(event);
        EXPECT(SetEvent(event));
        spin_for(random_below(&seed, 500000));
        close_source(&host, source);
        const struct siding_event *told = host_next(&host);
        while (told != NULL && !is_end(told)) {
            told = host_next(&host);
        }
        REQUIRE(told != NULL);
        uint32_t ran = atomic_load(&runs);
        EXPECT_EQ(WaitForSingleObject(event, 0), ran > 0 ? WAIT_TIMEOUT : WAIT_OBJECT_0);
        used += ran;
    }
    printf("     %u runs for %u signals\n", used, ROUNDS_OF_RACES);
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S5: a signal that comes while its source is closed has its run, or is left there",
         loses_nothing)

static void takes_nothing_after_end(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    for (uint32_t round = 0; round < ROUNDS(50u); round++) {
        uint64_t source = open_counter(event);
        settle(); /* it waits */
        finish_source(source);
        EXPECT(SetEvent(event));
        EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    }
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S5: after its end a bound call takes no signal", takes_nothing_after_end)

#include <windows.h>

#include "../../base/assert.h"
#include "../platform.h"

/* The states are those of linux/parker.c. */
#define EMPTY 0u
#define PERMIT 1u
#define PARKED UINT32_MAX

#define NS_PER_MS 1000000u

/* Sleeps while the word says PARKED. */
static void wait_ms(struct siding_parker *parker, DWORD timeout_ms) {
    uint32_t parked = PARKED;
    (void)WaitOnAddress((volatile void *)&parker->state, &parked, sizeof parked, timeout_ms);
}

/* Takes the permit, or announces that this thread sleeps. */
static bool take_or_announce(struct siding_parker *parker) {
    /* Acquire: paired with the exchange in unpark. */
    uint32_t before = atomic_fetch_sub_explicit(&parker->state, 1, memory_order_acquire);
    siding_assert(before == PERMIT || before == EMPTY); /* else two threads park here */
    return before == PERMIT;
}

/* Takes a permit left since the announcement. */
static bool take_after_sleep(struct siding_parker *parker) {
    uint32_t expected = PERMIT;
    /* Acquire: paired with the exchange in unpark. */
    return atomic_compare_exchange_strong_explicit(&parker->state, &expected, EMPTY,
                                                   memory_order_acquire, memory_order_relaxed);
}

/* Rounded up, so that a wait is never short; INFINITE itself would never end. */
static DWORD rounded_ms(uint64_t timeout_ns) {
    uint64_t timeout_ms = timeout_ns / NS_PER_MS + (timeout_ns % NS_PER_MS != 0);
    return timeout_ms < INFINITE ? (DWORD)timeout_ms : INFINITE - 1;
}

bool siding_parker_init(struct siding_parker *parker) {
    atomic_init(&parker->state, EMPTY);
    return true;
}

void siding_parker_deinit(struct siding_parker *parker) {
    /* Relaxed: only the owner is left. */
    siding_assert(atomic_load_explicit(&parker->state, memory_order_relaxed) != PARKED);
}

void siding_parker_park(struct siding_parker *parker) {
    if (take_or_announce(parker)) {
        return;
    }
    do {
        wait_ms(parker, INFINITE);
    } while (!take_after_sleep(parker));
}

bool siding_parker_park_for(struct siding_parker *parker, uint64_t timeout_ns) {
    if (take_or_announce(parker)) {
        return true;
    }
    uint64_t start_ns = siding_clock_ns();
    uint64_t elapsed_ns = 0;
    do {
        wait_ms(parker, rounded_ms(timeout_ns - elapsed_ns));
        if (take_after_sleep(parker)) {
            return true;
        }
        elapsed_ns = siding_clock_ns() - start_ns;
    } while (elapsed_ns < timeout_ns);
    /* Takes the announcement back, unless a permit came meanwhile. Acquire: paired with unpark. */
    return atomic_exchange_explicit(&parker->state, EMPTY, memory_order_acquire) == PERMIT;
}

void siding_parker_unpark(struct siding_parker *parker) {
    /* Release: paired with the acquire operations of park. */
    uint32_t before = atomic_exchange_explicit(&parker->state, PERMIT, memory_order_release);
    if (before == PARKED) {
        WakeByAddressSingle((void *)&parker->state);
    }
}

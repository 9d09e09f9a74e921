#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../base/assert.h"
#include "../platform.h"

/*
 *            park                    unpark
 *   PERMIT ────────► EMPTY ────────────────────────► PERMIT
 *                      │ park                          ▲
 *                      ▼               unpark, wake    │
 *                    PARKED ───────────────────────────┘
 *
 * The numbers make the first step of park one subtraction.
 */
#define EMPTY 0u
#define PERMIT 1u
#define PARKED UINT32_MAX

#define NS_PER_S 1000000000u

/* Sleeps while the word says PARKED; NULL: for ever. An absolute deadline survives a signal. */
static void futex_wait(_Atomic uint32_t *word, const struct timespec *deadline) {
    int error = errno;
    (void)syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, PARKED, deadline, NULL,
                  FUTEX_BITSET_MATCH_ANY);
    errno = error;
}

static void futex_wake_one(_Atomic uint32_t *word) {
    int error = errno;
    (void)syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
    errno = error;
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

static struct timespec deadline_after(uint64_t timeout_ns) {
    uint64_t now_ns = siding_clock_ns();
    uint64_t longest_ns = (uint64_t)INT64_MAX - now_ns;
    uint64_t at_ns = now_ns + (timeout_ns < longest_ns ? timeout_ns : longest_ns);
    return (struct timespec){.tv_sec = (time_t)(at_ns / NS_PER_S),
                             .tv_nsec = (long)(at_ns % NS_PER_S)};
}

static bool has_passed(const struct timespec *deadline) {
    uint64_t at_ns = (uint64_t)deadline->tv_sec * NS_PER_S + (uint64_t)deadline->tv_nsec;
    return siding_clock_ns() >= at_ns;
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
        futex_wait(&parker->state, NULL);
    } while (!take_after_sleep(parker));
}

bool siding_parker_park_for(struct siding_parker *parker, uint64_t timeout_ns) {
    if (take_or_announce(parker)) {
        return true;
    }
    struct timespec deadline = deadline_after(timeout_ns);
    do {
        futex_wait(&parker->state, &deadline);
        if (take_after_sleep(parker)) {
            return true;
        }
    } while (!has_passed(&deadline));
    /* Takes the announcement back, unless a permit came meanwhile. Acquire: paired with unpark. */
    return atomic_exchange_explicit(&parker->state, EMPTY, memory_order_acquire) == PERMIT;
}

void siding_parker_unpark(struct siding_parker *parker) {
    /* Release: paired with the acquire operations of park. */
    uint32_t before = atomic_exchange_explicit(&parker->state, PERMIT, memory_order_release);
    if (before == PARKED) {
        futex_wake_one(&parker->state);
    }
}

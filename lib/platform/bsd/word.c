#include <time.h>

#include "../../base/assert.h"
#include "../platform.h"

#define BEDS 64u /* words that share one only wake one another's sleepers without a reason */
#define NS_PER_S 1000000000u
#define LONGEST_NS (UINT64_C(3600) * NS_PER_S)

/* Where the threads sleep that wait for some words. */
struct bed {
    struct siding_mutex mutex;
    pthread_cond_t changed;
};

static pthread_once_t make_once = PTHREAD_ONCE_INIT;
static struct bed beds[BEDS]; /* made once, never freed */

static void sleep_in(struct bed *bed, uint64_t timeout_ns) SIDING_REQUIRES(bed->mutex);

static void make_beds(void) {
    for (uint32_t i = 0; i < BEDS; i++) {
        siding_mutex_init(&beds[i].mutex);
        int error = pthread_cond_init(&beds[i].changed, NULL);
        siding_assert(error == 0);
    }
}

static struct bed *bed_of(const _Atomic(uint32_t) *word) {
    (void)pthread_once(&make_once, make_beds);
    uintptr_t address = (uintptr_t)word;
    return &beds[(address >> 2 ^ address >> 8 ^ address >> 14) % BEDS];
}

/* Relative, because the absolute form follows the wall clock here. */
static void sleep_in(struct bed *bed, uint64_t timeout_ns) {
    uint64_t at_most_ns = timeout_ns < LONGEST_NS ? timeout_ns : LONGEST_NS;
    struct timespec timeout = {.tv_sec = (time_t)(at_most_ns / NS_PER_S),
                               .tv_nsec = (long)(at_most_ns % NS_PER_S)};
    (void)pthread_cond_timedwait_relative_np(&bed->changed, &bed->mutex.native, &timeout);
}

/* The word is compared under the mutex which the waker takes after the change: it sees the change,
   or sleeps before the wake-up. */
void siding_word_wait(const _Atomic(uint32_t) *word, uint32_t seen, uint32_t mask,
                      uint64_t timeout_ns) {
    (void)mask;
    struct bed *bed = bed_of(word);
    siding_mutex_lock(&bed->mutex);
    if (atomic_load_explicit(word, memory_order_relaxed) == seen) {
        sleep_in(bed, timeout_ns);
    }
    siding_mutex_unlock(&bed->mutex);
}

void siding_word_wake(const _Atomic(uint32_t) *word, uint32_t mask) {
    (void)mask;
    struct bed *bed = bed_of(word);
    siding_mutex_lock(&bed->mutex);
    int error = pthread_cond_broadcast(&bed->changed);
    siding_assert(error == 0);
    siding_mutex_unlock(&bed->mutex);
}

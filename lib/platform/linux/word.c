#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../platform.h"

#define NS_PER_S 1000000000u

void siding_word_wait(const _Atomic(uint32_t) *word, uint32_t seen, uint32_t mask,
                      uint64_t timeout_ns) {
    uint64_t now_ns = siding_clock_ns();
    bool is_bounded = timeout_ns < (uint64_t)INT64_MAX - now_ns;
    uint64_t at_ns = now_ns + timeout_ns;
    struct timespec deadline = {.tv_sec = (time_t)(at_ns / NS_PER_S),
                                .tv_nsec = (long)(at_ns % NS_PER_S)};
    int error = errno;
    (void)syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, seen,
                  is_bounded ? &deadline : NULL, NULL, mask);
    errno = error;
}

void siding_word_wake(const _Atomic(uint32_t) *word, uint32_t mask) {
    int error = errno;
    (void)syscall(SYS_futex, word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, INT_MAX, NULL, NULL,
                  mask);
    errno = error;
}

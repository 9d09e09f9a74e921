#include <time.h>

#include "../platform.h"

uint64_t siding_clock_ns(void) {
    /* CLOCK_MONOTONIC counts microseconds here; this one is what condition variables wait on. */
    return clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
}

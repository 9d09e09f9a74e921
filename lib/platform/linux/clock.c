#include <time.h>

#include "../../base/assert.h"
#include "../platform.h"

uint64_t siding_clock_ns(void) {
    struct timespec now;
    int error = clock_gettime(CLOCK_MONOTONIC, &now);
    siding_debug_assert(error == 0);
    (void)error;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

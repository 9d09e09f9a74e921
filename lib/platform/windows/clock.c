#include <windows.h>

#include "../platform.h"

#define NS_PER_S 1000000000u

uint64_t siding_clock_ns(void) {
    /* Neither fails since Windows XP; the frequency is a read of shared memory. */
    LARGE_INTEGER ticks;
    LARGE_INTEGER per_second;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&per_second);
    uint64_t rate = (uint64_t)per_second.QuadPart;
    uint64_t count = (uint64_t)ticks.QuadPart;
    /* In two parts: the product of all would overflow after minutes. */
    return count / rate * NS_PER_S + count % rate * NS_PER_S / rate;
}

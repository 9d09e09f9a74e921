/*
 * spin.h - waiting for what another thread will do within microseconds.
 */
#ifndef SIDING_CORE_SPIN_H
#define SIDING_CORE_SPIN_H

#include <stdbool.h>
#include <stdint.h>

#include "../platform/platform.h"

#define SPIN_ROUND 16u /* pauses between two yields */

/**
 * Yields all the time: where the other thread needs this processor, it gets it at once.
 * @return whether it holds now
 * @thread any  @blocks until end_ns
 */
static inline bool spin_until(bool (*holds)(const void *subject), const void *subject,
                              uint64_t end_ns) {
    bool found = holds(subject);
    while (!found && siding_clock_ns() < end_ns) {
        for (uint32_t i = 0; i < SPIN_ROUND && !found; i++) {
            siding_thread_pause();
            found = holds(subject);
        }
        if (!found) {
            siding_thread_yield();
        }
    }
    return found;
}

#endif

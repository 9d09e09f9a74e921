/*
 * trace.h - when calls started and ended, noted while somebody wants to know.
 */
#ifndef SIDING_CORE_TRACE_H
#define SIDING_CORE_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../include/siding.h"

struct record;

extern _Atomic(bool) trace_on; /* atomic: relaxed, a switch that guards no data */

static inline bool trace_is_on(void) {
    return atomic_load_explicit(&trace_on, memory_order_relaxed);
}

/** See siding_trace_start. @thread any  @blocks never */
int32_t trace_start(uint32_t wanted_max);
/** See siding_trace_read. @thread any  @blocks never */
int32_t trace_read(uint32_t first, struct siding_trace_entry *out_entries, uint32_t capacity,
                   uint64_t *out_dropped);
/** Notes a call that has just ended. @thread worker  @blocks never */
void trace_note(const struct record *record, uint32_t thread, uint64_t started_ns);

#endif

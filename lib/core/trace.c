#include "trace.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../platform/platform.h"
#include "record.h"

#define ENTRIES_MAX (1u << 24)

_Atomic(bool) trace_on;

/* Whoever traces pays for the lock; nobody else does. */
static struct siding_mutex mutex = SIDING_MUTEX_INITIALIZER;
static struct siding_trace_entry *entries SIDING_GUARDED_BY(&mutex);
static uint32_t entries_max SIDING_GUARDED_BY(&mutex);
static uint32_t entries_count SIDING_GUARDED_BY(&mutex);
static uint64_t dropped_count SIDING_GUARDED_BY(&mutex);

static void replace(struct siding_trace_entry *made, uint32_t made_max) {
    siding_mutex_lock(&mutex);
    struct siding_trace_entry *before = entries;
    entries = made;
    entries_max = made_max;
    entries_count = 0;
    dropped_count = 0;
    siding_mutex_unlock(&mutex);
    free(before);
}

int32_t trace_start(uint32_t wanted_max) {
    if (wanted_max > ENTRIES_MAX) {
        return SIDING_EINVALID;
    }
    if (wanted_max == 0) { /* what was noted can still be read */
        atomic_store_explicit(&trace_on, false, memory_order_relaxed);
        return SIDING_OK;
    }
    struct siding_trace_entry *made = malloc(wanted_max * sizeof *made);
    if (made == NULL) {
        return SIDING_ENOMEM;
    }
    replace(made, wanted_max);
    atomic_store_explicit(&trace_on, true, memory_order_relaxed);
    return SIDING_OK;
}

int32_t trace_read(uint32_t first, struct siding_trace_entry *out_entries, uint32_t capacity,
                   uint64_t *out_dropped) {
    siding_mutex_lock(&mutex);
    uint32_t left = first < entries_count ? entries_count - first : 0;
    uint32_t count = left < capacity ? left : capacity;
    if (count > 0) {
        memcpy(out_entries, entries + first, count * sizeof *entries);
    }
    *out_dropped = dropped_count;
    siding_mutex_unlock(&mutex);
    return (int32_t)count;
}

void trace_note(const struct record *record, uint32_t thread, uint64_t started_ns) {
    struct siding_trace_entry entry = {
        .started_ns = started_ns,
        .ended_ns = siding_clock_ns(),
        .function = (uint64_t)(uintptr_t)record->function,
        .context = record->context,
        .thread = thread,
        .token = record->token,
    };
    siding_mutex_lock(&mutex);
    if (entries_count < entries_max) {
        entries[entries_count++] = entry;
    } else {
        dropped_count++;
    }
    siding_mutex_unlock(&mutex);
}

#include "memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cache.h"

/* atomic: relaxed, a statistic that orders nothing */
static _Atomic(int64_t) held_bytes;

/* Not aligned_alloc: Windows has none, and no memory of its own that free() takes. */
void *memory_make_lines(size_t size_bytes) {
    char *whole = calloc(1, size_bytes + 2 * SIDING_CACHE_BYTES);
    if (whole == NULL) {
        return NULL;
    }
    size_t past = (uintptr_t)whole % SIDING_CACHE_BYTES;
    char *lines = whole + 2 * SIDING_CACHE_BYTES - past;
    memcpy(lines - sizeof whole, &whole, sizeof whole);
    return lines;
}

void memory_free_lines(void *lines) {
    if (lines != NULL) {
        char *whole;
        memcpy(&whole, (char *)lines - sizeof whole, sizeof whole);
        free(whole);
    }
}

void memory_count(int64_t bytes) {
    atomic_fetch_add_explicit(&held_bytes, bytes, memory_order_relaxed);
}

uint64_t memory_held(void) {
    int64_t bytes = atomic_load_explicit(&held_bytes, memory_order_relaxed);
    return bytes > 0 ? (uint64_t)bytes : 0;
}

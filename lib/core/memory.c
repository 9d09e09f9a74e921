#include "memory.h"

#include <stdatomic.h>

/* atomic: relaxed, a statistic that orders nothing */
static _Atomic(int64_t) held_bytes;

void memory_count(int64_t bytes) {
    atomic_fetch_add_explicit(&held_bytes, bytes, memory_order_relaxed);
}

uint64_t memory_held(void) {
    int64_t bytes = atomic_load_explicit(&held_bytes, memory_order_relaxed);
    return bytes > 0 ? (uint64_t)bytes : 0;
}

#include "memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cache.h"
#include "../include/siding.h"

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

int32_t memory_alloc(uint64_t size_bytes, uint64_t *out_address) {
    if (size_bytes == 0 || size_bytes > PTRDIFF_MAX) {
        return SIDING_EINVALID;
    }
    void *memory = calloc(1, (size_t)size_bytes);
    if (memory == NULL) {
        return SIDING_ENOMEM;
    }
    memory_count((int64_t)size_bytes);
    *out_address = (uintptr_t)memory;
    return SIDING_OK;
}

void memory_free(uint64_t address, uint64_t size_bytes) {
    free((void *)(uintptr_t)address);
    memory_count(-(int64_t)size_bytes);
}

void memory_count(int64_t bytes) {
    atomic_fetch_add_explicit(&held_bytes, bytes, memory_order_relaxed);
}

uint64_t memory_held(void) {
    int64_t bytes = atomic_load_explicit(&held_bytes, memory_order_relaxed);
    return bytes > 0 ? (uint64_t)bytes : 0;
}

/*
 * handle.h - opaque 53-bit handles: an index, what it names, and a generation.
 *
 *   bits 51..20 generation (never 0) | bits 19..16 kind | bits 15..0 index
 *
 * A slot of a table that hands out handles raises its generation each time it is reused and retires
 * when the generations are used up, so that no stale handle is ever taken for a live one.
 */
#ifndef SIDING_CORE_HANDLE_H
#define SIDING_CORE_HANDLE_H

#include <stdint.h>

enum handle_kind {
    HANDLE_BRIDGE = 1,
    HANDLE_CONTEXT = 2,
    HANDLE_LIBRARY = 3,
    HANDLE_BOUND = 4,
    HANDLE_REPEAT = 5,
    HANDLE_NEST = 6,
    HANDLE_CLOSURE = 7,
    HANDLE_ASK = 8,
    HANDLE_SOURCE = 9,
};

#define HANDLE_INDEX_MAX 0xffffu

static inline uint64_t handle_make(enum handle_kind kind, uint32_t index, uint32_t generation) {
    return (uint64_t)generation << 20 | (uint64_t)kind << 16 | index;
}

static inline uint32_t handle_index(uint64_t handle) {
    return (uint32_t)(handle & HANDLE_INDEX_MAX);
}

static inline uint32_t handle_kind_of(uint64_t handle) {
    return (uint32_t)(handle >> 16 & 0xf);
}

#endif

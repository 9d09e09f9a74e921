/*
 * bytes.h - what the fuzzer gave, taken bit by bit. When it is used up everything is 0.
 */
#ifndef SIDING_TESTS_FUZZ_BYTES_H
#define SIDING_TESTS_FUZZ_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const uint8_t *at;
    const uint8_t *end;
};

static inline uint64_t take(struct bytes *bytes, uint32_t size_bytes) {
    uint64_t number = 0;
    for (uint32_t i = 0; i < size_bytes && bytes->at != bytes->end; i++) {
        number |= (uint64_t)*bytes->at++ << 8 * i;
    }
    return number;
}

static inline uint32_t take_below(struct bytes *bytes, uint32_t limit) {
    return (uint32_t)(take(bytes, limit > 256 ? 4 : 1) % limit);
}

/* Mostly not, also when the bytes are used up. */
static inline bool take_rarely(struct bytes *bytes) {
    return take(bytes, 1) > 240;
}

/* A number of any size, those at the edges among them. */
static inline uint64_t take_number(struct bytes *bytes) {
    static const uint64_t edges[] = {
        0, 1, UINT32_MAX, 1ull << 32, INT64_MAX, 1ull << 53, UINT64_MAX, (uint64_t)INT64_MIN,
    };
    uint32_t kind = take_below(bytes, 4);
    if (kind == 0) {
        return edges[take_below(bytes, sizeof edges / sizeof edges[0])];
    }
    return take(bytes, kind == 1 ? 1 : kind == 2 ? 4 : 8);
}

#endif

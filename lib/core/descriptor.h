/*
 * descriptor.h - reads the bytes of a descriptor, never beyond their end.
 */
#ifndef SIDING_CORE_DESCRIPTOR_H
#define SIDING_CORE_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

/* owner: whoever prepares. `failed` sticks; then everything read is 0. */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline uint8_t next_byte(struct reader *reader) {
    if (reader->failed || reader->at == reader->end) {
        reader->failed = true;
        return 0;
    }
    return *reader->at++;
}

/* Little-endian. */
static inline uint64_t next_number(struct reader *reader, uint32_t size_bytes) {
    uint64_t number = 0;
    for (uint32_t i = 0; i < size_bytes; i++) {
        number |= (uint64_t)next_byte(reader) << 8 * i;
    }
    return number;
}

#endif

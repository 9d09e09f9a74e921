/*
 * tail.h - what a call's result, cells and arguments point to: copied on the thread that ran the
 * call, before anything else runs there, and freed if the signature says how.
 */
#ifndef SIDING_CORE_TAIL_H
#define SIDING_CORE_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/siding.h"

/* See "Signature descriptors" in siding.h. */
struct place {
    uint8_t base;
    uint16_t pointer_bytes;
    uint16_t offset_bytes;
};

struct factor {
    uint8_t code; /* enum siding_type, or 0: a constant */
    uint32_t constant;
    struct place place;
};

struct tail {
    uint8_t kind; /* enum siding_tail */
    uint8_t factors_count;
    struct place place;
    uint32_t constant_bytes; /* of BYTES, where that is known before a call; else UINT32_MAX */
    struct factor factors[SIDING_FACTORS_MAX];
    void (*free)(void *); /* or NULL */
};

/* Where the words of one call are. */
struct frame {
    const uint64_t *result;
    uint32_t result_words;
    const uint64_t *arguments;
};

/* Where the tails of one call are. */
struct tails {
    const struct tail *list;
    uint32_t count;
    uint64_t words; /* of all sizes and bytes together */
    /* of tail_find_foreign */
    uint64_t bytes_left; /* UINT64_MAX: without a limit, and every pointer is believed */
    bool has_bad_pointer;
    bool has_bad_size;
    struct {
        const uint8_t *from; /* NULL: no such tail */
        uint64_t size;
    } items[SIDING_TAILS_MAX];
};

/** Finds the tails of a call that has returned.
 *  @thread any, the one that ran the call  @blocks never */
void tail_find(const struct tail *list, uint32_t count, const struct frame *frame,
               struct tails *out_tails);
/** Copies them. @param out tails->words words  @thread as tail_find  @blocks never */
void tail_copy(const struct tails *tails, uint64_t *out);
/** Calls what frees them. @thread as tail_find  @blocks as long as that does */
void tail_free(const struct tails *tails);

/* ---- one at a time, for tail_foreign.c ------------------------------------------------------- */

/** Begins a walk that finds them. @param bytes_max of all together; UINT64_MAX: all is believed
 *  @thread any  @blocks never */
void tail_find_begin(const struct tail *list, uint32_t count, uint64_t bytes_max,
                     struct tails *out_tails);
/** Finds the next one. @thread as tail_find  @blocks never */
void tail_find_one(struct tails *tails, uint32_t index, const struct frame *frame);
/** Says instead that there is none, for its pointer is bad. @thread any  @blocks never */
void tail_lose(struct tails *tails, uint32_t index);
/** @return the pointer of a tail that lies in the frame  @thread any  @blocks never */
const uint8_t *tail_pointer(const struct tail *tail, const struct frame *frame);
/** @return whether it can be one: the first page is nobody's, and no address of a program has more
 *  than 56 bits  @thread any  @blocks never */
bool tail_is_plausible(const uint8_t *pointer);
/** @return words written, the last one padded  @thread any  @blocks never */
uint64_t tail_copy_bytes(const uint8_t *from, uint64_t size_bytes, uint64_t *out);
/** @return words that so many bytes take  @thread any  @blocks never */
static inline uint64_t tail_words_for(uint64_t size_bytes) {
    return size_bytes / 8 + (size_bytes % 8 != 0);
}

#endif

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
    /* of tail_find_within */
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
enum tail_verdict {
    TAIL_FINE,
    TAIL_BAD_POINTER, /* what no address can be was taken for NULL */
    TAIL_BAD_SIZE     /* a negative length, or more than bytes_max: not to be copied */
};

/** The same for what a C program passes in, which is believed less: so many bytes in all, and no
 *  pointer that cannot be one. @thread any, the one that called  @blocks never */
enum tail_verdict tail_find_within(const struct tail *list, uint32_t count,
                                   const struct frame *frame, uint64_t bytes_max,
                                   struct tails *out_tails);
/**
 * @return words of a list that needs no looking, their sizes included: bytes of known length, to
 *         which arguments point. 0: it is no such list
 * @thread any  @blocks never
 */
uint32_t tail_flat_words(const struct tail *list, uint32_t count);
/**
 * Finds and copies such a list of what a C program passes in.
 * @param out tail_flat_words of them
 * @param out_words how many were written
 * @return TAIL_FINE, TAIL_BAD_POINTER
 * @thread any, the one that called  @blocks never
 */
enum tail_verdict tail_copy_flat(const struct tail *list, uint32_t count, const struct frame *frame,
                                 uint64_t *out, uint32_t *out_words);
/** Copies them. @param out tails->words words  @thread as tail_find  @blocks never */
void tail_copy(const struct tails *tails, uint64_t *out);
/** Calls what frees them. @thread as tail_find  @blocks as long as that does */
void tail_free(const struct tails *tails);

#endif

/*
 * tail_foreign.h - tails of what a C program passes in, which is believed less than what C has
 * returned: so many bytes in all, no pointer that cannot be one, and memory that is not there is
 * taken for NULL.
 */
#ifndef SIDING_CORE_TAIL_FOREIGN_H
#define SIDING_CORE_TAIL_FOREIGN_H

#include <stdint.h>

#include "tail.h"

enum tail_verdict {
    TAIL_FINE,
    TAIL_BAD_POINTER, /* what no memory can be read through was taken for NULL */
    TAIL_BAD_SIZE     /* a negative length, or more than bytes_max: not to be copied */
};

/** Finds them, and has touched all that is then to be copied.
 *  @thread any, the one that called  @blocks never */
enum tail_verdict tail_find_foreign(const struct tail *list, uint32_t count,
                                    const struct frame *frame, uint64_t bytes_max,
                                    struct tails *out_tails);
/**
 * @return words of a list that needs no looking, their sizes included: bytes of known length, to
 *         which arguments point. 0: it is no such list
 * @thread any  @blocks never
 */
uint32_t tail_flat_words(const struct tail *list, uint32_t count);
/**
 * Finds and copies such a list.
 * @param out tail_flat_words of them
 * @param out_words how many were written
 * @return TAIL_FINE, TAIL_BAD_POINTER
 * @thread as tail_find_foreign  @blocks never
 */
enum tail_verdict tail_copy_flat(const struct tail *list, uint32_t count, const struct frame *frame,
                                 uint64_t *out, uint32_t *out_words);

#endif

/*
 * signature.h - prepared function signatures, made once and used for ever.
 */
#ifndef SIDING_CORE_SIGNATURE_H
#define SIDING_CORE_SIGNATURE_H

#include <ffi.h>
#include <stdbool.h>
#include <stdint.h>

#include "tail.h"

#define SIGNATURES_MAX 65536u
#define SIGNATURE_WORDS_MAX 2048u /* argument words, and payload words of an event */

struct chain;
struct route;

struct parameter {
    uint16_t offset;     /* in words, from the first argument word */
    uint16_t cell_words; /* of a cell, which follows its pointer word; else 0 */
    uint8_t type;        /* enum siding_type */
};

/* Immutable after signature_prepare; never freed. */
struct signature {
    ffi_cif cif;
    uint16_t parameters_count;
    uint16_t argument_words;
    uint16_t result_words; /* 1 at least */
    uint16_t cells_words;  /* of all cells that are reported */
    uint16_t tails_count;
    bool references; /* some argument word names a text or a buffer */
    bool has_cells;  /* some parameter is one */
    uint32_t descriptor_bytes;
    const uint8_t *descriptor;
    const struct parameter *parameters;
    const struct tail *tails;  /* that of a text result comes first */
    const struct chain *chain; /* NULL: one call */
    const struct route *route; /* NULL: by libffi */
};

/** See siding_signature_prepare. @thread any  @blocks never */
int32_t signature_prepare(const uint8_t *descriptor, uint32_t size_bytes);

/** @return the signature with this number, or NULL  @thread any  @blocks never */
const struct signature *signature_find(uint32_t number);

/** @return enum siding_type of what one that is not a chain returns  @thread any  @blocks never */
static inline uint8_t signature_result_type(const struct signature *signature) {
    return signature->descriptor[1];
}

/** @return words of a parameter, and of its cell  @thread any  @blocks never */
static inline uint32_t signature_parameter_words(const struct signature *signature,
                                                 uint32_t index) {
    uint32_t own = (uint32_t)((signature->cif.arg_types[index]->size + 7) / 8);
    return own + signature->parameters[index].cell_words;
}

/** @return how many there are  @thread any  @blocks never */
uint32_t signature_count(void);

#endif

/*
 * calls.h - signatures and call records, right and wrong. What a program must not get wrong is
 * always right: the address of the function, and that it can be called with that signature.
 */
#ifndef SIDING_TESTS_FUZZ_CALLS_H
#define SIDING_TESTS_FUZZ_CALLS_H

#include "bytes.h"

/* Prepares the first signatures. */
void calls_init(void);
/* Prepares another one. @return as siding_signature_prepare */
int32_t calls_prepare(struct bytes *bytes);
/* The number of a signature, mostly a prepared one. */
uint32_t calls_signature(struct bytes *bytes);
/* Fills records. @return how many words */
uint32_t calls_fill(struct bytes *bytes, uint64_t *words, uint32_t capacity_words);
/* The address of a function that does no harm. */
uint64_t calls_function(struct bytes *bytes);

#endif

/*
 * chain.h - several calls in one trip on one thread, with arguments from earlier results.
 */
#ifndef SIDING_CORE_CHAIN_H
#define SIDING_CORE_CHAIN_H

#include <stdint.h>

#include "descriptor.h"
#include "record.h"
#include "signature.h"

#define CHAIN_RESULT_WORDS 3u

struct chain;

/**
 * Reads the steps of a chain, up to the end of the descriptor.
 * @param inputs the signature of its inputs
 * @return NULL: malformed, or out of memory
 * @thread any  @blocks never  @owns the caller, for ever
 */
struct chain *chain_read(struct reader *reader, const struct signature *inputs);

/**
 * Runs a claimed record whose signature is a chain; what it emits is kept in the record.
 * @return 0, SIDING_ENOMEM, or SIDING_ECLOSED: its host went away meanwhile
 * @thread worker  @blocks as long as its functions do
 */
int32_t chain_run(struct record *record);

#endif

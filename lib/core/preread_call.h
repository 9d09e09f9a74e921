/*
 * preread_call.h - sources that read by a bound call of the host's.
 */
#ifndef SIDING_CORE_PREREAD_CALL_H
#define SIDING_CORE_PREREAD_CALL_H

#include <stdint.h>

#include "preread.h"

struct bound;

struct preread_call {
    struct bound *bound;    /* held */
    uint64_t emit_expected; /* immutable, as the next three */
    uint64_t until_expected;
    uint32_t emit_test;
    uint32_t until_test;
    uint32_t fruitless; /* runs since the last event or wait */
    uint64_t words[];   /* result words, argument words */
};

/** @return SIDING_OK, SIDING_EINVALID: a test that the result does not fit, holes, a chain;
 *          SIDING_ESTALE, SIDING_ENOMEM
 *  @thread js  @blocks never */
int32_t preread_call_create(const struct source *source,
                            const struct siding_source_options *options,
                            struct preread_call **out_call);
/** Frees it; NULL is none. @thread as preread_deinit  @blocks never */
void preread_call_destroy(struct preread_call *call);
/** Runs it, if the descriptor is readable.
 *  @thread poller  @blocks as long as the function does, which must not */
enum preread_step preread_call_step(struct source *source);

#endif

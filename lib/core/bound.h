/*
 * bound.h - bound calls: call records kept for later, run as often as wanted, on any thread.
 */
#ifndef SIDING_CORE_BOUND_H
#define SIDING_CORE_BOUND_H

#include <stdint.h>

#include "bridge.h"
#include "registry.h"
#include "signature.h"

/* A parameter whose words come with each run. */
struct hole {
    uint8_t parameter;
    uint8_t argument; /* of the caller's */
};

/* Immutable once its handle is given out, but for the blocks. */
struct bound {
    struct held held;            /* first */
    const struct bridge *bridge; /* only compared */
    uint64_t handle;             /* owner: the js thread that makes it */
    const struct signature *signature;
    void (*function)(void);
    uint16_t flags; /* one of CALL_ERRORS, or none */
    uint8_t holes_count;
    uint32_t size_bytes;
    uint64_t holes_mask;        /* a bit per parameter */
    const struct hole *holes;   /* behind the words */
    struct bound_block *blocks; /* owner: the js thread that makes it, then the last holder */
    uint64_t words[];           /* argument words, texts resolved and cells not; inline texts */
};

/** See siding_bound_create. @thread js  @blocks never */
int32_t bound_create(struct bridge *bridge, const uint64_t *record, uint32_t words,
                     const uint8_t *holes, uint32_t holes_count, uint64_t *out_bound);
/** See siding_bound_keep. @thread js  @blocks never */
int32_t bound_keep(struct bridge *bridge, uint64_t handle, uint32_t number);
/** See siding_bound_release. @thread any  @blocks never */
int32_t bound_drop(uint64_t handle);
/** Drops what a bridge has left. @thread js  @blocks never */
void bound_leave(const struct bridge *bridge);
/** @return the bound call, held for the caller, or NULL  @thread any  @blocks never */
struct bound *bound_find(uint64_t handle);
/** Lets go of it; NULL is none. @thread a holder  @blocks never */
void bound_release(struct bound *bound);
/** Writes its argument words for one run, but those of its holes. @thread any  @blocks never */
void bound_fill(const struct bound *bound, uint64_t *arguments);
/**
 * Makes addresses of the references in those of a record's words that are to stay in its holes.
 * @return SIDING_EINVALID
 * @thread js  @blocks never
 */
int32_t bound_resolve_holes(const struct bound *bound, uint64_t *arguments, uint32_t words,
                            struct block_table *blocks);
/** Runs it for its effect; it has no holes. @thread any but js  @blocks as long as the function */
void bound_run(const struct bound *bound);
/** Frees what the result of a run owns, which nobody wants. @param words result, then arguments
 *  @thread the one that ran it  @blocks as long as what frees it */
void bound_drop_result(const struct signature *signature, const uint64_t *words);
/** @return how many have a handle  @thread any  @blocks never */
uint32_t bound_count(void);

#endif

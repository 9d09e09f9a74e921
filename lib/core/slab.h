/*
 * slab.h - the records of one bridge, found by token and made in chunks when first used.
 */
#ifndef SIDING_CORE_SLAB_H
#define SIDING_CORE_SLAB_H

#include <stdint.h>

#include "record.h"

#define RECORDS_PER_CHUNK 256u

/* owner: the bridge's js thread, and after its death whoever disposes of the bridge; the records
   in it have owners of their own */
struct slab {
    struct record **chunks; /* NULL until a token of the chunk is used */
    uint64_t *held_tokens;  /* a bit each; NULL: none was ever held */
    uint32_t records_max;
};

/** @return 0 or SIDING_ENOMEM  @thread js  @blocks never */
int32_t slab_init(struct slab *slab, uint32_t records_max);
/** Frees every record with what hangs on it. @thread js, or the last user  @blocks never */
void slab_deinit(struct slab *slab);
/** @return the record of a token below records_max, or NULL: out of memory  @thread js */
struct record *slab_record(struct slab *slab, struct bridge *bridge, uint32_t token);
/** @return the record of a token, or NULL: none was ever made  @thread js  @blocks never */
struct record *slab_find(const struct slab *slab, uint32_t token);
/**
 * Keeps a token for events without a record, from others that do the same. That no call has it as
 * well is up to the host.
 * @return SIDING_EINVALID, SIDING_EBUSY: a call in flight has it, or it is held; SIDING_ENOMEM
 * @thread js  @blocks never
 */
int32_t slab_hold_token(struct slab *slab, uint32_t token);
/** @thread js  @blocks never */
void slab_drop_token(struct slab *slab, uint32_t token);
/** Gives the words of a record room. @return 0 or SIDING_ENOMEM  @thread js  @blocks never */
int32_t slab_reserve(struct record *record, uint32_t words);
/** Frees a DONE record whose event was written, and what hangs on it.
 *  @thread the record's owner  @blocks never */
void slab_recycle(struct record *record);

#endif

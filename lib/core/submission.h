/*
 * submission.h - taking call records from the host into the queues.
 */
#ifndef SIDING_CORE_SUBMISSION_H
#define SIDING_CORE_SUBMISSION_H

#include <stdint.h>

#include "bridge.h"

/** See siding_bridge_submit. @thread js  @blocks never */
int32_t submission_take(struct bridge *bridge, const uint64_t *records, uint32_t words);
/**
 * Claims a token for a record that is not made from a call record.
 * @return SIDING_EINVALID, SIDING_EBUSY, SIDING_ENOMEM
 * @thread js  @blocks never
 */
int32_t submission_claim(struct bridge *bridge, uint32_t token, struct record **out_record);
/** Takes back a claim: no event will come. @thread js  @blocks never */
void submission_unclaim(struct bridge *bridge, struct record *record);
/** See siding_bridge_cancel. @thread js  @blocks never */
int32_t submission_cancel(struct bridge *bridge, uint32_t token);
/** See siding_bridge_elapsed. @thread js  @blocks never */
int32_t submission_elapsed(struct bridge *bridge, uint32_t token, uint64_t *out_elapsed_ns);

#endif

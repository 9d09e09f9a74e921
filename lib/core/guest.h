/*
 * guest.h - calls on a context from threads without a bridge, which wait for the result.
 *
 * The record lies on the caller's stack; its words are those that the caller gave. It is pushed
 * under the lease's mutex, where the lease is still the one it means: so it lies in the inbox
 * before the node that ends the lease, or makes the slot not quiet.
 */
#ifndef SIDING_CORE_GUEST_H
#define SIDING_CORE_GUEST_H

#include <stdint.h>

struct bridge;
struct record;

/** See siding_context_call. @thread any  @blocks until the call has ended */
int32_t guest_call(uint64_t *source, uint32_t words, uint64_t *out_event, uint32_t capacity_words);
/** See siding_context_release_wait. @thread js  @blocks until the lease is over */
int32_t guest_release(struct bridge *bridge, uint64_t context);
/** Hands over the event of a DONE record without a bridge. @thread worker  @blocks never */
void guest_complete(struct record *record);

#endif

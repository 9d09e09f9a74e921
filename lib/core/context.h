/*
 * context.h - leases of one bridge: a slot whose thread runs this bridge's calls in order.
 */
#ifndef SIDING_CORE_CONTEXT_H
#define SIDING_CORE_CONTEXT_H

#include <stdint.h>

struct bridge;

/** See siding_context_acquire. @thread js  @blocks never */
int32_t context_acquire(struct bridge *bridge, const char *name, uint64_t *out_context);
/** See siding_context_release. @thread js  @blocks never */
int32_t context_release(struct bridge *bridge, uint64_t context, uint32_t token);

#endif

/*
 * context.h - what a bridge does with leased slots.
 */
#ifndef SIDING_CORE_CONTEXT_H
#define SIDING_CORE_CONTEXT_H

#include <stdint.h>

#include "../include/siding.h"

struct bridge;

/** See siding_context_acquire. @thread js  @blocks never */
int32_t context_acquire(struct bridge *bridge, const struct siding_context_options *options,
                        const char *name, uint32_t token, uint64_t *out_context);
/** See siding_context_release. @thread js  @blocks never */
int32_t context_release(struct bridge *bridge, uint64_t context, uint32_t token);
/** See siding_context_share. @thread js  @blocks never */
int32_t context_share(struct bridge *bridge, uint64_t context, uint64_t *out_share);
/** See siding_context_attach. @thread js  @blocks never */
int32_t context_attach(struct bridge *bridge, uint64_t share, uint64_t *out_context);
/** See siding_context_defer. @thread js  @blocks never */
int32_t context_defer(struct bridge *bridge, uint64_t context, uint64_t bound_handle);
/** See siding_context_undefer. @thread js  @blocks never */
int32_t context_undefer(struct bridge *bridge, uint64_t context, uint64_t bound_handle);
/** See siding_context_interrupt_with. @thread js  @blocks never */
int32_t context_interrupt_with(struct bridge *bridge, uint64_t context,
                               const struct siding_interrupt *options);
/** See siding_context_listen. @thread js  @blocks never */
int32_t context_listen(struct bridge *bridge, uint64_t context, uint32_t token);
/** See siding_bridge_interrupt. @thread js  @blocks never */
int32_t context_interrupt(struct bridge *bridge, uint32_t token,
                          const struct siding_interrupt *options);
/** Releases all that a bridge has. @thread js  @blocks never */
void context_leave_all(struct bridge *bridge);

#endif

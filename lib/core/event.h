/*
 * event.h - turning finished records into event records for the host.
 */
#ifndef SIDING_CORE_EVENT_H
#define SIDING_CORE_EVENT_H

#include <stdint.h>

#include "bridge.h"

/** See siding_bridge_drain. @thread js  @blocks never */
int32_t event_drain(struct bridge *bridge, uint64_t *out_events, uint32_t capacity_words);
/** See siding_bridge_feed. @thread js  @blocks never */
int32_t event_feed(struct bridge *bridge, const uint64_t *records, uint32_t words);
/** See siding_bridge_exchange. @thread js  @blocks at most spin_ns */
int32_t event_exchange(struct bridge *bridge, const uint64_t *records, uint32_t words,
                       uint64_t *out_events, uint32_t capacity_words, uint32_t events_min,
                       uint32_t spin_ns);
/**
 * See siding_call_here.
 * @param bridge NULL: no blocks
 * @thread any  @blocks as long as the function does
 */
int32_t event_call_here(struct bridge *bridge, uint64_t *record, uint32_t words,
                        uint64_t *out_event, uint32_t capacity_words, void *const *lent);

#endif

/*
 * exchange.h - calls down and events up, in one or in two steps.
 */
#ifndef SIDING_CORE_EXCHANGE_H
#define SIDING_CORE_EXCHANGE_H

#include <stdint.h>

#include "bridge.h"

#define EXCHANGE_SPIN_NS_MAX 1000000u

/** See siding_bridge_drain. @thread js  @blocks never */
int32_t exchange_drain(struct bridge *bridge, uint64_t *out_events, uint32_t capacity_words);
/** See siding_bridge_feed. @thread js  @blocks never */
int32_t exchange_feed(struct bridge *bridge, const uint64_t *records, uint32_t words);
/** See siding_bridge_exchange. @thread js  @blocks at most spin_ns */
int32_t exchange_both(struct bridge *bridge, const uint64_t *records, uint32_t words,
                      uint64_t *out_events, uint32_t capacity_words, uint32_t events_min,
                      uint32_t spin_ns);
/** See siding_bridge_await. @thread js  @blocks at most spin_ns, and one turn of a task */
int32_t exchange_await(struct bridge *bridge, uint64_t *out_events, uint32_t capacity_words,
                       uint32_t spin_ns);

#endif

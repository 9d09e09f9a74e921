/*
 * callback.h - functions of the host that C calls by a pointer, from any thread.
 *
 *   C calls on    the bridge's own thread   another one, mode POST   another one, mode CALL
 *                 the dispatcher runs       the event goes into      the same, with an ask
 *                 inside the call           the ring, C goes on      (ask.h) that C waits for
 *
 * Closing one closes its door first (closure.h), then its ring, then its asks: who came in before
 * finds one of them closed, or is let go by it.
 */
#ifndef SIDING_CORE_CALLBACK_H
#define SIDING_CORE_CALLBACK_H

#include <stdint.h>

#include "bridge.h"

/** See siding_callback_open. @thread js  @blocks never */
int32_t callback_open(struct bridge *bridge, const struct siding_callback_options *options,
                      const uint64_t *values, uint32_t values_words, uint64_t *out_closure,
                      uint64_t *out_pointer);
/** See siding_callback_pull. @thread js  @blocks never */
int32_t callback_pull(const struct bridge *bridge, uint64_t closure, uint32_t count);
/** See siding_callback_answer. @thread js  @blocks never */
int32_t callback_answer(struct bridge *bridge, const uint64_t *answers, uint32_t words);
/** See siding_callback_stats_read. @thread js  @blocks never */
int32_t callback_stats(const struct bridge *bridge, uint64_t closure,
                       struct siding_callback_stats *out_stats);
/** @return how many are open  @thread any  @blocks never */
uint32_t callback_count(void);

#endif

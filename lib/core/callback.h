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

#include <stdbool.h>
#include <stdint.h>

#include "bridge.h"
#include "closure.h"
#include "ring.h"

struct bound;
struct node;
struct sink;

/* Which of the values of a callback C gets. */
enum callback_value { VALUE_CLOSED, VALUE_TIMEOUT, VALUE_THROW, VALUES };

/* Immutable while C may call it, but for the ring and the counts. */
struct callback {
    struct target target; /* first */
    const struct signature *signature;
    struct bound *retain; /* held, or NULL */
    uint64_t handle;
    uint32_t timeout_ms;
    uint32_t tail_bytes_max;
    uint32_t returned; /* parameter, or SIDING_RETURN_VALUE */
    bool waits;        /* mode CALL */
    bool is_flat;      /* its tails need no looking: tail_flat_words */
    struct ring ring;  /* its options name the bridge, retained, and the token */
    struct node end;   /* NODE_ENDED; owner: js */
    uint64_t late;     /* answers; owner: js */
    uint64_t values[]; /* of a POST one, of a CALL three: enum callback_value */
};

static inline struct bridge *callback_bridge(const struct callback *callback) {
    return callback->ring.options.bridge;
}

/** See siding_callback_open. @thread js  @blocks never */
int32_t callback_open(struct bridge *bridge, const struct siding_callback_options *options,
                      const uint64_t *values, uint32_t given_words, uint64_t *out_closure,
                      uint64_t *out_pointer);
/** See siding_callback_pull. @thread js  @blocks never */
int32_t callback_pull(const struct bridge *bridge, uint64_t closure, uint32_t count);
/** See siding_callback_answer. @thread js  @blocks never */
int32_t callback_answer(struct bridge *bridge, const uint64_t *answers, uint32_t words);
/** See siding_callback_stats_read. @thread js  @blocks never */
int32_t callback_stats(const struct bridge *bridge, uint64_t closure,
                       struct siding_callback_stats *out_stats);
/** Writes the event that is the end of a callback, and frees its token.
 *  @return false: no room  @thread js  @blocks never */
bool callback_read_end(struct node *node, struct sink *sink);
/** Nobody will read it. @thread js  @blocks never */
void callback_drop_end(struct node *node);

/** @return how many are open  @thread any  @blocks never */
uint32_t callback_count(void);

#endif

/*
 * ask.h - a C thread that waits inside a callback for the host's answer.
 *
 *           open               claim               result written              end
 *   FREE ──────────▶ WAITING ──────────▶ CLAIMED ────────────────────▶ SETTLED ──────▶ FREE
 *                       │                                                               ▲
 *                       └─ the waiter claims it itself: timeout, its lease is over ─────┘
 *
 * WAITING has two contenders, who answers (or closes) and the waiter that gives up: both moves are
 * compare-and-swaps. The state carries a turn that grows with each end, and so does the handle: a
 * late answer finds another turn. Asks are type-stable: reused, never freed.
 *
 * A thread of the pool that has a lease waits in a nest, and serves the calls made through it; any
 * other thread sleeps on a word of the bridge, so that one wake-up serves a whole batch of answers.
 */
#ifndef SIDING_CORE_ASK_H
#define SIDING_CORE_ASK_H

#include <stdint.h>

#include "bridge.h"
#include "handle.h"

struct ask;

#define ASKS_MAX (HANDLE_INDEX_MAX + 1)

enum ask_outcome {
    ASK_ANSWERED, /* the result is there */
    ASK_THROWN,   /* the host has none */
    ASK_TIMEOUT,
    ASK_CLOSED /* the callback, its bridge or the thread's lease has ended */
};

/**
 * Opens one for the calling thread.
 * @param owner the callback's handle
 * @param out_result where an answer's words go, until ask_wait or ask_cancel returns
 * @param result_words how many an answer must have
 * @return NULL: ASKS_MAX wait, or out of memory
 * @thread any that keeps the bridge from being vacant (bridge_retain)  @blocks never
 */
struct ask *ask_open(struct bridge *bridge, uint64_t owner, uint64_t *out_result,
                     uint32_t result_words);
/** Writes the three words that precede the arguments in the event of a CALL: the ask, its nest or
 *  0, the context or 0. @thread who opened it  @blocks never */
void ask_describe(const struct ask *ask, uint64_t *out_words);
/**
 * Waits for the outcome, and ends the ask.
 * @thread who opened it  @blocks at most timeout_ns and what a nested call takes longer
 */
enum ask_outcome ask_wait(struct ask *ask, uint64_t timeout_ns);
/** Ends an ask that the host was not told of. @thread who opened it  @blocks never */
void ask_cancel(struct ask *ask);

/** Told of a late answer. @param owner 0: not known; maybe of another bridge than who answered */
typedef void late_function(const struct bridge *bridge, uint64_t owner);
/**
 * See siding_callback_answer. One wake-up at most for all of them.
 * @param late called for each ask that nobody waits for any more
 * @return the number of records, or SIDING_EINVALID
 * @thread js  @blocks never
 */
int32_t ask_answer(struct bridge *bridge, const uint64_t *records, uint32_t words,
                   late_function *late);
/** Settles all that wait for one owner: ASK_CLOSED. @thread js  @blocks never */
void ask_close_all(struct bridge *bridge, uint64_t owner);
/** @return how many wait  @thread any  @blocks never */
uint32_t ask_count(void);

#endif

/*
 * repeat.h - calls that a context's thread makes again and again: a library's own event loop.
 *
 * A host queues calls (bodies) for a repetition as for a context. The slot's thread keeps them
 * apart from other calls and runs one at a time when none of those waits. A run that is selected
 * gives the call's event and uses the call up; any other goes back to the end of the line. So the
 * number of bodies queued is the number of events that the host is ready to take.
 *
 * While a body is in C the slot's inbox says that its consumer sleeps, though it does not: the push
 * that would wake a thread asks for the repetition's wake instead.
 */
#ifndef SIDING_CORE_REPEAT_H
#define SIDING_CORE_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge.h"
#include "interrupt.h"
#include "record.h"
#include "registry.h"

struct slot;

struct repeat {
    struct held held;                     /* first */
    struct bridge *bridge;                /* immutable; only compared */
    struct slot *slot;                    /* immutable */
    uint64_t lease;                       /* immutable */
    uint64_t handle;                      /* owner: js */
    struct siding_repeat_options options; /* immutable */
    struct interrupt wake;                /* immutable */
    _Atomic(bool) has_ended;              /* atomic: seq_cst against lease.body, see repeat_close */
};

/** See siding_repeat_open. @thread js  @blocks never */
int32_t repeat_open(struct bridge *bridge, const struct siding_repeat_options *options,
                    uint64_t *out_repeat);
/** See siding_repeat_close. @thread js  @blocks never */
int32_t repeat_close(struct bridge *bridge, uint64_t handle);
/** Closes what a bridge has left open. @thread js  @blocks never */
void repeat_leave(struct bridge *bridge);
/** @return the repetition of this bridge, held for the caller, or NULL  @thread js */
struct repeat *repeat_find(const struct bridge *bridge, uint64_t handle);
/** Lets go of it; NULL is none. @thread a holder  @blocks never */
void repeat_release(struct repeat *repeat);

/** Takes the bodies that have come into the line. @thread worker, the slot's own  @blocks never */
void repeat_take(struct slot *slot);
/** Runs the next body. @thread worker, the slot's own  @blocks as long as it does */
void repeat_run(struct slot *slot);
/** Node NODE_POKE: answers the calls of repetitions that have ended.
 *  @thread worker, the slot's own  @blocks never */
void repeat_sweep(struct slot *slot);
/** Answers all calls, for the lease ends. @thread worker, the slot's own  @blocks never */
void repeat_refuse_all(struct slot *slot);
/** Asks for a wake if the slot's thread is in a body. @return whether it is
 *  @thread any  @blocks never */
bool repeat_wakes(struct slot *slot);

#endif

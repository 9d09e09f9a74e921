/*
 * nest.h - calls that a thread serves while it waits inside a call: what a callback's own handle
 * names.
 *
 * A thread that calls out of C and must wait for an answer would deadlock if making that answer
 * needed the very context that it runs. So it opens a nest: calls that name the nest's handle run
 * on this thread, inside the call that waits, until somebody finishes the nest. Nests are finished
 * innermost first; the end of the lease finishes all.
 */
#ifndef SIDING_CORE_NEST_H
#define SIDING_CORE_NEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bridge.h"
#include "inbox.h"
#include "registry.h"
#include "slot.h"

struct nest {
    struct held held;      /* first */
    struct bridge *bridge; /* immutable; who may call */
    struct slot *slot;     /* immutable */
    struct nest *outer;    /* immutable */
    uint64_t handle;       /* immutable once it is open */
    struct inbox inbox;    /* consumer: the slot's thread */
    _Atomic(bool) is_over; /* atomic: release in nest_finish, acquire in nest_serve */
};

/** Opens one for a bridge, inside a call. @return NULL: out of memory or handles
 *  @thread worker  @blocks never  @owns the caller, until nest_serve has returned */
struct nest *nest_open(struct bridge *bridge);
/** Serves its calls until it is finished; the rest gets SIDING_ERECYCLING. It is gone afterwards.
 *  @thread worker, the one that opened it  @blocks until nest_finish */
void nest_serve(struct nest *nest);
/** The same for at most timeout_ns. @return whether it was finished
 *  @thread worker, the one that opened it  @blocks at most timeout_ns, and what a call that has
 *  begun by then takes longer */
bool nest_serve_for(struct nest *nest, uint64_t timeout_ns);
/** Lets the thread go on. @return SIDING_ESTALE  @thread any  @blocks never */
int32_t nest_finish(uint64_t handle);
/** Finishes all that a slot's thread is in. @thread any  @blocks never */
void nest_finish_all(struct slot *slot) SIDING_REQUIRES(&slot->lease.mutex);
/** @return the nest of this bridge, held for the caller, or NULL  @thread js  @blocks never */
struct nest *nest_find(const struct bridge *bridge, uint64_t handle);
/** Lets go of it; NULL is none. @thread a holder  @blocks never */
void nest_release(struct nest *nest);
/** Gives it calls. @return false: it has been finished, they are still the caller's
 *  @thread js  @blocks never */
bool nest_push(struct nest *nest, struct node *first, struct node *last);

#endif

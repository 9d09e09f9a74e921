/*
 * slot.h - one pool thread, and what it is used for.
 *
 *                 summoned                     queue empty
 *          ┌────────────────────▶ SHARED ──────────────────────┐
 *          │                                                   ▼
 *   VACANT ┤                                                VACANT
 *          │  claimed              release asked               ▲
 *          └─────────▶ ACTIVE ───────────────────▶ RELEASING ──┘  its last call has run
 *
 * A vacant slot is on the idle stack of pool.c; taking it off makes its taker the owner. Whatever
 * wakes a slot's thread is a node in its inbox: a call, a duty of the shared queue, a release.
 */
#ifndef SIDING_CORE_SLOT_H
#define SIDING_CORE_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/cache.h"
#include "../platform/platform.h"
#include "inbox.h"
#include "outbox.h"

struct bridge;
struct record;

enum slot_state { SLOT_VACANT, SLOT_SHARED, SLOT_ACTIVE, SLOT_RELEASING, SLOT_STATES };

#define SLOT_NAME_BYTES 16

struct slot {
    /* its thread's own */
    _Alignas(SIDING_CACHE_BYTES) struct outbox outbox; /* owner: its thread */
    uint64_t idle_since_ns;                            /* 0: not idle; owner: its thread */
    uint32_t spin_ns; /* how long to spin when idle; owner: its thread */

    /* what it has in common with whoever gives it work */
    _Alignas(SIDING_CACHE_BYTES) struct inbox inbox; /* consumer: its thread */
    struct siding_parker parker;                     /* its thread's */
    _Atomic(uint32_t) state;                         /* enum slot_state; atomic: see slot_move */
    _Atomic(uint32_t) idle_next; /* link of the idle stack; atomic: see pool.c */

    /* its lease, which the lessee looks at for every batch of calls */
    _Alignas(SIDING_CACHE_BYTES) _Atomic(uint64_t) lease; /* context handle while ACTIVE, else 0;
                                                             atomic: relaxed, only compared */
    _Atomic(struct bridge *) bridge; /* the lessee; written by its js thread; atomic: relaxed,
                                        foreign js threads only compare it */
    uint32_t index;                  /* immutable after it was made */
    uint32_t generation;             /* owner: who took the slot off the idle stack */
    struct slot *lease_next;         /* link of bridge->leases; owner: the lessee's js thread */
    struct record *release;     /* reports the end of the lease, or NULL; handed over by inbox */
    struct node duty;           /* NODE_SERVE, NODE_FOLLOW, NODE_NAME; owner: who took the slot */
    struct node release_node;   /* NODE_RELEASE; owner: the lessee's js thread */
    char name[SLOT_NAME_BYTES]; /* handed over by inbox */
};

/** Makes a slot in state `state`, its thread not started. @return NULL: out of memory or threads */
struct slot *slot_create(uint32_t index, enum slot_state state);
/** Starts the thread of a slot just made. @return 0 or the system's error  @thread its creator */
int32_t slot_start(struct slot *slot, uint32_t stack_bytes);
/** Frees a slot whose thread never started. @thread its creator */
void slot_destroy(struct slot *slot);

/** Makes a legal move. @thread the owner  @blocks never */
void slot_move(struct slot *slot, enum slot_state from, enum slot_state to);
/** Gives nodes to its thread and wakes it if it sleeps. @thread any  @blocks never */
void slot_push(struct slot *slot, struct node *first, struct node *last);

/** @return the leased slot, or NULL: no lease of this bridge  @thread js  @blocks never */
struct slot *slot_find_lease(const struct bridge *bridge, uint64_t lease);
/**
 * Ends a lease once everything queued has run.
 * @param report a QUEUED record to be delivered then, or NULL
 * @thread js of the lessee  @blocks never
 */
void slot_release_lease(struct slot *slot, struct record *report);

/**
 * Spins while `inbox` is empty, once per idle stretch of the thread and if no other thread does.
 * @return whether it got something
 * @thread worker, the slot's own  @blocks at most the pool's spin time
 */
bool slot_spin(struct slot *slot, struct inbox *inbox);

#endif

/*
 * slot.h - one pool thread, and what it is used for.
 *
 *              summoned
 *         ┌──────────────▶ SHARED ─────────────────────────────────┐ queue empty
 *         │                                                        │
 *         │ claimed          release asked          worker takes it up           done
 *  VACANT ┼────▶ ACTIVE ───────────────▶ RECYCLE_PENDING ─────▶ RECYCLING ──────────────▶ VACANT
 *         │        │                          │                 │     ▲ │
 *         │        └─ quiet: VACANT           │ drain timed out │     │ └ fresh: RETIRED
 *         │                                   ▼                 ▼     │
 *         │                                 WEDGED ◀──── teardown     │ C returned
 *         │                                    │      timed out       │
 *         │ idle for long                      └──────────────────────┘
 *         └────▶ RETIRED ── a thread is started for it again ──▶ SHARED, ACTIVE
 *
 * A vacant slot is on the idle stack of pool.c. Who takes it off claims it by compare-and-swap, for
 * the watch may retire it where it is. Of a lease that ends, worker and watch move the slot under
 * the lease's mutex. Whatever wakes a slot's thread is a node in its inbox.
 */
#ifndef SIDING_CORE_SLOT_H
#define SIDING_CORE_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/cache.h"
#include "../platform/platform.h"
#include "inbox.h"
#include "lease.h"
#include "outbox.h"
#include "run.h"

enum slot_state {
    SLOT_VACANT,
    SLOT_SHARED,
    SLOT_ACTIVE,
    SLOT_RECYCLE_PENDING,
    SLOT_RECYCLING,
    SLOT_WEDGED,
    SLOT_RETIRED,
    SLOT_STATES
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): what threads write lies apart */
struct slot {
    /* its thread's own */
    _Alignas(SIDING_CACHE_BYTES) struct outbox outbox; /* owner: its thread */
    uint64_t idle_since_ns;                            /* 0: not idle; owner: its thread */
    uint32_t spin_ns;       /* how long to spin when idle; owner: its thread */
    struct node *bodies;    /* calls of repetitions, next first; owner: its thread */
    struct node *body_last; /* owner: its thread */

    /* what it has in common with whoever gives it work */
    _Alignas(SIDING_CACHE_BYTES) struct inbox inbox; /* consumer: its thread */
    struct inbox later;                /* bodies, which wait for all calls; likewise */
    struct siding_parker parker;       /* its thread's */
    _Atomic(uint64_t) state;           /* turn << 8 | enum slot_state; atomic: see slot_try */
    _Atomic(uint64_t) vacant_since_ns; /* atomic: relaxed, a mere time */
    _Atomic(uint32_t) idle_next;       /* link of the idle stack; atomic: see pool.c */
    _Atomic(uint32_t) retire_steps;    /* atomic: acq_rel, see pool.c */
    _Atomic(bool) quiet;               /* everything taken was handled; atomic: see slot_is_quiet */
    struct slot *retired_next;         /* owner: start_mutex of pool.c */
    struct node duty; /* NODE_SERVE, NODE_FOLLOW, NODE_NAME, NODE_END; owner: who took the slot */
    struct node release_node; /* NODE_RELEASE; owner: who ends the lease */
    struct node poke_node;    /* NODE_POKE; owner: who has set `is_poked` */
    _Atomic(bool) is_poked;   /* atomic: acq_rel, see repeat.c */

    struct lease lease;
    _Alignas(SIDING_CACHE_BYTES) struct run run;
    uint32_t index; /* immutable after it was made */
};

/** Makes a slot in state RETIRED, without a thread. @return NULL: out of memory */
struct slot *slot_create(uint32_t index);
/** Starts its thread. @return 0 or errno  @thread its creator */
int32_t slot_start(struct slot *slot, uint32_t stack_bytes);
/** Makes a slot RETIRED whose thread could not be started. @thread its creator */
void slot_withdraw(struct slot *slot);

/** @return its state, with the turn: unique until the next time that it is vacant */
static inline uint64_t slot_look(const struct slot *slot) {
    /* pairs with slot_try_from; seq_cst: the watch looks after it has said that it does */
    return atomic_load_explicit(&slot->state, memory_order_seq_cst);
}
static inline enum slot_state slot_state_of(uint64_t look) {
    return (enum slot_state)(look & 0xff);
}
/** Makes a legal move if the slot still is as it was seen. @thread any  @blocks never */
bool slot_try_from(struct slot *slot, uint64_t look, enum slot_state to);
/** The same, from that state. @thread any  @blocks never */
bool slot_try(struct slot *slot, enum slot_state from, enum slot_state to);
/** Makes it VACANT, and notes since when. @thread the owner  @blocks never */
void slot_move_to_vacant(struct slot *slot, enum slot_state from);
/** Makes a move that nobody contends; asserts it. @thread the owner  @blocks never */
void slot_move(struct slot *slot, enum slot_state from, enum slot_state to);

/** Gives nodes to its thread and wakes it if it sleeps. @thread any  @blocks never */
void slot_push(struct slot *slot, struct node *first, struct node *last);
/** The same for calls of repetitions: they wake no body that runs. @thread any  @blocks never */
void slot_push_later(struct slot *slot, struct node *first, struct node *last);
/** Wakes its thread after a push that asks for it. @thread any  @blocks never */
void slot_rouse(struct slot *slot);
/** @return whether everything pushed so far was handled, if nobody else pushes
 *  @thread any  @blocks never */
bool slot_is_quiet(struct slot *slot);
/** @return the slot of the calling thread, or NULL  @thread any  @blocks never */
struct slot *slot_current(void);

/**
 * Spins while `inbox` is empty, once per idle stretch of the thread and if no other thread does.
 * @return whether it got something
 * @thread worker, the slot's own  @blocks at most the pool's spin time
 */
bool slot_spin(struct slot *slot, struct inbox *inbox);

#endif

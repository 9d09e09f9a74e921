/*
 * bridge.h - one host thread's connection: its slab, its blocks, and how to wake it.
 *
 *           open                 close, or its thread ends           last call in flight ended
 *   VACANT ──────▶ OPEN ────────────────────────────────▶ CLOSING ──────────────────────────▶
 *   VACANT
 *
 * Bridges are type-stable: their memory is reused for other bridges, never freed. So a worker that
 * has just delivered the last event of a bridge may still kick it; the worst is a wake-up too many.
 */
#ifndef SIDING_CORE_BRIDGE_H
#define SIDING_CORE_BRIDGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/cache.h"
#include "../include/siding.h"
#include "../platform/platform.h"
#include "block.h"
#include "door.h"
#include "inbox.h"
#include "slab.h"

#define BRIDGES_MAX 4096u

enum bridge_state { BRIDGE_VACANT, BRIDGE_OPEN, BRIDGE_CLOSING, BRIDGE_STATES };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): what threads write lies apart */
struct bridge {
    /* pushed to by workers */
    _Alignas(SIDING_CACHE_BYTES) struct inbox completed; /* DONE records, batches; consumer: js */

    /* read by workers for every call, seldom written */
    _Alignas(SIDING_CACHE_BYTES) _Atomic(uint32_t) state; /* enum bridge_state; see bridge_move */
    uint32_t index;                                       /* immutable after it was made */
    _Atomic(uint64_t) handle;     /* 0 unless OPEN; atomic: relaxed, compared only */
    _Atomic(uintptr_t) thread;    /* atomic: relaxed, immutable while OPEN */
    _Atomic(int64_t) outstanding; /* who uses slab and blocks; atomic: acq_rel, see bridge_close */
    _Atomic(int64_t) holders;     /* see bridge_retain; atomic: acq_rel, the last sees it all */
    struct door kick_door;
    struct siding_channel channel; /* immutable behind kick_door */
    void (*wake)(void);            /* NULL: the channel; likewise */
    bool closes_host;           /* written before kick_door is closed, read by the last one out */
    uint32_t generation;        /* owner: registry_mutex of bridge.c */
    struct bridge *next_vacant; /* owner: registry_mutex of bridge.c */

    /* what C threads that wait for an answer look at, see ask.c */
    _Alignas(SIDING_CACHE_BYTES) _Atomic(uint32_t) answers; /* grows with each batch of answers */
    _Atomic(uint32_t) answer_sleepers;                      /* atomic: seq_cst against answers */
    _Atomic(bool) answer_spinner; /* atomic: relaxed, a permit that guards no data */

    /* its host's own */
    _Alignas(SIDING_CACHE_BYTES) struct slab slab; /* owner: js */
    struct block_table blocks;                     /* owner: js */
    struct node *undelivered;   /* taken from `completed`, not yet read to the end; owner: js */
    uint32_t in_flight;         /* calls whose event was not drained; owner: js */
    uint32_t calls_here;        /* of siding_call_here, one inside the other; owner: js */
    void (*dispatcher)(void);   /* of siding_bridge_inline, or NULL; owner: js */
    uint64_t *frame;            /* likewise */
    struct source *sources;     /* its own, newest first; owner: js */
    struct bridge *thread_next; /* next bridge of the same thread; owner: js */
};

/** See siding_bridge_open. @thread any, becomes js  @blocks never */
int32_t bridge_open(const struct siding_bridge_options *options, uint64_t *out_handle,
                    int32_t *out_descriptor);
/** @return 0, SIDING_ESTALE, or SIDING_ETHREAD on another thread than js  @blocks never */
int32_t bridge_find(uint64_t handle, struct bridge **out_bridge);
/**
 * See siding_bridge_close.
 * @param host_gone its thread has ended: nobody else closes the host's end of the channel
 * @thread js  @blocks never
 */
void bridge_close(struct bridge *bridge, bool host_gone);
/** @return whether its host still wants results  @thread any  @blocks never */
bool bridge_is_open(struct bridge *bridge);
/**
 * Takes a DONE record or a batch to the host, waking it if need be.
 * @return false: the bridge is closed, the event is lost and the batch still the caller's
 * @thread any  @blocks never
 */
bool bridge_deliver(struct bridge *bridge, struct node *node);
/** Pushes without waking: INBOX_PUSHED_WAKE asks the caller to bridge_kick, with no mutex held,
 *  for a host's wake function may wait for its thread. @thread any  @blocks never */
enum inbox_push bridge_push(struct bridge *bridge, struct node *node);
/** Counts the event of a call that bridge_push has refused. @thread any  @blocks never */
void bridge_lose(struct bridge *bridge);
/** @return events lost for want of a host  @thread any  @blocks never */
uint64_t bridge_lost(void);
/**
 * Keeps a bridge from becoming VACANT, though not from being closed: after that only its inbox, its
 * doors and its words for waiting threads may be used.
 * @thread js, or a holder  @blocks never
 */
void bridge_retain(struct bridge *bridge);
/** Lets go of it; the last one makes it VACANT. @thread a holder  @blocks never */
void bridge_let_go(struct bridge *bridge);
/** Keeps the blocks while C runs on the host's thread, which may close the bridge in a callback.
 *  @thread js  @blocks never */
void bridge_begin_here(struct bridge *bridge);
/** Ends that. @thread js  @blocks never */
void bridge_end_here(struct bridge *bridge);
/** See siding_bridge_inline. @thread js  @blocks never */
void bridge_set_inline(struct bridge *bridge, void (*dispatcher)(void), uint64_t *frame);
/** Wakes the host, whether it sleeps or not: takes no lock. @thread any  @blocks never */
void bridge_kick(struct bridge *bridge);
/** @return bridges open now  @thread any  @blocks never */
uint32_t bridge_count(void);
/** @return kicks made since the library was loaded  @thread any  @blocks never */
uint64_t bridge_kicks(void);

#endif

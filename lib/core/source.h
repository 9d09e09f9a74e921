/*
 * source.h - what a host waits for: a descriptor, a time, a signal, a child, a post, or data.
 *
 *   kinds that tally   READY to EVENT: what happens is added up in `tally`, and the source itself
 *                      is a node of its bridge's inbox while there is something to tell
 *   kinds that read    READ to CALL: the poller fills pages (page.h) and pushes those; the source
 *                      is a node for its end alone
 *
 *        pull           something to tell, the end
 *   IDLE ──────▶ ASKED ───────────────────────────▶ QUEUED ──▶ the end was told
 *    ▲ │ the end   ▲                                ▲ │ │
 *    │ └───────────┼────────────────────────────────┘ │ │
 *    │             └────── visit, more was asked ─────┘ │
 *    └──────────────────── visit, no more was asked ────┘
 *
 * Whoever moves it to QUEUED pushes the node. A visit leaves it ASKED or IDLE and then looks at
 * what there is to tell; who has something to tell stores that and then looks at the state: all
 * sequentially consistent, so one sees the other. Only js leaves IDLE, but for the end. source.pml
 * has it for spin.
 *
 * ENDED goes with each of them, and never again. Its owner, js or the poller, ends it once, by
 * source_end, and uses it no more. The host's hold goes with the node from then on, until the end
 * was told or the node was dropped. The end is one step, ENDED and QUEUED together, and so is the
 * drop, which looks at ENDED and leaves QUEUED: what was there before says who has the node, and
 * who has not touches the source no more, for it may be free and another's.
 */
#ifndef SIDING_CORE_SOURCE_H
#define SIDING_CORE_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../include/siding.h"
#include "door.h"
#include "inbox.h"
#include "registry.h"

struct bridge;
struct registration;
struct sink;
struct source;
struct task;
struct told;

#define SOURCES_MAX HANDLE_INDEX_MAX

/* Bits, see above; a QUEUED one may be ASKED as well. */
enum source_state { SOURCE_IDLE = 0, SOURCE_ASKED = 1, SOURCE_QUEUED = 2, SOURCE_ENDED = 4 };

/* What sources of one kind do; NULL: nothing. */
struct source_kind {
    /** Starts it: it may tell, and end, from then on. @param out_error errno, with SIDING_ESYSTEM
     *  @return as siding_source_open  @thread js  @blocks never */
    int32_t (*open)(struct source *source, const struct siding_source_options *options,
                    int32_t *out_error);
    /** The host asks, and had not; where the kind does not read, it looks for what is to be told
     *  next, so this may add to that. @thread js  @blocks never */
    void (*ask)(struct source *source);
    /** Stops it, and has its owner end it, at once or soon; nothing if that has been done.
     *  @thread js  @blocks never */
    void (*close)(struct source *source);
    /** Its end comes: lets go of what it waits for. @thread its owner  @blocks never */
    void (*stop)(struct source *source);
    /** Its descriptor has changed. @thread poller, registration_mutex held  @blocks never */
    void (*ready)(struct source *source, uint32_t conditions, struct told *told);
    /** Its descriptor was closed, and it is no watcher any more.
     *  @thread any, registration_mutex held  @blocks never */
    void (*gone)(struct source *source, struct told *told);
    /** Nobody has it any more. @thread the last holder  @blocks never */
    void (*deinit)(struct source *source);
    bool reads;
};

/* A time that the poller waits for, see timer.h. */
struct timer {
    uint64_t due_ns;   /* guarded by timer_mutex, as the next two */
    uint64_t every_ns; /* 0: once */
    uint32_t place;    /* in the heap, from 1 on; 0: not there */
    bool is_parked;    /* it repeats, and waits for timer_resume; likewise guarded */
    /** It is due, and, unless it repeats, no longer set; it may park one that does.
     *  @param ticks times since the last call
     *  @thread poller, timer_mutex held  @blocks never */
    void (*run)(struct timer *timer, uint64_t ticks, struct told *told);
};

struct source {
    struct node node;       /* first: a node of kind NODE_SOURCE is a source; owner: see above */
    struct held held;       /* one is the host's; others are of pages, commands and turns */
    uint32_t generation;    /* owner: who makes and frees it */
    uint32_t token;         /* of its events; immutable while open, as the next three */
    uint32_t flags;         /* of its options */
    int32_t object;         /* descriptor, signal, process */
    uint8_t number;         /* SIDING_SOURCE_..., its kind */
    _Atomic(uint8_t) state; /* enum source_state; atomic: seq_cst, see above */
    bool is_closed;         /* nothing but the end is told any more; owner: js */
    uint16_t index;         /* immutable */
    /* events that the host has asked for. Kinds that tally: owner js. Kinds that read: js adds and
       the poller takes; atomic: seq_cst, against the poller's last look */
    _Atomic(uint32_t) credit;
    struct door door;   /* of siding_event_post, closed but for an EVENT */
    int32_t end_status; /* published by ENDED */
    int32_t end_error;  /* likewise */

    const struct source_kind *kind; /* immutable while open, as the bridge */
    struct bridge *bridge;          /* retained */
    void *own;                      /* what its kind keeps of it, or NULL; owner: its kind */
    struct task *task;              /* of a kind that the poller runs: see task.h */
    _Atomic(uint64_t) handle;       /* 0: nobody's; atomic: relaxed, compared only */
    _Atomic(uint64_t) tally;        /* what is to be told; atomic: seq_cst, see above */

    union {
        struct { /* who watches a descriptor: guarded by registration_mutex */
            struct registration *registration; /* NULL: it does not */
            struct source *next_watcher;
        };
        struct timer timer;           /* TIMER */
        struct source *next_listener; /* SIGNAL: guarded by listeners_mutex of signals.c */
        _Atomic(uint32_t) posts;      /* EVENT, not counted: since the last one; as tally */
    };

    struct source *next; /* of its bridge's: owner js. Of the free ones: guarded by sources_mutex */
    struct source *previous;
    uint64_t events; /* see siding_source_stats; owner, with the next three: js */
    uint64_t coalesced;
    uint64_t bytes;
    uint64_t stalls;
};

/** See siding_source_open. @thread js  @blocks never */
int32_t source_open(struct bridge *bridge, const struct siding_source_options *options,
                    uint64_t *out_source, int32_t *out_error);
/** See siding_source_pull. @thread js  @blocks never */
int32_t source_pull(const struct bridge *bridge, uint64_t handle, uint32_t count);
/** See siding_source_pull_all. @thread js  @blocks never */
int32_t source_pull_all(const struct bridge *bridge, const uint64_t *handles, uint32_t count);
/** See siding_source_close. @thread js  @blocks never */
int32_t source_close(const struct bridge *bridge, uint64_t handle);
/** See siding_source_stats_read. @thread js  @blocks never */
int32_t source_stats(const struct bridge *bridge, uint64_t handle,
                     struct siding_source_stats *out_stats);
/** Closes what a bridge has left open. @thread js  @blocks never */
void source_leave(struct bridge *bridge);
/** @return how many are open  @thread any  @blocks never */
uint32_t source_count(void);

/** One more user, beside the host. @thread one that has a hold  @blocks never */
static inline void source_retain(struct source *source) {
    held_retain(&source->held);
}
/** Lets go of it. @thread a holder  @blocks never */
void source_release(struct source *source);

/** @return whether it has this handle now  @thread any  @blocks never */
static inline bool source_is(const struct source *source, uint64_t handle) {
    return atomic_load_explicit(&source->handle, memory_order_relaxed) == handle;
}
/** @return whether the host has not asked, and has been told  @thread who tells  @blocks never */
static inline bool source_is_idle(const struct source *source) {
    return atomic_load_explicit(&source->state, memory_order_seq_cst) == SOURCE_IDLE;
}
/** @return whether its end has come  @thread js, its owner, a holder  @blocks never */
static inline bool source_has_ended(const struct source *source) {
    return (atomic_load_explicit(&source->state, memory_order_seq_cst) & SOURCE_ENDED) != 0;
}
/**
 * After something to tell was stored, sequentially consistent.
 * @return whether the node is the caller's, to be pushed
 * @thread any, one that keeps it from ending  @blocks never
 */
bool source_queue(struct source *source);
/** Adds to what is to be told, by `or` for a READY. @param told gets it, if it is to be pushed
 *  @thread any, one that keeps it from ending  @blocks never */
void source_tell(struct source *source, uint64_t amount, struct told *told);
/** The same, but only if the host has asked: what is looked at when it does.
 *  @thread as source_tell  @blocks never */
void source_tell_asked(struct source *source, uint64_t amount, struct told *told);
/** Its end. @param told gets it, if it is to be pushed
 *  @thread its owner  @blocks never */
void source_end_later(struct source *source, int32_t status, int32_t error, struct told *told);
/**
 * Its end: the event after all others.
 * @param error errno, with SIDING_ESYSTEM
 * @thread its owner, no mutex held  @blocks never
 */
void source_end(struct source *source, int32_t status, int32_t error);

enum source_visit {
    SOURCE_NO_ROOM, /* the sink has none */
    SOURCE_REQUEUE, /* to be pushed again: there is more to tell */
    SOURCE_DONE     /* the node may be another's */
};

/** Tells what there is. @thread js, the node in its hands  @blocks never */
enum source_visit source_visit(struct node *node, struct sink *sink);
/** Nobody will visit it. @thread js, or who pushed it in vain  @blocks never */
void source_drop(struct node *node);

#endif

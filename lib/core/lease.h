/*
 * lease.h - what a slot is while it is leased as a context: whose it is, what is to be done when it
 * ends, and how that is bounded.
 *
 * One bridge or several use it; the lease ends when the last of them has released it. Then, on the
 * slot's thread: what is queued is refused, the deferred calls run, every field here becomes what
 * it was before, the slot is vacant, and the releases are reported. The watch (watch.c) bounds it
 * by `deadline_ns`: it interrupts the running call, and at last ends the lease without the thread.
 */
#ifndef SIDING_CORE_LEASE_H
#define SIDING_CORE_LEASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/cache.h"
#include "../include/siding.h"
#include "../platform/platform.h"
#include "interrupt.h"

struct bridge;
struct bound;
struct nest;
struct outbox;
struct record;
struct repeat;
struct slot;

#define LEASE_NAME_BYTES 16
#define LEASE_NEVER UINT64_MAX /* as a time */

/* An interrupt that the watch is to use. */
struct asked {
    struct interrupt interrupt;
    uint64_t run;       /* number of the run that it is for; 0: nothing is asked */
    uint64_t signal_ns; /* when to repeat a signal */
    uint32_t pause_ms;  /* until the next one */
};

/* The call that was last said to be stuck. */
struct stuck {
    uint64_t run; /* its number; 0: none */
    uint64_t started_ns;
    uint32_t token;
};

struct lease {
    /* what each batch of calls looks at */
    _Alignas(SIDING_CACHE_BYTES) _Atomic(uint64_t) handle; /* while ACTIVE, else 0; atomic: seq_cst
                                                              against `guests`, else relaxed */
    _Atomic(struct bridge *) bridge; /* the first lessee; atomic: relaxed, compared only */
    _Atomic(bool) is_shared;         /* atomic: relaxed, set by a js thread that has the lease */
    _Atomic(bool) is_watched;        /* its runs are noted; likewise */
    _Atomic(uint64_t) deadline_ns;   /* when the watch must look; atomic: seq_cst, see watch.c */
    _Atomic(uint64_t) stuck_ns;      /* 0: never; atomic: relaxed */

    struct siding_mutex mutex;
    uint32_t generation;         /* owner: who took the slot off the idle stack */
    bool is_fresh;               /* likewise */
    bool is_named;               /* likewise */
    char name[LEASE_NAME_BYTES]; /* handed over by the slot's inbox */
    uint64_t drain_ns SIDING_GUARDED_BY(&mutex);
    uint64_t teardown_ns SIDING_GUARDED_BY(&mutex);
    struct attachment *attachments SIDING_GUARDED_BY(&mutex); /* further bridges */
    struct deferred *deferred SIDING_GUARDED_BY(&mutex);      /* last first */
    struct record *reports SIDING_GUARDED_BY(&mutex);         /* QUEUED; to be told of the end */
    struct record *listener SIDING_GUARDED_BY(&mutex);        /* RUNNING; gets the notices */
    struct interrupt interrupt SIDING_GUARDED_BY(&mutex);
    bool was_interrupted SIDING_GUARDED_BY(&mutex); /* at the end of the drain time */
    bool is_over SIDING_GUARDED_BY(&mutex);         /* reported; the thread has not returned */

    struct stuck stuck SIDING_GUARDED_BY(&mutex);

    struct repeat *body SIDING_GUARDED_BY(&mutex); /* what the thread is in, or NULL */
    struct nest *nest SIDING_GUARDED_BY(&mutex);   /* the innermost that it serves, or NULL */

    struct asked asked SIDING_GUARDED_BY(&mutex); /* by a host, or at the end of the drain time */
    struct asked woken SIDING_GUARDED_BY(&mutex); /* for the sake of a queued call */
};

/** Once per slot. @thread its creator  @blocks never */
void lease_init(struct lease *lease);
/** Begins it, for a bridge. @return its handle  @thread who claimed the slot  @blocks never */
uint64_t lease_begin(struct slot *slot, struct bridge *bridge,
                     const struct siding_context_options *options, const char *name);
/** @return the slot, or NULL: no lease of this bridge  @thread js  @blocks never */
struct slot *lease_find(const struct bridge *bridge, uint64_t handle);
/** Lets another bridge in. @return SIDING_EBUSY, SIDING_ENOMEM, SIDING_ESTALE  @thread js */
int32_t lease_attach(struct slot *slot, uint64_t handle, struct bridge *bridge);
/**
 * Ends the part of a bridge, and the lease if it was the last.
 * @param report a QUEUED record to be delivered at the end, or NULL
 * @return true: it has ended already, the report is not used
 * @thread js of that bridge  @blocks never
 */
bool lease_leave(struct slot *slot, struct bridge *bridge, struct record *report);
/** Tells the listener of a bridge that nothing more comes. @thread js  @blocks never */
void lease_unlisten(struct slot *slot, const struct bridge *bridge);
/** Node NODE_RELEASE: everything up to VACANT. @return whether the thread must end
 *  @thread worker, the slot's own  @blocks as long as deferred calls do */
bool lease_recycle(struct slot *slot);

/** Adds to the deferred calls. @return SIDING_EBUSY, SIDING_ENOMEM  @thread js  @blocks never */
int32_t lease_defer(struct lease *lease, struct bound *bound);
/** Takes one out, letting go of it. @return whether it was there  @thread any  @blocks never */
bool lease_undefer(struct lease *lease, const struct bound *bound);

/**
 * Looks after a slot in RECYCLE_PENDING or RECYCLING.
 * @param outbox for notices
 * @return when to look again
 * @thread watch  @blocks as long as an interrupt does
 */
uint64_t lease_watch(struct slot *slot, uint64_t now_ns, struct outbox *outbox);

#endif

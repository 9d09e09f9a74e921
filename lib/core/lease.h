/*
 * lease.h - what a slot is while it is leased as a context: whose it is, what is to be done when it
 * ends, and how that is bounded.
 *
 * One bridge or several use it; it ends when the last of them has released it, see recycle.h.
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
    /* while ACTIVE, else 0; atomic: relaxed, compared only; written under mutex */
    _Alignas(SIDING_CACHE_BYTES) _Atomic(uint64_t) handle;
    _Atomic(struct bridge *) bridge; /* the first lessee; atomic: relaxed, compared only */
    _Atomic(bool) is_shared;         /* atomic: relaxed, set by a js thread that has the lease */
    _Atomic(bool) is_watched;        /* its runs are noted, for somebody listens or may interrupt
                                        them; likewise */
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
/** Adds to the deferred calls. @return SIDING_EBUSY, SIDING_ENOMEM  @thread js  @blocks never */
int32_t lease_defer(struct lease *lease, struct bound *bound);
/** Ends the part of a bridge. @return whether it had one  @thread js  @blocks never */
bool lease_detach(struct lease *lease, const struct bridge *bridge) SIDING_REQUIRES(&lease->mutex);
/** @return the one that was deferred last, its hold now the caller's, or NULL  @thread worker */
struct bound *lease_take_deferred(struct lease *lease);
/** Takes one out, letting go of it. @return whether it was there  @thread any  @blocks never */
bool lease_undefer(struct lease *lease, const struct bound *bound);

#endif

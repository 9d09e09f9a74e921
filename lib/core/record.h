/*
 * record.h - one call, from its submission to its event. Records live in a slab of their bridge.
 *
 *            submit           claim              C returned       event written
 *   FREE ──────────▶ QUEUED ─────────▶ RUNNING ───────────▶ DONE ──────────▶ FREE
 *                      │                                    ▲ ▲
 *                      ├─ cancel ─▶ CANCELLED ── worker ────┘ │
 *                      └─ refused at submission ──────────────┘
 *
 * QUEUED is the only state with two contenders (the worker's claim and the host's cancel): that
 * move is a compare-and-swap. Every other move has one owner.
 */
#ifndef SIDING_CORE_RECORD_H
#define SIDING_CORE_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/cache.h"
#include "inbox.h"
#include "signature.h"

struct bound;
struct bridge;
struct repeat;

enum record_state {
    RECORD_FREE,
    RECORD_QUEUED,
    RECORD_RUNNING,
    RECORD_CANCELLED,
    RECORD_DONE,
    RECORD_STATES,
};

#define RECORD_INLINE_WORDS 15 /* makes a record four cache lines */

/*
 * owner: the bridge's js thread while it is FREE and the host has its event, and until it is
 * pushed; then the thread that runs it, until it has published the event (which frees the record)
 * or pushed the record itself. Pushing and publishing hand it over: release paired with acquire.
 */
struct record {
    /* every call touches these and the first words: two cache lines that travel between cores */
    struct node node;                  /* first: a node of kind NODE_CALL is a record */
    _Atomic(uint32_t) state;           /* enum record_state; atomic: see record_try */
    uint32_t token;                    /* immutable after the slab made it */
    const struct signature *signature; /* NULL: a notice without payload (a context's release) */
    uint64_t *words;                   /* result words, then argument words, then inline texts */
    void (*function)(void);
    union {
        struct record *ahead;  /* one queued some calls later, or NULL: only to be prefetched */
        struct repeat *repeat; /* of a node of kind NODE_BODY: held */
    };
    struct bridge *bridge; /* immutable after the slab made it; NULL: a guest's, see guest.h */
    uint64_t context;      /* the lease that it may run in; 0: any thread */
    uint16_t flags;        /* SIDING_CALL_... */
    bool has_extras;       /* `bound` or `tails` have been set since it was FREE */
    int32_t status;
    int32_t error;
    uint64_t deadline_ns; /* 0: none */
    uint64_t inline_words[RECORD_INLINE_WORDS];
    struct bound *bound;          /* what it was made from, held, or NULL */
    uint64_t *tails;              /* a copy from malloc, or NULL: they are in their event already */
    uint64_t tails_words;         /* of that copy */
    _Atomic(uint64_t) started_ns; /* atomic: relaxed, a mere time; 0: not started or not timed */
};

_Static_assert(offsetof(struct record, inline_words) == 104 || sizeof(void *) != 8,
               "three words, a result and two arguments, are in the first two cache lines");

/** Claims a contended move. @return whether it was made  @thread js, worker  @blocks never */
bool record_try(struct record *record, enum record_state from, enum record_state to);

/** Asks for the cache lines that a call with so many words touches. @thread any  @blocks never */
static inline void record_prefetch(const struct record *record, uint32_t words) {
    uint32_t inline_words = words < RECORD_INLINE_WORDS ? words : RECORD_INLINE_WORDS;
    const char *end = (const char *)(record->inline_words + inline_words);
    for (const char *line = (const char *)record; line < end; line += SIDING_CACHE_BYTES / 2) {
        SIDING_PREFETCH(line);
    }
}

/** Makes a move that nobody contends; asserts it. @thread the owner  @blocks never */
void record_move(struct record *record, enum record_state from, enum record_state to);

#endif

#include "ring.h"

#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "../include/siding.h"
#include "../platform/platform.h"
#include "bridge.h"
#include "cells.h"
#include "outbox.h"
#include "pool.h"

#define VISIT_EVENTS_MIN 64u /* a visit is worth its cost */
#define LOOKS_MAX 16u        /* for room, yielding, before a producer sleeps */
#define TRIES_MAX 8u         /* to take off the oldest, while others do too or write it still */
#define LOST_WORDS (SIDING_EVENT_WORDS + 2u)

/* ---- memory ---------------------------------------------------------------------------------- */

static bool is_latest(const struct ring *ring) {
    return ring->options.overflow == SIDING_OVERFLOW_LATEST;
}

/* With the first event of a ring that may block. @return NULL: out of memory */
static struct cells *add_cells(struct ring *ring) {
    uint32_t count = is_latest(ring) ? CELLS_LATEST : ring->options.capacity;
    struct cells *made = cells_create(count, ring->options.event_words, is_latest(ring));
    struct cells *first = NULL;
    /* seq_cst: before `is_armed`, as what is then published; pairs with cells_of. Another producer
       may have been faster */
    if (made == NULL ||
        atomic_compare_exchange_strong_explicit(&ring->cells, &first, made, memory_order_seq_cst,
                                                memory_order_acquire)) {
        return made;
    }
    cells_destroy(made);
    return first;
}

static struct cells *cells_of(struct ring *ring) {
    /* seq_cst: for ring_disarm, after `is_armed` was stored */
    return atomic_load_explicit(&ring->cells, memory_order_seq_cst);
}

int32_t ring_init(struct ring *ring, const struct ring_options *options) {
    siding_assert(options->event_words >= LOST_WORDS - 2 &&
                  options->event_words <= SIDING_EVENT_WORDS_MAX);
    *ring = (struct ring){.node = {.kind = NODE_RING}, .options = *options};
    bool may_block = options->overflow == SIDING_OVERFLOW_BLOCK;
    return may_block || add_cells(ring) != NULL ? SIDING_OK : SIDING_ENOMEM;
}

/* ---- arming ---------------------------------------------------------------------------------- */

static void push(struct ring *ring) {
    enum inbox_push pushed = bridge_push(ring->options.bridge, &ring->node);
    if (pushed == INBOX_PUSHED_WAKE) {
        bridge_kick(ring->options.bridge);
    } else if (pushed == INBOX_REFUSED) {
        ring_drop(ring); /* and it stays armed: nobody will try again */
    }
}

/* Makes sure that the host looks at what the caller has just stored, sequentially consistent. */
static void arm(struct ring *ring) {
    /* seq_cst: pairs with ring_disarm. The acquire makes the node the caller's */
    if (!atomic_load_explicit(&ring->is_armed, memory_order_seq_cst) &&
        !atomic_exchange_explicit(&ring->is_armed, true, memory_order_seq_cst)) {
        ring->options.retain(ring);
        push(ring);
    }
}

void ring_drop(struct ring *ring) {
    ring->options.release(ring);
}

static void count_dropped(struct ring *ring) {
    atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_seq_cst);
}

void ring_refuse(struct ring *ring) {
    atomic_fetch_add_explicit(&ring->refused, 1, memory_order_seq_cst);
    arm(ring);
}

/* ---- the producer's side --------------------------------------------------------------------- */

/*
 * The host gives cells, then changes `room`, then looks for waiters; a waiter counts itself, looks
 * at `room`, then for cells. Both in one order (seq_cst): it finds the cells, or `room` changes
 * after its look and the host sees the waiter.
 */
static uint64_t *wait_for_room(struct ring *ring, struct cells *cells, uint64_t timeout_ns) {
    uint64_t end_ns = siding_clock_after(timeout_ns);
    atomic_fetch_add_explicit(&ring->room_waiters, 1, memory_order_seq_cst);
    uint64_t *event = NULL;
    for (;;) {
        uint32_t seen = atomic_load_explicit(&ring->room, memory_order_seq_cst);
        event = cells_claim(cells);
        uint64_t now_ns = siding_clock_ns();
        if (event != NULL || ring_is_closed(ring) || now_ns >= end_ns) {
            break;
        }
        siding_word_wait(&ring->room, seen, 1, end_ns - now_ns);
    }
    atomic_fetch_sub_explicit(&ring->room_waiters, 1, memory_order_seq_cst);
    return event;
}

/* A thread of the pool that waits for the host does not count: making room may need another. */
static uint64_t *await_room(struct ring *ring, struct cells *cells, uint64_t timeout_ns) {
    struct pool_use *use = pool_wait_begin();
    uint64_t *event = wait_for_room(ring, cells, timeout_ns);
    pool_wait_end(use);
    return event;
}

static uint64_t *replace_oldest(struct ring *ring, struct cells *cells) {
    uint64_t *event = NULL;
    for (uint32_t tries = 0; event == NULL && tries < TRIES_MAX; tries++) {
        uint64_t *oldest = cells_take(cells, true);
        if (oldest != NULL) {
            cells_give(cells, oldest);
            count_dropped(ring);
        }
        event = cells_claim(cells);
    }
    return event;
}

/* Room comes soon while the host is reading: looking a few times costs less than being woken. */
static uint64_t *look_for_room(struct ring *ring, struct cells *cells) {
    uint64_t *event = NULL;
    for (uint32_t looks = 0; event == NULL && looks < LOOKS_MAX; looks++) {
        siding_thread_yield();
        event = ring_is_closed(ring) ? NULL : cells_claim(cells);
    }
    return event;
}

/* @return an event although there is no room, or NULL */
static uint64_t *claim_full(struct ring *ring, struct cells *cells, uint64_t timeout_ns) {
    switch (ring->options.overflow) {
    case SIDING_OVERFLOW_BLOCK:
        if (timeout_ns > 0) {
            uint64_t *event = look_for_room(ring, cells);
            return event != NULL ? event : await_room(ring, cells, timeout_ns);
        }
        return NULL;
    case SIDING_OVERFLOW_DROP_OLDEST:
        return replace_oldest(ring, cells);
    default:
        return NULL;
    }
}

uint64_t *ring_begin(struct ring *ring, uint64_t timeout_ns) {
    if (ring_is_closed(ring)) {
        return NULL;
    }
    struct cells *cells = cells_of(ring);
    if (cells == NULL) {
        cells = add_cells(ring);
    }
    uint64_t *event = cells == NULL ? NULL : cells_claim(cells);
    if (event == NULL && cells != NULL) {
        event = claim_full(ring, cells, timeout_ns);
    }
    if (event == NULL && !ring_is_closed(ring)) {
        count_dropped(ring);
        arm(ring);
    }
    return event;
}

void ring_publish(struct ring *ring, uint64_t *event, uint32_t words, uint16_t flags) {
    siding_debug_assert(words <= ring->options.event_words);
    *(struct siding_event *)event = (struct siding_event){
        .token = ring->options.token,
        .words = (uint16_t)words,
        .flags = SIDING_EVENT_MORE | flags,
    };
    if (cells_publish(cells_of(ring), event)) {
        count_dropped(ring);
    }
    arm(ring);
}

/* ---- the host's side ------------------------------------------------------------------------- */

static bool has_lost(struct ring *ring) {
    return atomic_load_explicit(&ring->dropped, memory_order_seq_cst) != ring->dropped_told ||
           atomic_load_explicit(&ring->refused, memory_order_seq_cst) != ring->refused_told;
}

static void tell_lost(struct ring *ring, struct sink *sink) {
    uint64_t dropped = atomic_load_explicit(&ring->dropped, memory_order_relaxed);
    uint64_t refused = atomic_load_explicit(&ring->refused, memory_order_relaxed);
    uint64_t *event = sink->words + sink->used_words;
    *(struct siding_event *)event = (struct siding_event){
        .token = ring->options.token,
        .words = LOST_WORDS,
        .flags = SIDING_EVENT_MORE | SIDING_EVENT_LOST,
    };
    event[SIDING_EVENT_WORDS] = dropped - ring->dropped_told;
    event[SIDING_EVENT_WORDS + 1] = refused - ring->refused_told;
    ring->dropped_told = dropped;
    ring->refused_told = refused;
    sink->used_words += LOST_WORDS;
}

/* Makes a block of long tails. @return false: it cannot, and they are freed */
static bool adopt_tails(struct ring *ring, uint64_t *event) {
    uint64_t *tails = event + ((struct siding_event *)event)->words - 2;
    void *memory = (void *)(uintptr_t)tails[0];
    int32_t block = block_adopt(&ring->options.bridge->blocks, memory, tails[1]);
    if (block < 0) {
        free(memory);
        return false;
    }
    tails[0] = (uint64_t)block;
    return true;
}

static void copy_event(struct ring *ring, const uint64_t *event, struct sink *sink) {
    uint64_t *out = sink->words + sink->used_words;
    struct siding_event header = *(const struct siding_event *)event;
    *(struct siding_event *)out = header;
    for (uint32_t word = SIDING_EVENT_WORDS; word < header.words; word++) { /* mostly a few */
        out[word] = event[word];
    }
    if ((header.flags & SIDING_EVENT_BLOCK) == 0 || adopt_tails(ring, out)) {
        sink->used_words += header.words;
        sink->asked++;
        ring->delivered++;
    } else {
        count_dropped(ring);
        ring->options.lose(ring, out);
    }
}

static bool has_room(const struct ring *ring, const struct sink *sink) {
    return sink->capacity_words - sink->used_words >= ring->options.event_words;
}

/* @return how many events this visit may copy */
static uint32_t share(const struct ring *ring) {
    uint32_t capacity = ring->options.capacity;
    uint32_t most = capacity < VISIT_EVENTS_MIN ? VISIT_EVENTS_MIN : capacity;
    uint32_t limit = is_latest(ring) ? 1 : most;
    return ring->options.is_pulled && ring->allowance < limit ? ring->allowance : limit;
}

/* @param out_taken cells that are free again */
static enum ring_visit read_cells(struct ring *ring, struct cells *cells, struct sink *sink,
                                  uint32_t *out_taken) {
    bool is_contended = ring->options.overflow == SIDING_OVERFLOW_DROP_OLDEST;
    uint32_t limit = share(ring);
    for (*out_taken = 0; *out_taken < limit; ++*out_taken) {
        if (!has_room(ring, sink)) {
            return RING_NO_ROOM;
        }
        uint64_t *event = cells_take(cells, is_contended);
        if (event == NULL) {
            return RING_EMPTY;
        }
        copy_event(ring, event, sink);
        cells_give(cells, event);
    }
    return cells_wait(cells) ? RING_MORE : RING_EMPTY;
}

static void make_room(struct ring *ring) {
    atomic_fetch_add_explicit(&ring->room, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&ring->room_waiters, memory_order_seq_cst) != 0) {
        siding_word_wake(&ring->room, 1);
    }
}

static enum ring_visit read_events(struct ring *ring, struct sink *sink) {
    struct cells *cells = cells_of(ring);
    if (cells == NULL) {
        return RING_EMPTY;
    }
    uint64_t delivered = ring->delivered;
    uint32_t taken = 0;
    enum ring_visit visit = read_cells(ring, cells, sink, &taken);
    if (ring->options.is_pulled) {
        ring->allowance -= (uint32_t)(ring->delivered - delivered);
    }
    if (ring->options.overflow == SIDING_OVERFLOW_BLOCK && taken > 0) {
        make_room(ring);
    }
    return visit;
}

enum ring_visit ring_read(struct ring *ring, struct sink *sink) {
    if (ring_is_closed(ring)) {
        return RING_CLOSED;
    }
    if (has_lost(ring)) {
        if (sink->capacity_words - sink->used_words < LOST_WORDS) {
            return RING_NO_ROOM;
        }
        tell_lost(ring, sink);
    }
    if (ring->options.is_pulled && ring->allowance == 0) {
        ring->is_stalled = true;
        return RING_STALLED;
    }
    return read_events(ring, sink);
}

/* @return whether there is something to read; seq_cst: after `is_armed` was stored */
static bool waits(struct ring *ring) {
    struct cells *cells = cells_of(ring);
    return has_lost(ring) || (cells != NULL && cells_wait(cells));
}

bool ring_disarm(struct ring *ring) {
    /* seq_cst: pairs with arm, and releases the node to it */
    atomic_store_explicit(&ring->is_armed, false, memory_order_seq_cst);
    if (waits(ring) && !atomic_exchange_explicit(&ring->is_armed, true, memory_order_seq_cst)) {
        return false;
    }
    ring_drop(ring); /* a producer that has armed it since has a hold of its own */
    return true;
}

void ring_pull(struct ring *ring, uint32_t count) {
    uint32_t most = UINT32_MAX - ring->allowance;
    ring->allowance += count < most ? count : most;
    if (ring->is_stalled && ring->allowance > 0) {
        ring->is_stalled = false;
        push(ring);
    }
}

void ring_close(struct ring *ring) {
    atomic_store_explicit(&ring->is_closed, true, memory_order_seq_cst);
    make_room(ring);
    if (ring->is_stalled) {
        ring->is_stalled = false;
        ring_drop(ring);
    }
}

/* What a closed ring has not delivered. */
static void discard(struct cells *cells) {
    uint64_t *event = cells_take(cells, false);
    while (event != NULL) {
        const struct siding_event *header = (const struct siding_event *)event;
        if (header->flags & SIDING_EVENT_BLOCK) {
            free((void *)(uintptr_t)event[header->words - 2]);
        }
        cells_give(cells, event);
        event = cells_take(cells, false);
    }
}

void ring_deinit(struct ring *ring) {
    struct cells *cells = cells_of(ring);
    if (cells != NULL) {
        discard(cells);
        cells_destroy(cells);
    }
}

void ring_count(struct ring *ring, struct ring_counts *out_counts) {
    struct cells *cells = cells_of(ring);
    out_counts->waiting = cells == NULL ? 0 : cells_count(cells);
    out_counts->events = ring->delivered + out_counts->waiting;
    out_counts->dropped = atomic_load_explicit(&ring->dropped, memory_order_relaxed);
    out_counts->refused = atomic_load_explicit(&ring->refused, memory_order_relaxed);
}

#include "ring.h"

#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "../base/cache.h"
#include "../include/siding.h"
#include "../platform/platform.h"
#include "bridge.h"
#include "memory.h"
#include "outbox.h"
#include "pool.h"
#include "slot.h"

#define VISIT_EVENTS_MIN 64u /* a visit is worth its cost */
#define AHEAD 4u             /* cells to be asked for before they are read */
#define LOOKS_MAX 16u        /* for room, yielding, before a producer sleeps */
#define TRIES_MAX 8u         /* to take off the oldest, while others do too or write it still */
#define LOST_WORDS (SIDING_EVENT_WORDS + 2u)
#define LATEST_FREE ((UINT64_C(1) << RING_LATEST_CELLS) - 1)

/*
 * Cell i of lap n waits for a producer while its sequence is n * count + i, for a consumer while it
 * is one more. With LATEST a cell is one's who took its bit off `free`, or the newest.
 */
struct cell {
    _Atomic(uint64_t) sequence; /* atomic: acquire in claim and take, against publish and give */
    uint64_t event[];
};

struct cells {
    union {
        _Alignas(SIDING_CACHE_BYTES) _Atomic(uint64_t) tail; /* next to claim; atomic: relaxed */
        _Atomic(uint64_t) free; /* LATEST: a bit for each; atomic: acquire and release */
    };
    union {
        _Alignas(SIDING_CACHE_BYTES) _Atomic(uint64_t) head; /* next to take; atomic: relaxed */
        _Atomic(uint64_t) newest; /* LATEST: index + 1; atomic: seq_cst, against `is_armed` */
    };
    _Alignas(SIDING_CACHE_BYTES) uint64_t mask; /* immutable, as what follows */
    uint64_t cell_words;
    uint64_t size_bytes;
    _Alignas(SIDING_CACHE_BYTES) uint64_t words[];
};

static bool is_latest(const struct ring *ring) {
    return ring->options.overflow == SIDING_OVERFLOW_LATEST;
}

static struct cell *cell_at(struct cells *cells, uint64_t position) {
    return (struct cell *)(cells->words + (position & cells->mask) * cells->cell_words);
}

static struct cell *cell_of(uint64_t *event) {
    return (struct cell *)((char *)event - offsetof(struct cell, event));
}

/* ---- memory ---------------------------------------------------------------------------------- */

static struct cells *make_cells(const struct ring_options *options) {
    bool latest = options->overflow == SIDING_OVERFLOW_LATEST;
    uint64_t count = latest ? RING_LATEST_CELLS : options->capacity;
    uint64_t cell_words = sizeof(struct cell) / sizeof(uint64_t) + options->event_words;
    uint64_t size_bytes = sizeof(struct cells) + count * cell_words * sizeof(uint64_t);
    struct cells *cells = memory_make_lines(size_bytes);
    if (cells == NULL) {
        return NULL;
    }
    cells->mask = count - 1;
    cells->cell_words = cell_words;
    cells->size_bytes = size_bytes;
    atomic_init(&cells->tail, latest ? LATEST_FREE : 0);
    for (uint64_t i = 0; i < count; i++) {
        atomic_init(&cell_at(cells, i)->sequence, i);
    }
    memory_count((int64_t)size_bytes);
    return cells;
}

static void free_cells(struct cells *cells) {
    memory_count(-(int64_t)cells->size_bytes);
    memory_free_lines(cells);
}

/* With the first event of a ring that may block. @return NULL: out of memory */
static struct cells *add_cells(struct ring *ring) {
    struct cells *made = make_cells(&ring->options);
    struct cells *first = NULL;
    /* seq_cst: before `is_armed`, as what is then published; pairs with cells_of. Another producer
       may have been faster */
    if (made == NULL ||
        atomic_compare_exchange_strong_explicit(&ring->cells, &first, made, memory_order_seq_cst,
                                                memory_order_acquire)) {
        return made;
    }
    free_cells(made);
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

/* ---- cells in laps --------------------------------------------------------------------------- */

/* @return NULL: there is no room */
static struct cell *claim(struct cells *cells) {
    uint64_t position = atomic_load_explicit(&cells->tail, memory_order_relaxed);
    for (;;) {
        struct cell *cell = cell_at(cells, position);
        /* acquire: pairs with give; the one that had it is done with it */
        uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_acquire);
        if (sequence == position) {
            if (atomic_compare_exchange_weak_explicit(&cells->tail, &position, position + 1,
                                                      memory_order_relaxed, memory_order_relaxed)) {
                return cell;
            }
        } else if ((int64_t)(sequence - position) < 0) {
            return NULL;
        } else {
            position = atomic_load_explicit(&cells->tail, memory_order_relaxed);
        }
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the exchange writes it */
static bool move_head(struct cells *cells, uint64_t *position, bool is_contended) {
    if (is_contended) {
        return atomic_compare_exchange_weak_explicit(&cells->head, position, *position + 1,
                                                     memory_order_relaxed, memory_order_relaxed);
    }
    atomic_store_explicit(&cells->head, *position + 1, memory_order_relaxed);
    return true;
}

/* @param is_contended producers may take cells too
 * @return the oldest one, or NULL: there is none, or its producer still writes it */
static struct cell *take(struct cells *cells, bool is_contended) {
    uint64_t position = atomic_load_explicit(&cells->head, memory_order_relaxed);
    for (;;) {
        struct cell *cell = cell_at(cells, position);
        /* acquire: pairs with ring_publish; the event is there */
        uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_acquire);
        if (sequence == position + 1) {
            if (move_head(cells, &position, is_contended)) {
                return cell;
            }
        } else if ((int64_t)(sequence - position) <= 0) {
            return NULL;
        } else {
            position = atomic_load_explicit(&cells->head, memory_order_relaxed);
        }
    }
}

/* Makes a cell that was taken free for the next lap. */
static void give(struct cells *cells, struct cell *cell) {
    uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_relaxed);
    /* release: pairs with claim */
    atomic_store_explicit(&cell->sequence, sequence + cells->mask, memory_order_release);
}

/* ---- cells of LATEST ------------------------------------------------------------------------- */

static uint32_t lowest_bit(uint64_t bits) {
    uint32_t index = 0;
    while ((bits >> index & 1) == 0) {
        index++;
    }
    return index;
}

/* @return NULL: so many threads write right now */
static struct cell *claim_latest(struct cells *cells) {
    uint64_t bits = atomic_load_explicit(&cells->free, memory_order_relaxed);
    while (bits != 0) {
        /* acquire: pairs with give_latest */
        if (atomic_compare_exchange_weak_explicit(&cells->free, &bits, bits & (bits - 1),
                                                  memory_order_acquire, memory_order_relaxed)) {
            return cell_at(cells, lowest_bit(bits));
        }
    }
    return NULL;
}

static void give_latest(struct cells *cells, struct cell *cell) {
    uint64_t index = (uint64_t)((uint64_t *)cell - cells->words) / cells->cell_words;
    /* release: pairs with claim_latest */
    atomic_fetch_or_explicit(&cells->free, UINT64_C(1) << index, memory_order_release);
}

/* @param newest what takes its place, or NULL  @return the newest until now, or NULL */
static struct cell *swap_latest(struct cells *cells, struct cell *newest) {
    uint64_t index =
        newest == NULL ? 0 : (uint64_t)((uint64_t *)newest - cells->words) / cells->cell_words + 1;
    /* seq_cst: hands the event over, to itself and ring_read; then comes a look at `is_armed` */
    uint64_t before = atomic_exchange_explicit(&cells->newest, index, memory_order_seq_cst);
    return before == 0 ? NULL : cell_at(cells, before - 1);
}

/* ---- the producer's side --------------------------------------------------------------------- */

static uint64_t later(uint64_t now_ns, uint64_t timeout_ns) {
    return timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
}

/*
 * The host gives cells, then changes `room`, then looks for waiters; a waiter counts itself, looks
 * at `room`, then for cells. Both in one order (seq_cst): it finds the cells, or `room` changes
 * after its look and the host sees the waiter.
 */
static struct cell *wait_for_cell(struct ring *ring, struct cells *cells, uint64_t timeout_ns) {
    uint64_t end_ns = later(siding_clock_ns(), timeout_ns);
    atomic_fetch_add_explicit(&ring->room_waiters, 1, memory_order_seq_cst);
    struct cell *cell = NULL;
    for (;;) {
        uint32_t seen = atomic_load_explicit(&ring->room, memory_order_seq_cst);
        cell = claim(cells);
        uint64_t now_ns = siding_clock_ns();
        if (cell != NULL || ring_is_closed(ring) || now_ns >= end_ns) {
            break;
        }
        siding_word_wait(&ring->room, seen, 1, end_ns - now_ns);
    }
    atomic_fetch_sub_explicit(&ring->room_waiters, 1, memory_order_seq_cst);
    return cell;
}

/* A thread of the pool that waits for the host does not count: making room may need another. */
static struct cell *await_room(struct ring *ring, struct cells *cells, uint64_t timeout_ns) {
    struct slot *slot = slot_current();
    bool was_shared = slot != NULL && pool_wait_begin(slot);
    struct cell *cell = wait_for_cell(ring, cells, timeout_ns);
    if (slot != NULL) {
        pool_wait_end(was_shared);
    }
    return cell;
}

static struct cell *replace_oldest(struct ring *ring, struct cells *cells) {
    struct cell *cell = NULL;
    for (uint32_t tries = 0; cell == NULL && tries < TRIES_MAX; tries++) {
        struct cell *oldest = take(cells, true);
        if (oldest != NULL) {
            give(cells, oldest);
            count_dropped(ring);
        }
        cell = claim(cells);
    }
    return cell;
}

/* Room comes soon while the host is reading: looking a few times costs less than being woken. */
static struct cell *look_for_room(struct ring *ring, struct cells *cells) {
    struct cell *cell = NULL;
    for (uint32_t looks = 0; cell == NULL && looks < LOOKS_MAX; looks++) {
        siding_thread_yield();
        cell = ring_is_closed(ring) ? NULL : claim(cells);
    }
    return cell;
}

/* @return a cell although there is no room, or NULL */
static struct cell *claim_full(struct ring *ring, struct cells *cells, uint64_t timeout_ns) {
    switch (ring->options.overflow) {
    case SIDING_OVERFLOW_BLOCK:
        if (timeout_ns > 0) {
            struct cell *cell = look_for_room(ring, cells);
            return cell != NULL ? cell : await_room(ring, cells, timeout_ns);
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
    struct cell *cell = NULL;
    if (cells != NULL) {
        cell = is_latest(ring) ? claim_latest(cells) : claim(cells);
    }
    if (cell == NULL && cells != NULL) {
        cell = claim_full(ring, cells, timeout_ns);
    }
    if (cell == NULL && !ring_is_closed(ring)) {
        count_dropped(ring);
        arm(ring);
    }
    return cell == NULL ? NULL : cell->event;
}

void ring_publish(struct ring *ring, uint64_t *event, uint32_t words, uint16_t flags) {
    siding_debug_assert(words <= ring->options.event_words);
    struct cell *cell = cell_of(event);
    *(struct siding_event *)event = (struct siding_event){
        .token = ring->options.token,
        .words = (uint16_t)words,
        .flags = SIDING_EVENT_MORE | flags,
    };
    if (is_latest(ring)) {
        struct cells *cells = cells_of(ring);
        struct cell *older = swap_latest(cells, cell);
        if (older != NULL) {
            give_latest(cells, older);
            count_dropped(ring);
        }
    } else {
        uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_relaxed);
        /* seq_cst: releases the event to take; then comes a look at `is_armed` */
        atomic_store_explicit(&cell->sequence, sequence + 1, memory_order_seq_cst);
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
    }
}

static bool has_room(const struct ring *ring, const struct sink *sink) {
    return sink->capacity_words - sink->used_words >= ring->options.event_words;
}

static enum ring_visit read_cells(struct ring *ring, struct cells *cells, struct sink *sink,
                                  uint32_t limit) {
    bool is_contended = ring->options.overflow == SIDING_OVERFLOW_DROP_OLDEST;
    for (uint32_t i = 0; i < limit; i++) {
        if (!has_room(ring, sink)) {
            return RING_NO_ROOM;
        }
        struct cell *cell = take(cells, is_contended);
        if (cell == NULL) {
            return RING_EMPTY;
        }
        SIDING_PREFETCH((uint64_t *)cell + AHEAD * cells->cell_words);
        copy_event(ring, cell->event, sink);
        give(cells, cell);
    }
    return RING_MORE;
}

static enum ring_visit read_latest(struct ring *ring, struct cells *cells, struct sink *sink) {
    if (!has_room(ring, sink)) {
        return RING_NO_ROOM;
    }
    struct cell *cell = swap_latest(cells, NULL);
    if (cell != NULL) {
        copy_event(ring, cell->event, sink);
        give_latest(cells, cell);
    }
    return RING_EMPTY;
}

static void make_room(struct ring *ring) {
    atomic_fetch_add_explicit(&ring->room, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&ring->room_waiters, memory_order_seq_cst) != 0) {
        siding_word_wake(&ring->room, 1);
    }
}

/* @return how many events this visit may copy */
static uint32_t share(const struct ring *ring) {
    uint32_t capacity = ring->options.capacity;
    uint32_t limit = capacity < VISIT_EVENTS_MIN ? VISIT_EVENTS_MIN : capacity;
    return ring->options.is_pulled && ring->allowance < limit ? ring->allowance : limit;
}

static enum ring_visit read_events(struct ring *ring, struct sink *sink, uint32_t limit) {
    struct cells *cells = cells_of(ring);
    if (cells == NULL) {
        return RING_EMPTY;
    }
    uint64_t delivered = ring->delivered;
    uint64_t head = atomic_load_explicit(&cells->head, memory_order_relaxed);
    enum ring_visit visit =
        is_latest(ring) ? read_latest(ring, cells, sink) : read_cells(ring, cells, sink, limit);
    uint32_t copied = (uint32_t)(ring->delivered - delivered);
    if (ring->options.is_pulled) {
        ring->allowance -= copied;
    }
    if (ring->options.overflow == SIDING_OVERFLOW_BLOCK &&
        atomic_load_explicit(&cells->head, memory_order_relaxed) != head) {
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
    uint32_t limit = share(ring);
    if (limit == 0) {
        ring->is_stalled = true;
        return RING_STALLED;
    }
    return read_events(ring, sink, limit);
}

/* @return whether there is something to read; seq_cst: after `is_armed` was stored */
static bool waits(struct ring *ring) {
    struct cells *cells = cells_of(ring);
    if (cells == NULL || has_lost(ring)) {
        return has_lost(ring);
    }
    if (is_latest(ring)) {
        return atomic_load_explicit(&cells->newest, memory_order_seq_cst) != 0;
    }
    uint64_t position = atomic_load_explicit(&cells->head, memory_order_relaxed);
    struct cell *oldest = cell_at(cells, position);
    uint64_t sequence = atomic_load_explicit(&oldest->sequence, memory_order_seq_cst);
    return (int64_t)(sequence - position) > 0;
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
    struct cell *cell = take(cells, false);
    while (cell != NULL) {
        const struct siding_event *event = (const struct siding_event *)cell->event;
        if (event->flags & SIDING_EVENT_BLOCK) {
            free((void *)(uintptr_t)cell->event[event->words - 2]);
        }
        give(cells, cell);
        cell = take(cells, false);
    }
}

void ring_deinit(struct ring *ring) {
    struct cells *cells = cells_of(ring);
    if (cells == NULL) {
        return;
    }
    if (!is_latest(ring)) {
        discard(cells);
    }
    free_cells(cells);
}

static uint32_t count_waiting(struct ring *ring, struct cells *cells) {
    if (is_latest(ring)) {
        return atomic_load_explicit(&cells->newest, memory_order_relaxed) != 0;
    }
    uint64_t head = atomic_load_explicit(&cells->head, memory_order_relaxed);
    return (uint32_t)(atomic_load_explicit(&cells->tail, memory_order_relaxed) - head);
}

void ring_count(struct ring *ring, struct ring_counts *out_counts) {
    struct cells *cells = cells_of(ring);
    out_counts->waiting = cells == NULL ? 0 : count_waiting(ring, cells);
    out_counts->events = ring->delivered + out_counts->waiting;
    out_counts->dropped = atomic_load_explicit(&ring->dropped, memory_order_relaxed);
    out_counts->refused = atomic_load_explicit(&ring->refused, memory_order_relaxed);
}

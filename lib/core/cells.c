#include "cells.h"

#include <stdatomic.h>
#include <stddef.h>

#include "../base/assert.h"
#include "../base/cache.h"
#include "memory.h"

#define AHEAD 4u /* cells to be asked for before they are read */
#define LATEST_FREE ((UINT64_C(1) << CELLS_LATEST) - 1)

struct cell {
    _Atomic(uint64_t) sequence; /* atomic: acquire in claim and take, against publish and give */
    uint64_t event[];
};

struct cells {
    union {
        _Alignas(SIDING_CACHE_BYTES) _Atomic(uint64_t) tail; /* next to claim; atomic: relaxed */
        _Atomic(uint64_t) free; /* latest: a bit for each; atomic: acquire and release */
    };
    union {
        _Alignas(SIDING_CACHE_BYTES) _Atomic(uint64_t) head; /* next to take; atomic: relaxed */
        _Atomic(uint64_t) newest; /* latest: index + 1; atomic: seq_cst, hands the event over */
    };
    _Alignas(SIDING_CACHE_BYTES) uint64_t mask; /* immutable, as what follows */
    uint64_t cell_words;
    uint64_t size_bytes;
    bool is_latest;
    _Alignas(SIDING_CACHE_BYTES) uint64_t words[];
};

static struct cell *cell_at(const struct cells *cells, uint64_t position) {
    return (struct cell *)(cells->words + (position & cells->mask) * cells->cell_words);
}

static struct cell *cell_of(uint64_t *event) {
    return (struct cell *)((char *)event - offsetof(struct cell, event));
}

static uint64_t index_of(const struct cells *cells, const struct cell *cell) {
    return (uint64_t)((const uint64_t *)cell - cells->words) / cells->cell_words;
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct cells *cells_create(uint64_t count, uint32_t event_words, bool is_latest) {
    siding_assert((count & (count - 1)) == 0 && (!is_latest || count == CELLS_LATEST));
    uint64_t cell_words = sizeof(struct cell) / sizeof(uint64_t) + event_words;
    uint64_t size_bytes = sizeof(struct cells) + count * cell_words * sizeof(uint64_t);
    struct cells *cells = memory_make_lines(size_bytes);
    if (cells == NULL) {
        return NULL;
    }
    cells->mask = count - 1;
    cells->cell_words = cell_words;
    cells->size_bytes = size_bytes;
    cells->is_latest = is_latest;
    atomic_init(&cells->tail, is_latest ? LATEST_FREE : 0);
    for (uint64_t i = 0; i < count; i++) {
        atomic_init(&cell_at(cells, i)->sequence, i);
    }
    memory_count((int64_t)size_bytes);
    return cells;
}

void cells_destroy(struct cells *cells) {
    memory_count(-(int64_t)cells->size_bytes);
    memory_free_lines(cells);
}

/* ---- in laps --------------------------------------------------------------------------------- */

static struct cell *claim_next(struct cells *cells) {
    uint64_t position = atomic_load_explicit(&cells->tail, memory_order_relaxed);
    for (;;) {
        struct cell *cell = cell_at(cells, position);
        /* acquire: pairs with cells_give; the one that had it is done with it */
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

static struct cell *take_oldest(struct cells *cells, bool is_contended) {
    uint64_t position = atomic_load_explicit(&cells->head, memory_order_relaxed);
    for (;;) {
        struct cell *cell = cell_at(cells, position);
        /* acquire: pairs with cells_publish; the event is there */
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

/* ---- the latest ------------------------------------------------------------------------------ */

static uint32_t lowest_bit(uint64_t bits) {
    uint32_t index = 0;
    while ((bits >> index & 1) == 0) {
        index++;
    }
    return index;
}

static struct cell *claim_free(struct cells *cells) {
    uint64_t bits = atomic_load_explicit(&cells->free, memory_order_relaxed);
    while (bits != 0) {
        /* acquire: pairs with cells_give */
        if (atomic_compare_exchange_weak_explicit(&cells->free, &bits, bits & (bits - 1),
                                                  memory_order_acquire, memory_order_relaxed)) {
            return cell_at(cells, lowest_bit(bits));
        }
    }
    return NULL;
}

/* @param newest what takes its place, or NULL  @return the newest until now, or NULL */
static struct cell *swap_newest(struct cells *cells, const struct cell *newest) {
    uint64_t next = newest == NULL ? 0 : index_of(cells, newest) + 1;
    /* seq_cst: hands events over, both ways, and pairs with itself */
    uint64_t before = atomic_exchange_explicit(&cells->newest, next, memory_order_seq_cst);
    return before == 0 ? NULL : cell_at(cells, before - 1);
}

/* ---- either ---------------------------------------------------------------------------------- */

uint64_t *cells_claim(struct cells *cells) {
    struct cell *cell = cells->is_latest ? claim_free(cells) : claim_next(cells);
    return cell == NULL ? NULL : cell->event;
}

bool cells_publish(struct cells *cells, uint64_t *event) {
    struct cell *cell = cell_of(event);
    if (!cells->is_latest) {
        uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_relaxed);
        atomic_store_explicit(&cell->sequence, sequence + 1, memory_order_seq_cst);
        return false;
    }
    struct cell *older = swap_newest(cells, cell);
    if (older != NULL) {
        cells_give(cells, older->event);
    }
    return older != NULL;
}

uint64_t *cells_take(struct cells *cells, bool is_contended) {
    struct cell *cell =
        cells->is_latest ? swap_newest(cells, NULL) : take_oldest(cells, is_contended);
    if (cell == NULL) {
        return NULL;
    }
    SIDING_PREFETCH((uint64_t *)cell + AHEAD * cells->cell_words);
    return cell->event;
}

void cells_give(struct cells *cells, uint64_t *event) {
    struct cell *cell = cell_of(event);
    if (cells->is_latest) {
        /* release: pairs with claim_free */
        atomic_fetch_or_explicit(&cells->free, UINT64_C(1) << index_of(cells, cell),
                                 memory_order_release);
    } else {
        uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_relaxed);
        /* release: pairs with claim_next */
        atomic_store_explicit(&cell->sequence, sequence + cells->mask, memory_order_release);
    }
}

bool cells_wait(const struct cells *cells) {
    if (cells->is_latest) {
        return atomic_load_explicit(&cells->newest, memory_order_seq_cst) != 0;
    }
    uint64_t position = atomic_load_explicit(&cells->head, memory_order_relaxed);
    uint64_t sequence =
        atomic_load_explicit(&cell_at(cells, position)->sequence, memory_order_seq_cst);
    return (int64_t)(sequence - position) > 0;
}

uint32_t cells_count(const struct cells *cells) {
    if (cells->is_latest) {
        return atomic_load_explicit(&cells->newest, memory_order_relaxed) != 0;
    }
    uint64_t head = atomic_load_explicit(&cells->head, memory_order_relaxed);
    return (uint32_t)(atomic_load_explicit(&cells->tail, memory_order_relaxed) - head);
}

/*
 * door.h - lets threads in until it is closed, and tells who is the last one out.
 *
 * Two counters that only grow make it wait-free: those who came in, which closing reads and seals
 * in one step, and those who left, from which closing takes that number. Who then brings it to 0 is
 * the last one. Both may wrap around: the lowest bit is a flag, and what counts is the difference.
 */
#ifndef SIDING_CORE_DOOR_H
#define SIDING_CORE_DOOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define DOOR_CLOSED 1u
#define DOOR_ONE 2u

struct door {
    _Atomic(uint32_t) entered; /* in DOOR_ONE, and DOOR_CLOSED; atomic: see each function */
    _Atomic(uint32_t) left;    /* likewise; once it is closed, less those who had come in by then */
};

#define DOOR_INITIALIZER_CLOSED {DOOR_CLOSED, DOOR_CLOSED}

/** Opens it, for the first time or again when everybody has left.
 *  @thread the owner of what is behind it  @blocks never */
static inline void door_open(struct door *door) {
    atomic_store_explicit(&door->left, 0, memory_order_relaxed);
    /* release: what is behind it is ready; pairs with door_enter */
    atomic_store_explicit(&door->entered, 0, memory_order_release);
}

/** @return whether the caller is inside, and must leave; false: it is closed
 *  @thread any  @blocks never */
static inline bool door_enter(struct door *door) {
    /* acquire: pairs with door_open. Who finds it closed was not counted: that is over */
    uint32_t before = atomic_fetch_add_explicit(&door->entered, DOOR_ONE, memory_order_acquire);
    return (before & DOOR_CLOSED) == 0;
}

/** @return whether it is closed and nobody is left inside: the caller disposes of what is behind it
 *  @thread who is inside  @blocks never */
static inline bool door_leave(struct door *door) {
    /* acq_rel: the last one sees what all others, and the closer, have done; pairs with itself and
       door_close */
    uint32_t before = atomic_fetch_add_explicit(&door->left, DOOR_ONE, memory_order_acq_rel);
    return before + DOOR_ONE == DOOR_CLOSED;
}

/** Lets nobody in any more; once, while it is open.
 *  @return whether nobody is inside: the caller disposes of what is behind it
 *  @thread the owner  @blocks never */
static inline bool door_close(struct door *door) {
    /* relaxed: `left` hands over what those inside have done */
    uint32_t entered = atomic_fetch_or_explicit(&door->entered, DOOR_CLOSED, memory_order_relaxed);
    uint32_t change = DOOR_CLOSED - entered;
    /* acq_rel: pairs with door_leave */
    return atomic_fetch_add_explicit(&door->left, change, memory_order_acq_rel) == entered;
}

/** @return whether it is closed, for good unless its owner opens it  @thread any  @blocks never */
static inline bool door_is_closed(const struct door *door) {
    return (atomic_load_explicit(&door->entered, memory_order_acquire) & DOOR_CLOSED) != 0;
}

#endif

/*
 * ring.h - the events of one callback on their way to the host: a bounded queue that takes no lock.
 *
 *   producer  ring_begin ─▶ writes the event into its cell ─▶ ring_publish ─▶ arms the ring
 *   host      visits the ring while it is armed, until it is empty, then disarms it
 *
 * Events lie in cells (cells.h), with SIDING_OVERFLOW_LATEST in those of which one is the newest.
 *
 * The ring is a node of its bridge's inbox from when a producer arms it until the host disarms it,
 * so at most one wake-up is under way. Publishing stores a cell and then looks at `armed`;
 * disarming stores `armed` and then looks at the cells: all sequentially consistent, so one sees
 * the other.
 */
#ifndef SIDING_CORE_RING_H
#define SIDING_CORE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "inbox.h"

struct bridge;
struct cells;
struct ring;
struct sink;

struct ring_options {
    struct bridge *bridge; /* retained by the ring's owner */
    uint32_t token;        /* of its events */
    uint32_t overflow;     /* SIDING_OVERFLOW_... */
    uint32_t capacity;     /* a power of two, 2 to SIDING_CAPACITY_MAX; LATEST: ignored */
    uint32_t
        event_words; /* of the largest event, header included; SIDING_EVENT_WORDS_MAX at most */
    bool is_pulled;  /* SIDING_CALLBACK_PULLED */
    /* the owner counts its holders: an armed ring is one */
    void (*retain)(struct ring *ring);
    void (*release)(struct ring *ring);
    /* an event that was taken, and cannot be delivered; on the js thread */
    void (*lose)(struct ring *ring, const uint64_t *event);
};

struct ring {
    struct node node; /* first: a node of kind NODE_RING is a ring; owner: who armed it */
    struct ring_options options;    /* immutable */
    _Atomic(struct cells *) cells;  /* NULL: not made yet; atomic: seq_cst, see ring.c */
    _Atomic(bool) is_armed;         /* atomic: seq_cst, see above */
    _Atomic(bool) is_closed;        /* atomic: seq_cst, see ring_close */
    bool is_stalled;                /* armed and in no inbox, for want of allowance; owner: js */
    uint32_t allowance;             /* events that the host asked for; owner: js */
    _Atomic(uint32_t) room;         /* grows when a full ring was read; atomic: see ring.c */
    _Atomic(uint32_t) room_waiters; /* likewise */
    _Atomic(uint64_t) dropped;      /* atomic: seq_cst, against `is_armed` as the cells are */
    _Atomic(uint64_t) refused;      /* likewise */
    uint64_t dropped_told;          /* owner: js */
    uint64_t refused_told;          /* owner: js */
    uint64_t delivered;             /* owner: js */
};

struct ring_counts {
    uint32_t waiting;
    uint64_t events; /* delivered, or waiting */
    uint64_t dropped;
    uint64_t refused;
};

/**
 * Makes it, with all its memory unless it may block: then that is made with the first event.
 * @return SIDING_OK, SIDING_ENOMEM
 * @thread js  @blocks never
 */
int32_t ring_init(struct ring *ring, const struct ring_options *options);
/** Frees it and what nobody has read. @thread the last holder of its owner  @blocks never */
void ring_deinit(struct ring *ring);

/**
 * Reserves the next event. Whoever has one must write its payload, from word SIDING_EVENT_WORDS on,
 * and publish it soon: those behind it wait. Memory of long tails is made before.
 * @param timeout_ns how long a full ring that may block is waited for
 * @return the event, whose header ring_publish writes; NULL: the ring is closed, or there is no
 *         room, or no memory, and the event is counted as dropped
 * @thread any that holds the owner  @blocks at most timeout_ns; with a drop policy never
 */
uint64_t *ring_begin(struct ring *ring, uint64_t timeout_ns);
/**
 * Hands it over, and wakes the host if need be.
 * @param words of the event, header included
 * @param flags SIDING_EVENT_BLOCK: the last two words are the address of memory from malloc, now
 *        the ring's, and its size in bytes; else 0
 * @thread who reserved it  @blocks never
 */
void ring_publish(struct ring *ring, uint64_t *event, uint32_t words, uint16_t flags);
/** Counts a call that is not delivered, or was delivered in part. @thread any that holds the owner
 *  @blocks never */
void ring_refuse(struct ring *ring);
/** @return whether it is closed: seq_cst, ordered with ring_close  @thread any  @blocks never */
static inline bool ring_is_closed(const struct ring *ring) {
    return atomic_load_explicit(&ring->is_closed, memory_order_seq_cst);
}

/** Lets go who waits for room; delivers nothing any more. Comes before ask_close_all, so that an
 *  ask that was opened before ring_begin is closed or finds the ring closed.
 *  @thread js  @blocks never */
void ring_close(struct ring *ring);
/** See siding_callback_pull. @thread js  @blocks never */
void ring_pull(struct ring *ring, uint32_t count);
/** @thread js  @blocks never */
void ring_count(struct ring *ring, struct ring_counts *out_counts);

enum ring_visit {
    RING_EMPTY,   /* all was read */
    RING_MORE,    /* its share of this turn is used up */
    RING_NO_ROOM, /* the sink has none for the next event */
    RING_STALLED, /* waits, in no inbox, for ring_pull */
    RING_CLOSED   /* is to be dropped */
};

/**
 * Copies what waits: first what was lost, as an event of its own, then some events.
 * @thread js, while the ring is armed  @blocks never
 */
enum ring_visit ring_read(struct ring *ring, struct sink *sink);
/**
 * Has the next producer arm it again, which ends the hold that the armed ring was.
 * @return false: something has come meanwhile; it is armed, in no inbox, and to be read again
 * @thread js, after RING_EMPTY, the node unlinked  @blocks never
 */
bool ring_disarm(struct ring *ring);
/** Ends that hold of a ring that nobody will read. @thread js, the node unlinked  @blocks never */
void ring_drop(struct ring *ring);

#endif

/*
 * inbox.h - the one queue of libsiding: any thread pushes, one consumer takes everything at once.
 *
 * A Treiber stack of chains that is only ever emptied whole (hence no ABA); the consumer reverses
 * the order of the chains, without going through them. The head word also says whether the consumer
 * sleeps, so that the thread whose push finds it asleep, and only that one, has to wake it: push
 * and "go to sleep" are read-modify-writes of the same word, and no wake-up falls between them.
 *
 *   head = 0        empty, the consumer is awake and will look again
 *   head = ASLEEP   empty, the consumer sleeps
 *   head = CLOSED   the consumer is gone for good
 *   head = node     first node of the newest chain, whose last node leads to the chain before
 */
#ifndef SIDING_CORE_INBOX_H
#define SIDING_CORE_INBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum node_kind {
    NODE_CALL,    /* a struct record: run its function, or tell its event */
    NODE_BATCH,   /* a struct batch: tell its events */
    NODE_SERVE,   /* a slot: take calls of the shared queue */
    NODE_FOLLOW,  /* a slot: watch the shared queue for a stall */
    NODE_NAME,    /* a slot: take over the name of its lease */
    NODE_RELEASE, /* a slot: its lease ends here */
    NODE_END,     /* a slot: its thread ends here */
    NODE_BODY,    /* a struct record: run it when no call waits, see repeat.h */
    NODE_POKE,    /* a slot: look again */
    NODE_RING,    /* a bridge: a struct ring, tell its events */
    NODE_ENDED,   /* a bridge: of a callback, tell its end */
    NODE_SOURCE,  /* a bridge: a struct source, tell its events */
    NODE_PAGE,    /* a bridge: a struct page, tell its events */
};

struct node {
    struct node *next; /* owner: the pusher before, the consumer after the push */
    struct node *last; /* of the chain that was pushed with this node first; likewise */
    uint32_t kind;     /* enum node_kind, likewise */
};

struct inbox {
    _Atomic(uintptr_t) head; /* atomic: see each function */
};

#define INBOX_AWAKE ((uintptr_t)0)
#define INBOX_ASLEEP ((uintptr_t)1)
#define INBOX_CLOSED ((uintptr_t)2)

enum inbox_push { INBOX_PUSHED, INBOX_PUSHED_WAKE, INBOX_REFUSED };

/** Starts empty, its consumer asleep. @thread any, before it is shared  @blocks never */
void inbox_init(struct inbox *inbox);

/**
 * Adds a chain first → … → last, linked by `next`.
 * @return INBOX_PUSHED_WAKE: the caller must wake the consumer; INBOX_REFUSED: closed, nothing
 *          added
 * @thread any  @blocks never
 */
enum inbox_push inbox_push(struct inbox *inbox, struct node *first, struct node *last);

/** @return all nodes in arrival order, or NULL; the consumer is awake after it
 *  @thread the consumer  @blocks never */
struct node *inbox_take(struct inbox *inbox);

/** No push asks for a wake-up from now on. @thread the consumer  @blocks never */
void inbox_wake(struct inbox *inbox);

/** @return true: empty, and the next push will ask for a wake-up  @thread the consumer */
bool inbox_sleep(struct inbox *inbox);

/** Ends it. @return the nodes left, in arrival order  @thread the consumer  @blocks never */
struct node *inbox_close(struct inbox *inbox);

/** @return whether it is open and has no nodes  @thread any  @blocks never */
static inline bool inbox_is_empty(struct inbox *inbox) {
    /* acquire: pairs with inbox_take, for slot_is_quiet */
    return atomic_load_explicit(&inbox->head, memory_order_acquire) < INBOX_CLOSED;
}

/** @return whether there are nodes to take  @thread any  @blocks never */
static inline bool inbox_waits(struct inbox *inbox) {
    /* seq_cst: with idle_push, pairs with inbox_push and idle_pop (dispatch.c, "nobody looks") */
    return atomic_load_explicit(&inbox->head, memory_order_seq_cst) > INBOX_CLOSED;
}

#endif

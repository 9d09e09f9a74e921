#include "exchange.h"

#include <stdbool.h>
#include <stddef.h>

#include "callback.h"
#include "event.h"
#include "outbox.h"
#include "page.h"
#include "poller.h"
#include "ring.h"
#include "source.h"
#include "submission.h"

#define SPIN_ROUND 4u        /* pauses between two looks */
#define ROUNDS_PER_YIELD 12u /* some 2 us: most short calls are back by then */

/* @return false: no room for it */
static bool read_record(struct bridge *bridge, struct record *record, struct sink *sink) {
    if (event_kept_words(record) > sink->capacity_words - sink->used_words) {
        return false;
    }
    sink->used_words += event_write_kept(bridge, record, sink->words + sink->used_words);
    sink->events++;
    slab_recycle(record);
    return true;
}

enum step {
    STEP_ON,  /* look at the next node */
    STEP_END, /* all was read */
    STEP_FULL /* no room for the next event */
};

static enum step read_call(struct bridge *bridge, struct node *node, struct sink *sink) {
    struct node *next = node->next; /* the record is free after it was read */
    if (!read_record(bridge, (struct record *)node, sink)) {
        return STEP_FULL;
    }
    bridge->undelivered = next;
    return STEP_ON;
}

/* @return whether it is the last node, and may stay where it is for what comes */
static bool stays(struct bridge *bridge, struct node *node, bool seals) {
    if (node->next == NULL) {
        node->next = inbox_take(&bridge->completed);
    }
    return node->next == NULL && !seals;
}

static enum step read_batch(struct bridge *bridge, struct node *node, struct sink *sink,
                            bool seals) {
    struct batch *batch = (struct batch *)node;
    if (!batch_read(batch, sink)) {
        return STEP_FULL;
    }
    if (stays(bridge, node, seals)) {
        return STEP_END;
    }
    if (batch_seal(batch)) {
        bridge->undelivered = node->next;
        batch_release(batch);
    }
    return STEP_ON;
}

/* Behind what else waits. The inbox is awake and open: nobody is woken, nothing refused. */
static void requeue(struct bridge *bridge, struct node *node) {
    (void)bridge_push(bridge, node);
}

static enum step read_ring(struct bridge *bridge, struct node *node, struct sink *sink,
                           bool seals) {
    struct ring *ring = (struct ring *)node;
    enum ring_visit visit = ring_read(ring, sink);
    if (visit == RING_NO_ROOM) {
        return STEP_FULL;
    }
    if (visit == RING_EMPTY && stays(bridge, node, seals)) {
        return STEP_END;
    }
    bridge->undelivered = node->next; /* from here on the node may be another's */
    if (visit == RING_CLOSED) {
        ring_drop(ring);
    } else if (visit == RING_MORE || (visit == RING_EMPTY && !ring_disarm(ring))) {
        requeue(bridge, &ring->node);
    }
    return STEP_ON;
}

static enum step read_end(struct bridge *bridge, struct node *node, struct sink *sink) {
    struct node *next = node->next; /* the callback is gone after it was read */
    if (!callback_read_end(node, sink)) {
        return STEP_FULL;
    }
    bridge->undelivered = next;
    return STEP_ON;
}

static enum step read_page(struct bridge *bridge, struct node *node, struct sink *sink) {
    struct node *next = node->next; /* the page is gone after it was read */
    if (!page_read(node, sink)) {
        return STEP_FULL;
    }
    bridge->undelivered = next;
    return STEP_ON;
}

static enum step read_source(struct bridge *bridge, struct node *node, struct sink *sink) {
    struct node *next = node->next; /* from the visit on the node may be another's */
    enum source_visit visit = source_visit(node, sink);
    if (visit == SOURCE_NO_ROOM) {
        return STEP_FULL;
    }
    bridge->undelivered = next;
    if (visit == SOURCE_REQUEUE) {
        requeue(bridge, node);
    }
    return STEP_ON;
}

static enum step read_node(struct bridge *bridge, struct node *node, struct sink *sink,
                           bool seals) {
    switch (node->kind) {
    case NODE_CALL:
        return read_call(bridge, node, sink);
    case NODE_RING:
        return read_ring(bridge, node, sink, seals);
    case NODE_ENDED:
        return read_end(bridge, node, sink);
    case NODE_PAGE:
        return read_page(bridge, node, sink);
    case NODE_SOURCE:
        return read_source(bridge, node, sink);
    default:
        return read_batch(bridge, node, sink, seals);
    }
}

/*
 * Copies what there is. The last batch stays open, so that its worker can go on adding to it, and
 * the last ring armed, unless `seals` asks to end it: then the next event pushes a node.
 * @return false: no room for the next event
 */
static bool read_all(struct bridge *bridge, struct sink *sink, bool seals) {
    for (;;) {
        if (bridge->undelivered == NULL) {
            bridge->undelivered = inbox_take(&bridge->completed);
        }
        struct node *node = bridge->undelivered;
        enum step step = node == NULL ? STEP_END : read_node(bridge, node, sink, seals);
        if (step != STEP_ON) {
            return step == STEP_END;
        }
    }
}

/* @return what to tell the host; the next event kicks it, unless it is told to look again */
static int32_t finish(struct bridge *bridge, struct sink *sink) {
    bool complete = false;
    do {
        complete = read_all(bridge, sink, true);
    } while (complete && !inbox_sleep(&bridge->completed));
    bridge->in_flight -= sink->events;
    return (int32_t)sink->used_words | (complete ? 0 : SIDING_DRAIN_MORE);
}

int32_t exchange_drain(struct bridge *bridge, uint64_t *out_events, uint32_t capacity_words) {
    struct sink sink = {.words = out_events, .capacity_words = capacity_words};
    return finish(bridge, &sink);
}

int32_t exchange_feed(struct bridge *bridge, const uint64_t *records, uint32_t words) {
    inbox_wake(&bridge->completed);
    int32_t taken = submission_take(bridge, records, words);
    /* the host that made a malformed record may never look */
    if (taken < 0 && (bridge->undelivered != NULL || !inbox_sleep(&bridge->completed))) {
        bridge_kick(bridge);
    }
    return taken;
}

static void await_events(struct bridge *bridge, struct sink *sink, uint32_t events_min,
                         uint32_t spin_ns) {
    uint64_t end_ns = siding_clock_ns() + spin_ns;
    uint32_t rounds = 0;
    while (read_all(bridge, sink, false) && sink->events + sink->asked < events_min &&
           siding_clock_ns() < end_ns) {
        for (uint32_t i = 0; i < SPIN_ROUND; i++) {
            siding_thread_pause();
        }
        if (++rounds % ROUNDS_PER_YIELD == 0) {
            siding_thread_yield(); /* the worker may wait for this very processor */
        }
    }
}

int32_t exchange_both(struct bridge *bridge, const uint64_t *records, uint32_t words,
                      uint64_t *out_events, uint32_t capacity_words, uint32_t events_min,
                      uint32_t spin_ns) {
    int32_t taken = exchange_feed(bridge, records, words);
    if (taken < 0) {
        return taken;
    }
    struct sink sink = {.words = out_events, .capacity_words = capacity_words};
    await_events(bridge, &sink, events_min, spin_ns);
    return finish(bridge, &sink);
}

/* @return whether there is room for more, and nothing yet */
static bool is_to_wait(struct bridge *bridge, struct sink *sink) {
    return read_all(bridge, sink, false) && sink->used_words == 0;
}

/* Runs the poller's rounds meanwhile. */
static void await_sources(struct bridge *bridge, struct sink *sink, uint32_t spin_ns) {
    uint64_t end_ns = siding_clock_ns() + spin_ns;
    enum poller_here here = poller_begin_here();
    for (uint32_t rounds = 1; here != POLLER_AWAY && is_to_wait(bridge, sink); rounds++) {
        if (siding_clock_ns() >= end_ns) {
            break;
        }
        here = poller_run_here(here);
        if (rounds % ROUNDS_PER_YIELD == 0) {
            siding_thread_yield(); /* who is to answer may wait for this very processor */
        }
    }
    poller_end_here(here, sink->used_words > 0);
}

int32_t exchange_await(struct bridge *bridge, uint64_t *out_events, uint32_t capacity_words,
                       uint32_t spin_ns) {
    struct sink sink = {.words = out_events, .capacity_words = capacity_words};
    inbox_wake(&bridge->completed);
    if (is_to_wait(bridge, &sink)) {
        await_sources(bridge, &sink, spin_ns);
    }
    return finish(bridge, &sink);
}

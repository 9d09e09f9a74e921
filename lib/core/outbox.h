/*
 * outbox.h - events on their way from one worker to the hosts, in batches of adjoining words.
 *
 * A worker writes the event of a finished call straight into a batch, and pushes the batch into the
 * inbox of the call's bridge with its first event. Until the consumer seals it the worker goes on
 * adding, and publishes each event by one compare-and-swap of `filled`, which fails once the batch
 * is sealed. So a stream of events travels between cores in the order in which processors
 * prefetch, where following a list of records would miss the cache at each one.
 *
 *           first event pushed        consumer has read all         consumer let it go
 *   FREE ──────────────────────▶ OPEN ──────────────────────▶ SEALED ──────────────────▶ FREE
 *
 * The batches of one worker form a circle that grows while the consumer does not look, to what the
 * events of the calls in flight need, and shrinks again while the worker is used.
 */
#ifndef SIDING_CORE_OUTBOX_H
#define SIDING_CORE_OUTBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "inbox.h"

struct bridge;
struct record;

#define BATCH_WORDS 249u /* makes a batch 2 KiB */

struct batch {
    struct node node; /* first: a node of kind NODE_BATCH is a batch */
    /* words:16 | calls ended:15 | sealed:1, 0: FREE; atomic: see publish, seal, release */
    _Atomic(uint32_t) filled;
    struct bridge *bridge; /* whose events these are; owner: the worker */
    struct batch *next;    /* of the circle; owner: the worker */
    uint64_t words[BATCH_WORDS];
    uint16_t words_read;  /* owner: the consumer while not FREE, else the worker */
    uint16_t events_read; /* likewise */
};

/* owner: the worker */
struct outbox {
    struct batch *last; /* where its last event went, or NULL */
    uint32_t written;   /* `filled` of that batch as this worker left it */
    uint32_t batches;
};

/** What a consumer copies events to. */
struct sink {
    uint64_t *words;
    uint32_t capacity_words;
    uint32_t used_words;
    uint32_t events; /* that end calls */
    uint32_t asked;  /* that callbacks have */
};

/** Sends the event of a DONE record, which may be FREE and used again before this returns.
 *  @thread worker  @blocks never */
void outbox_deliver(struct outbox *outbox, struct record *record);

/**
 * Sends an event that ends no call.
 * @param event at most 64 words, with SIDING_EVENT_MORE
 * @param bridge must stay open meanwhile
 * @return whether to bridge_kick, as bridge_push has it
 * @thread the outbox's owner  @blocks never
 */
bool outbox_tell(struct outbox *outbox, struct bridge *bridge, const uint64_t *event,
                 uint32_t words);

/** Copies the events not read yet. @return false: no room for the next one
 *  @thread the consumer  @blocks never */
bool batch_read(struct batch *batch, struct sink *sink);
/** @return true: all was read, and nothing will be added  @thread the consumer  @blocks never */
bool batch_seal(struct batch *batch);
/** Gives a sealed batch back to its worker. @thread the consumer  @blocks never */
void batch_release(struct batch *batch);
/** Seals and gives back a batch. @return events that were not read  @thread the consumer */
uint32_t batch_drop(struct batch *batch);

#endif

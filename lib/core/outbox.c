#include "outbox.h"

#include <stddef.h>
#include <string.h>

#include "../base/cache.h"
#include "bridge.h"
#include "event.h"
#include "guest.h"
#include "memory.h"
#include "slab.h"

#define BATCHES_KEPT 4u
#define EVENT_WORDS_MAX 64u   /* larger events stay in their record */
#define WRITE_AHEAD_WORDS 24u /* a few calls before their events are written */
#define BATCH_FREE 0u
#define BATCH_SEALED (1u << 31)
#define ONE_EVENT (1u << 16)

_Static_assert(sizeof(struct batch) == 2048, "a batch has the size it is said to have");
_Static_assert(EVENT_WORDS_MAX <= BATCH_WORDS && BATCH_WORDS < ONE_EVENT, "an event fits");

static uint32_t filled_words(uint32_t filled) {
    return filled & (ONE_EVENT - 1);
}

static uint32_t filled_events(uint32_t filled) {
    return (filled & ~BATCH_SEALED) / ONE_EVENT;
}

/* ---- the worker's side ----------------------------------------------------------------------- */

static struct batch *add_to_circle(struct outbox *outbox) {
    struct batch *batch = memory_make_lines(sizeof *batch);
    if (batch == NULL) {
        return NULL;
    }
    batch->node.kind = NODE_BATCH;
    if (outbox->last == NULL) {
        batch->next = batch;
        outbox->last = batch;
    } else {
        batch->next = outbox->last->next;
        outbox->last->next = batch;
    }
    outbox->batches++;
    return batch;
}

static bool is_free(struct batch *batch) {
    /* acquire: pairs with batch_release; the consumer reads no more of it */
    return atomic_load_explicit(&batch->filled, memory_order_acquire) == BATCH_FREE;
}

/* @return the batch to fill after the last one, or NULL: out of memory */
static struct batch *spare(struct outbox *outbox) {
    struct batch *batch = outbox->last == NULL ? NULL : outbox->last->next;
    return batch != NULL && is_free(batch) ? batch : add_to_circle(outbox);
}

/* A flood that is over leaves more batches than needed. */
static void trim(struct outbox *outbox) {
    struct batch *batch = outbox->last->next;
    if (outbox->batches <= BATCHES_KEPT || !is_free(batch)) {
        return;
    }
    outbox->last->next = batch->next;
    outbox->batches--;
    memory_free_lines(batch);
}

/* @return false: the consumer has sealed the last batch */
static bool publish(struct outbox *outbox, uint32_t filled) {
    uint32_t expected = outbox->written;
    /* release: the event's words are there; pairs with batch_read */
    bool published = atomic_compare_exchange_strong_explicit(
        &outbox->last->filled, &expected, filled, memory_order_release, memory_order_relaxed);
    outbox->written = published ? filled : BATCH_SEALED;
    return published;
}

/* Starts a batch with the event at its beginning. */
static enum inbox_push push(struct outbox *outbox, struct batch *batch, struct bridge *bridge,
                            uint32_t filled) {
    outbox->last = batch;
    outbox->written = filled;
    trim(outbox);
    batch->bridge = bridge;
    batch->words_read = 0;
    batch->events_read = 0;
    /* relaxed: the push releases it */
    atomic_store_explicit(&batch->filled, outbox->written, memory_order_relaxed);
    enum inbox_push pushed = bridge_push(bridge, &batch->node);
    if (pushed == INBOX_REFUSED) {
        atomic_store_explicit(&batch->filled, BATCH_FREE, memory_order_relaxed);
    }
    return pushed;
}

/* Nothing is added behind the event that now goes another way. */
static void deliver_record(struct outbox *outbox, struct record *record) {
    if (outbox->last != NULL) {
        publish(outbox, outbox->written | BATCH_SEALED);
        outbox->written = BATCH_SEALED;
    }
    bridge_deliver(record->bridge, &record->node);
}

/* Writes the event into `next`, or behind the last one where it fits. */
static void deliver_event(struct outbox *outbox, struct batch *next, struct record *record,
                          const struct tails *tails, uint32_t words) {
    struct bridge *bridge = record->bridge;
    uint32_t used = filled_words(outbox->written);
    bool adds = (outbox->written & BATCH_SEALED) == 0 && outbox->last->bridge == bridge &&
                used + words <= BATCH_WORDS;
    uint64_t *event = adds ? outbox->last->words + used : next->words;
    SIDING_PREFETCH_OWN(event + WRITE_AHEAD_WORDS); /* the consumer read it last */
    event_write(record, tails, event);
    tail_free(tails);
    slab_recycle(record); /* the host may use the token as soon as it has the event */
    if (adds) {
        if (publish(outbox, outbox->written + ONE_EVENT + words)) {
            return;
        }
        memmove(next->words, event, words * sizeof *event); /* it may be the same batch */
    }
    enum inbox_push pushed = push(outbox, next, bridge, ONE_EVENT + words);
    if (pushed == INBOX_PUSHED_WAKE) {
        bridge_kick(bridge);
    } else if (pushed == INBOX_REFUSED) {
        bridge_lose(bridge);
    }
}

void outbox_deliver(struct outbox *outbox, struct record *record) {
    if (record->bridge == NULL) {
        guest_complete(record);
        return;
    }
    struct tails tails;
    bool has_kept = record->has_extras && record->tails != NULL;
    uint32_t words = has_kept ? UINT32_MAX : event_measure(record, &tails);
    struct batch *next = words <= EVENT_WORDS_MAX ? spare(outbox) : NULL;
    if (next != NULL) {
        deliver_event(outbox, next, record, &tails, words);
        return;
    }
    if (!has_kept) {
        event_keep(record, &tails);
        tail_free(&tails);
    }
    deliver_record(outbox, record);
}

bool outbox_tell(struct outbox *outbox, struct bridge *bridge, const uint64_t *event,
                 uint32_t words) {
    struct batch *batch = spare(outbox);
    if (batch == NULL) {
        return false; /* there is no memory to tell it */
    }
    memcpy(batch->words, event, words * sizeof *event);
    return push(outbox, batch, bridge, words) == INBOX_PUSHED_WAKE;
}

/* ---- the consumer's side --------------------------------------------------------------------- */

/* Copies one event after the other. @return false: no room for the next one */
static bool read_some(struct batch *batch, uint32_t words, struct sink *sink) {
    while (batch->words_read < words) {
        const uint64_t *source = batch->words + batch->words_read;
        uint32_t size_words = ((const struct siding_event *)source)->words;
        if (size_words > sink->capacity_words - sink->used_words) {
            return false;
        }
        memcpy(sink->words + sink->used_words, source, size_words * sizeof *source);
        uint32_t events = (((const struct siding_event *)source)->flags & SIDING_EVENT_MORE) == 0;
        sink->used_words += size_words;
        sink->events += events;
        batch->words_read += size_words;
        batch->events_read += events;
    }
    return true;
}

bool batch_read(struct batch *batch, struct sink *sink) {
    /* acquire: pairs with publish and push */
    uint32_t filled = atomic_load_explicit(&batch->filled, memory_order_acquire);
    uint32_t words = filled_words(filled) - batch->words_read;
    if (words > sink->capacity_words - sink->used_words) {
        return read_some(batch, filled_words(filled), sink);
    }
    memcpy(sink->words + sink->used_words, batch->words + batch->words_read,
           words * sizeof batch->words[0]);
    sink->used_words += words;
    sink->events += filled_events(filled) - batch->events_read;
    batch->words_read = (uint16_t)filled_words(filled);
    batch->events_read = (uint16_t)filled_events(filled);
    return true;
}

bool batch_seal(struct batch *batch) {
    uint32_t expected = batch->events_read * ONE_EVENT + batch->words_read;
    /* relaxed: what it says was read before; decides against publish */
    return atomic_compare_exchange_strong_explicit(&batch->filled, &expected,
                                                   expected | BATCH_SEALED, memory_order_relaxed,
                                                   memory_order_relaxed) ||
           expected == (BATCH_SEALED | batch->events_read * ONE_EVENT | batch->words_read);
}

void batch_release(struct batch *batch) {
    /* release: pairs with is_free */
    atomic_store_explicit(&batch->filled, BATCH_FREE, memory_order_release);
}

uint32_t batch_drop(struct batch *batch) {
    /* acquire: pairs with publish and push; the worker is done with the records of these events */
    uint32_t filled = atomic_fetch_or_explicit(&batch->filled, BATCH_SEALED, memory_order_acquire);
    uint32_t events = filled_events(filled) - batch->events_read;
    batch_release(batch);
    return events;
}

#include "source.h"

#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "bridge.h"
#include "child.h"
#include "memory.h"
#include "outbox.h"
#include "post.h"
#include "preread.h"
#include "ready.h"
#include "signals.h"
#include "source_table.h"
#include "ticks.h"
#include "told.h"

#define EVENT_WORDS (SIDING_EVENT_WORDS + CHILD_WORDS) /* of the longest */

_Static_assert(sizeof(struct source) <= 200 || sizeof(void *) != 8,
               "a registered descriptor takes 256 bytes at most");

static const struct source_kind *const kinds[] = {
    [SIDING_SOURCE_READY] = &ready_kind,     [SIDING_SOURCE_TIMER] = &ticks_kind,
    [SIDING_SOURCE_SIGNAL] = &signals_kind,  [SIDING_SOURCE_CHILD] = &child_kind,
    [SIDING_SOURCE_EVENT] = &post_kind,      [SIDING_SOURCE_READ] = &preread_kind,
    [SIDING_SOURCE_EXACT] = &preread_kind,   [SIDING_SOURCE_ACCEPT] = &preread_kind,
    [SIDING_SOURCE_RECEIVE] = &preread_kind, [SIDING_SOURCE_CALL] = &preread_kind,
};

static _Atomic(uint32_t) open_count; /* atomic: relaxed, a statistic */

static struct source *find(const struct bridge *bridge, uint64_t handle) {
    struct source *source = handle == 0 ? NULL : source_at(handle);
    return source != NULL && source->bridge == bridge ? source : NULL;
}

uint32_t source_count(void) {
    return atomic_load_explicit(&open_count, memory_order_relaxed);
}

/* ---- telling --------------------------------------------------------------------------------- */

bool source_queue(struct source *source) {
    uint8_t asked = SOURCE_ASKED;
    /* seq_cst: after what is to be told was stored; pairs with leave_visit and begin_ask */
    return atomic_load_explicit(&source->state, memory_order_seq_cst) == SOURCE_ASKED &&
           atomic_compare_exchange_strong_explicit(&source->state, &asked,
                                                   SOURCE_ASKED | SOURCE_QUEUED,
                                                   memory_order_seq_cst, memory_order_seq_cst);
}

/* By js, whatever was asked. @return whether the node is the caller's now */
static bool queue(struct source *source) {
    return (atomic_fetch_or_explicit(&source->state, SOURCE_QUEUED, memory_order_seq_cst) &
            SOURCE_QUEUED) == 0;
}

static void add_up(struct source *source, uint64_t amount) {
    if (source->number == SIDING_SOURCE_READY) {
        atomic_fetch_or_explicit(&source->tally, amount, memory_order_seq_cst);
    } else {
        atomic_fetch_add_explicit(&source->tally, amount, memory_order_seq_cst);
    }
}

void source_tell(struct source *source, uint64_t amount, struct told *told) {
    add_up(source, amount);
    if (source_queue(source)) {
        told_add(told, source);
    }
}

void source_tell_asked(struct source *source, uint64_t amount, struct told *told) {
    if (atomic_load_explicit(&source->state, memory_order_seq_cst) != SOURCE_IDLE) {
        source_tell(source, amount, told);
    }
}

void source_end_later(struct source *source, int32_t status, int32_t error, struct told *told) {
    if (source->kind->stop != NULL) {
        source->kind->stop(source);
    }
    source->end_status = status;
    source->end_error = error;
    /* seq_cst: pairs with leave_visit. Where it was QUEUED, it may be another's from here on */
    uint8_t before = atomic_fetch_or_explicit(&source->state, SOURCE_ENDED | SOURCE_QUEUED,
                                              memory_order_seq_cst);
    siding_assert((before & SOURCE_ENDED) == 0);
    if ((before & SOURCE_QUEUED) == 0) {
        told_add(told, source);
    }
}

void source_end(struct source *source, int32_t status, int32_t error) {
    struct told told = {NULL, NULL};
    source_end_later(source, status, error, &told);
    told_push(&told);
}

/* ---- opening --------------------------------------------------------------------------------- */

static void start(struct source *source, struct bridge *bridge,
                  const struct siding_source_options *options) {
    siding_assert(atomic_load_explicit(&source->held.holders, memory_order_relaxed) == 0);
    atomic_store_explicit(&source->held.holders, 1, memory_order_relaxed);
    source->generation++;
    source->number = (uint8_t)options->kind;
    source->kind = kinds[options->kind];
    source->token = options->token;
    source->flags = options->flags;
    bool is_number = options->object >= 0 && options->object <= INT32_MAX;
    source->object = is_number ? (int32_t)options->object : -1; /* as little a descriptor */
    source->bridge = bridge;
    source->registration = NULL;
    source->next_watcher = NULL;
    source->timer.place = 0;
    source->timer.is_parked = false;
    source->is_closed = false;
    source->events = source->coalesced = source->bytes = source->stalls = 0;
    /* relaxed, all: nobody else knows it yet */
    atomic_store_explicit(&source->tally, 0, memory_order_relaxed);
    atomic_store_explicit(&source->posts, 0, memory_order_relaxed);
    atomic_store_explicit(&source->credit, 0, memory_order_relaxed);
    atomic_store_explicit(&source->state, SOURCE_IDLE, memory_order_relaxed);
    uint64_t handle = handle_make(HANDLE_SOURCE, source->index, source->generation);
    atomic_store_explicit(&source->handle, handle, memory_order_relaxed);
    atomic_fetch_add_explicit(&open_count, 1, memory_order_relaxed);
    memory_count((int64_t)sizeof *source);
    bridge_retain(bridge);
}

/* Nobody finds it any more. */
static void unlist(struct source *source) {
    atomic_store_explicit(&source->handle, 0, memory_order_relaxed);
    if (source->previous != NULL) {
        source->previous->next = source->next;
    } else {
        source->bridge->sources = source->next;
    }
    if (source->next != NULL) {
        source->next->previous = source->previous;
    }
}

static void list(struct source *source) {
    struct bridge *bridge = source->bridge;
    source->previous = NULL;
    source->next = bridge->sources;
    if (source->next != NULL) {
        source->next->previous = source;
    }
    bridge->sources = source;
}

void source_release(struct source *source) {
    if (!held_release(&source->held)) {
        return;
    }
    struct bridge *bridge = source->bridge;
    if (source->kind->deinit != NULL) {
        source->kind->deinit(source);
    }
    memory_count(-(int64_t)sizeof *source);
    atomic_fetch_sub_explicit(&open_count, 1, memory_order_relaxed);
    source_give(source);
    bridge_let_go(bridge);
}

static bool is_valid(const struct siding_source_options *options) {
    uint32_t of_ready = SIDING_READY_READ | SIDING_READY_WRITE | SIDING_READY_PRIORITY |
                        SIDING_SOURCE_EDGE | SIDING_SOURCE_ONCE;
    uint32_t number = options->kind;
    uint32_t legal = number == SIDING_SOURCE_READY   ? of_ready
                     : number == SIDING_SOURCE_EVENT ? SIDING_SOURCE_COUNTED
                                                     : 0;
    return number < sizeof kinds / sizeof kinds[0] && kinds[number] != NULL &&
           (options->flags & ~legal) == 0;
}

static int32_t ask(struct source *source, uint32_t count);

int32_t source_open(struct bridge *bridge, const struct siding_source_options *options,
                    uint64_t *out_source, int32_t *out_error) {
    if (!is_valid(options)) {
        return SIDING_EINVALID;
    }
    int32_t status = slab_hold_token(&bridge->slab, options->token);
    if (status != SIDING_OK) {
        return status;
    }
    struct source *source = NULL;
    status = source_take(&source);
    if (status != SIDING_OK) {
        goto fail_take;
    }
    start(source, bridge, options);
    list(source);
    status = source->kind->open(source, options, out_error);
    if (status != SIDING_OK) {
        goto fail_open;
    }
    *out_source = atomic_load_explicit(&source->handle, memory_order_relaxed);
    return ask(source, options->credit);

fail_open:
    unlist(source);
    source_release(source);
fail_take:
    slab_drop_token(&bridge->slab, options->token);
    return status;
}

/* ---- the host's side ------------------------------------------------------------------------- */

/* Looked at when the host asks, hence told once. */
static bool is_level(const struct source *source) {
    return source->number == SIDING_SOURCE_READY && (source->flags & SIDING_SOURCE_EDGE) == 0;
}

static bool is_last_value(const struct source *source) {
    return source->number == SIDING_SOURCE_EVENT && (source->flags & SIDING_SOURCE_COUNTED) == 0;
}

static bool has_news(const struct source *source) {
    return is_last_value(source) ? atomic_load_explicit(&source->posts, memory_order_seq_cst) != 0
                                 : atomic_load_explicit(&source->tally, memory_order_seq_cst) != 0;
}

static uint32_t credit_of(const struct source *source) {
    return atomic_load_explicit(&source->credit, memory_order_relaxed);
}

/* @return whether a visit has something to tell */
static bool needs_visit(const struct source *source) {
    bool has_ended = source_has_ended(source);
    if (source->is_closed) {
        return has_ended;
    }
    return has_news(source) ? !source->kind->reads && credit_of(source) > 0 : has_ended;
}

/* @return credit before */
static uint32_t add_credit(struct source *source, uint32_t count) {
    /* only js adds: what is there can only become less */
    uint32_t before = credit_of(source);
    uint32_t most = is_level(source) ? 1 - before : UINT32_MAX - before;
    return atomic_fetch_add_explicit(&source->credit, count < most ? count : most,
                                     memory_order_seq_cst);
}

/* @return whether it is ASKED now, and to be looked at */
static bool begin_ask(struct source *source, uint32_t count) {
    bool had_asked = add_credit(source, count) > 0;
    if (count == 0 || had_asked || source->is_closed) {
        return false;
    }
    if (source->kind->reads) {
        source->kind->ask(source);
        return false;
    }
    source->stalls += !is_level(source) && has_news(source);
    /* seq_cst: then it is looked at; pairs with source_queue. QUEUED: the visit finds the credit */
    uint8_t before = atomic_fetch_or_explicit(&source->state, SOURCE_ASKED, memory_order_seq_cst);
    if ((before & SOURCE_QUEUED) == 0 && source->kind->ask != NULL) {
        source->kind->ask(source);
    }
    return (before & SOURCE_QUEUED) == 0;
}

/* @return whether there is something to drain */
static bool end_ask(struct source *source) {
    bool is_queued = needs_visit(source) && queue(source);
    if (is_queued) {
        (void)bridge_push(source->bridge, &source->node); /* the caller drains */
    }
    return is_queued;
}

/* @return as siding_source_pull */
static int32_t ask(struct source *source, uint32_t count) {
    struct siding_look look;
    if (!begin_ask(source, count)) {
        return 0;
    }
    if (ready_begin_look(source, &look)) {
        siding_poller_look_all(&look, 1);
        ready_end_look(source, &look);
    }
    return end_ask(source);
}

int32_t source_pull(const struct bridge *bridge, uint64_t handle, uint32_t count) {
    struct source *source = find(bridge, handle);
    return source == NULL ? SIDING_ESTALE : ask(source, count);
}

/* Sources that are looked at together. */
struct looks {
    struct source *sources[SIDING_LOOKS_MAX];
    struct siding_look looks[SIDING_LOOKS_MAX];
    uint32_t count;
};

/* @return how many have something to drain */
static uint32_t look_at_all(struct looks *looks) {
    uint32_t found = 0;
    siding_poller_look_all(looks->looks, looks->count);
    for (uint32_t i = 0; i < looks->count; i++) {
        ready_end_look(looks->sources[i], &looks->looks[i]);
        found += end_ask(looks->sources[i]);
    }
    looks->count = 0;
    return found;
}

int32_t source_pull_all(const struct bridge *bridge, const uint64_t *handles, uint32_t count) {
    struct looks looks = {.count = 0};
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct source *source = find(bridge, handles[i]);
        if (source == NULL || !begin_ask(source, 1)) {
            continue;
        }
        if (ready_begin_look(source, &looks.looks[looks.count])) {
            looks.sources[looks.count++] = source;
        } else {
            found += end_ask(source);
        }
        if (looks.count == SIDING_LOOKS_MAX) {
            found += look_at_all(&looks);
        }
    }
    return (int32_t)(found + look_at_all(&looks));
}

/* What waits without a visit, for want of credit, comes to its end. */
static void finish(struct source *source) {
    source->is_closed = true;
    source->kind->close(source);
    if (source_has_ended(source) && queue(source)) {
        struct told told = {NULL, NULL};
        told_add(&told, source);
        told_push(&told);
    }
}

int32_t source_close(const struct bridge *bridge, uint64_t handle) {
    struct source *source = find(bridge, handle);
    if (source == NULL) {
        return SIDING_ESTALE;
    }
    if (!source->is_closed) {
        finish(source);
    }
    return SIDING_OK;
}

void source_leave(struct bridge *bridge) {
    while (bridge->sources != NULL) {
        struct source *source = bridge->sources;
        unlist(source);
        if (!source->is_closed) {
            finish(source);
        }
    }
}

int32_t source_stats(const struct bridge *bridge, uint64_t handle,
                     struct siding_source_stats *out_stats) {
    const struct source *source = find(bridge, handle);
    if (source == NULL) {
        return SIDING_ESTALE;
    }
    *out_stats = (struct siding_source_stats){
        .size_bytes = sizeof *out_stats,
        .credit = credit_of(source),
        .events = source->events,
        .coalesced = source->coalesced,
        .bytes = source->bytes,
        .stalls = source->stalls,
    };
    return SIDING_OK;
}

/* ---- visits ---------------------------------------------------------------------------------- */

static struct siding_event *write_header(const struct source *source, struct sink *sink,
                                         uint32_t words) {
    uint64_t *event = sink->words + sink->used_words;
    sink->used_words += words;
    *(struct siding_event *)event =
        (struct siding_event){.token = source->token, .words = (uint16_t)words};
    return (struct siding_event *)event;
}

/* Takes it. @param out_times how often something was told */
static uint64_t take_news(struct source *source, uint64_t *out_times) {
    if (is_last_value(source)) {
        /* first: a value posted later comes with an event of its own */
        *out_times = atomic_exchange_explicit(&source->posts, 0, memory_order_seq_cst);
        return atomic_load_explicit(&source->tally, memory_order_seq_cst);
    }
    uint64_t tally = atomic_exchange_explicit(&source->tally, 0, memory_order_seq_cst);
    bool counts = source->number == SIDING_SOURCE_TIMER || source->number == SIDING_SOURCE_SIGNAL;
    *out_times = counts ? tally : 1;
    return tally;
}

static void tell_news(struct source *source, struct sink *sink) {
    uint64_t times = 0;
    uint64_t tally = take_news(source, &times);
    bool is_child = source->number == SIDING_SOURCE_CHILD;
    struct siding_event *event =
        write_header(source, sink, SIDING_EVENT_WORDS + (is_child ? CHILD_WORDS : 1));
    event->flags = SIDING_EVENT_MORE;
    uint64_t *payload = (uint64_t *)(event + 1);
    if (is_child) {
        child_write(tally, payload);
    } else {
        *payload = tally;
    }
    source->events++;
    source->coalesced += times - 1;
    atomic_fetch_sub_explicit(&source->credit, 1, memory_order_relaxed);
    sink->asked++;
    if (source->flags & SIDING_SOURCE_ONCE) {
        finish(source); /* the next visit tells it */
    }
}

static void tell_end(struct source *source, struct sink *sink) {
    struct siding_event *event = write_header(source, sink, SIDING_EVENT_WORDS);
    event->status = source->end_status;
    event->error = source->end_error;
    slab_drop_token(&source->bridge->slab, source->token);
    unlist(source);
    source_release(source);
}

/* Lets others queue it again. @return whether there is more to tell, and the node still ours */
static bool leave_visit(struct source *source) {
    bool asks = !source->kind->reads && credit_of(source) > 0; /* then it is ASKED as well */
    uint8_t taken = asks ? SOURCE_QUEUED : SOURCE_QUEUED | SOURCE_ASKED;
    /* seq_cst: pairs with source_queue and source_end_later, and releases the node */
    atomic_fetch_and_explicit(&source->state, (uint8_t)~taken, memory_order_seq_cst);
    return needs_visit(source) && queue(source);
}

enum source_visit source_visit(struct node *node, struct sink *sink) {
    struct source *source = (struct source *)node;
    if (sink->capacity_words - sink->used_words < EVENT_WORDS) {
        return SOURCE_NO_ROOM;
    }
    /* first: nothing is told after the end */
    bool has_ended = source_has_ended(source);
    bool has_told = !source->is_closed && has_news(source);
    if (has_told && credit_of(source) > 0) {
        tell_news(source, sink);
    } else if (has_ended && !has_told) {
        tell_end(source, sink);
        return SOURCE_DONE;
    }
    return leave_visit(source) ? SOURCE_REQUEUE : SOURCE_DONE;
}

void source_drop(struct node *node) {
    struct source *source = (struct source *)node;
    /* seq_cst: pairs with source_end_later. If that is to come, it may be another's from here on */
    uint8_t before =
        atomic_fetch_and_explicit(&source->state, (uint8_t)~SOURCE_QUEUED, memory_order_seq_cst);
    if (before & SOURCE_ENDED) {
        source_release(source);
    }
}

#include "callback.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "bound_pointer.h"
#include "entry.h"
#include "memory.h"
#include "outbox.h"
#include "tail_foreign.h"
#include "type.h"

#define TAIL_WORDS 16u /* room of a tail in a cell of a ring that may block */

static _Atomic(uint32_t) open_count; /* atomic: relaxed, a statistic */

/* ---- lifetime -------------------------------------------------------------------------------- */

static struct callback *callback_of(struct ring *ring) {
    return (struct callback *)((char *)ring - offsetof(struct callback, ring));
}

static uint32_t values_words(const struct signature *signature, bool waits) {
    return signature->result_words * (waits ? VALUES : 1u);
}

static size_t size_bytes(const struct signature *signature, bool waits) {
    return sizeof(struct callback) + values_words(signature, waits) * sizeof(uint64_t);
}

static void release(struct target *target) {
    struct callback *callback = (struct callback *)target;
    if (!held_release(&target->held)) {
        return;
    }
    struct bridge *bridge = callback_bridge(callback);
    ring_deinit(&callback->ring);
    bound_release(callback->retain);
    memory_count(-(int64_t)size_bytes(callback->signature, callback->waits));
    free(callback);
    bridge_let_go(bridge);
}

static void retain_ring(struct ring *ring) {
    held_retain(&callback_of(ring)->target.held);
}

static void release_ring(struct ring *ring) {
    release(&callback_of(ring)->target);
}

static const struct closure_kind callback_kind;

static void count_late(const struct bridge *bridge, uint64_t owner) {
    struct target *target = closure_find(bridge, owner, &callback_kind);
    if (target != NULL) {
        ((struct callback *)target)->late++;
        release(target);
    }
}

/* C waits for an answer to what the host will never see. */
static void lose_event(struct ring *ring, const uint64_t *event) {
    struct callback *callback = callback_of(ring);
    if (callback->waits) {
        const struct siding_answer none = {
            .ask = event[SIDING_EVENT_WORDS],
            .status = SIDING_ENOMEM,
            .words = SIDING_ANSWER_WORDS,
        };
        (void)ask_answer(callback_bridge(callback), (const uint64_t *)&none, SIDING_ANSWER_WORDS,
                         count_late);
    }
}

/* The door is closed. The end is an event, which holds the callback until it is read. */
static void close_callback(struct target *target) {
    struct callback *callback = (struct callback *)target;
    struct bridge *bridge = callback_bridge(callback);
    ring_close(&callback->ring);
    ask_close_all(bridge, callback->handle);
    atomic_fetch_sub_explicit(&open_count, 1, memory_order_relaxed);
    held_retain(&target->held);
    callback->end.kind = NODE_ENDED;
    if (bridge_push(bridge, &callback->end) == INBOX_PUSHED_WAKE) {
        bridge_kick(bridge);
    }
}

static struct callback *ended(struct node *node) {
    return (struct callback *)((char *)node - offsetof(struct callback, end));
}

bool callback_read_end(struct node *node, struct sink *sink) {
    struct callback *callback = ended(node);
    uint32_t token = callback->ring.options.token;
    if (sink->capacity_words - sink->used_words < SIDING_EVENT_WORDS) {
        return false;
    }
    *(struct siding_event *)(sink->words + sink->used_words) =
        (struct siding_event){.token = token, .words = SIDING_EVENT_WORDS};
    sink->used_words += SIDING_EVENT_WORDS;
    slab_drop_token(&callback_bridge(callback)->slab, token);
    release(&callback->target);
    return true;
}

void callback_drop_end(struct node *node) {
    release(&ended(node)->target);
}

static const struct closure_kind callback_kind = {entry_serve, close_callback, release};

/* ---- opening --------------------------------------------------------------------------------- */

static bool is_returnable(const struct signature *signature, uint32_t returned) {
    return returned == SIDING_RETURN_VALUE ||
           (returned < signature->parameters_count &&
            type_converts(type_of_parameter(signature, returned), type_of_result(signature)));
}

/* @return words of tails that need no looking, 0: they do, or there are none */
static uint32_t flat_words(const struct siding_callback_options *options,
                           const struct signature *signature) {
    uint32_t words = tail_flat_words(signature->tails, signature->tails_count);
    return words * 8 <= options->copy_bytes_max ? words : 0;
}

/* What a cell must hold. A list's texts count with the words that their sizes take. */
static uint64_t cell_words(const struct siding_callback_options *options,
                           const struct signature *signature) {
    uint32_t flat = flat_words(options, signature);
    if (flat > 0) {
        return entry_head_words(signature, options->mode == SIDING_CALLBACK_CALL) + flat;
    }
    uint32_t tails = signature->tails_count;
    uint64_t words = tails == 0 ? 0 : 2u * tails + options->copy_bytes_max / 8u;
    uint32_t room = tails * TAIL_WORDS;
    bool may_block = options->overflow == SIDING_OVERFLOW_BLOCK;
    return entry_head_words(signature, options->mode == SIDING_CALLBACK_CALL) +
           (may_block && words > room ? room : words);
}

static bool has_room(const struct siding_callback_options *options,
                     const struct signature *signature) {
    uint32_t capacity = options->capacity;
    bool is_latest = options->overflow == SIDING_OVERFLOW_LATEST;
    bool is_power = (capacity & (capacity - 1)) == 0;
    return (is_latest || (capacity >= 2 && capacity <= SIDING_CAPACITY_MAX && is_power)) &&
           cell_words(options, signature) <= SIDING_EVENT_WORDS_MAX;
}

/* A CALL that is dropped for a newer one would wait for nothing. */
static bool is_mode(const struct siding_callback_options *options,
                    const struct signature *signature) {
    return options->mode == SIDING_CALLBACK_CALL
               ? options->overflow == SIDING_OVERFLOW_BLOCK &&
                     options->returned == SIDING_RETURN_VALUE
               : options->mode == SIDING_CALLBACK_POST &&
                     options->overflow <= SIDING_OVERFLOW_LATEST &&
                     is_returnable(signature, options->returned);
}

static bool is_valid(const struct siding_callback_options *options,
                     const struct signature *signature, uint32_t given_words) {
    return signature != NULL && closure_suits(signature) && is_mode(options, signature) &&
           has_room(options, signature) && options->timeout_ms > 0 &&
           (options->flags & ~SIDING_CALLBACK_PULLED) == 0 &&
           given_words == values_words(signature, options->mode == SIDING_CALLBACK_CALL);
}

static int32_t open_ring(struct callback *callback, struct bridge *bridge,
                         const struct siding_callback_options *options) {
    struct ring_options ring = {
        .bridge = bridge,
        .token = options->token,
        .overflow = options->overflow,
        .capacity = options->capacity,
        .event_words = (uint32_t)cell_words(options, callback->signature),
        .is_pulled = (options->flags & SIDING_CALLBACK_PULLED) != 0,
        .retain = retain_ring,
        .release = release_ring,
        .lose = lose_event,
    };
    return ring_init(&callback->ring, &ring);
}

/* @return NULL: out of memory */
static struct callback *make(struct bridge *bridge, const struct signature *signature,
                             const struct siding_callback_options *options,
                             const uint64_t *values) {
    bool waits = options->mode == SIDING_CALLBACK_CALL;
    struct callback *callback = calloc(1, size_bytes(signature, waits));
    if (callback == NULL) {
        return NULL;
    }
    if (signature->tails_count > 0) {
        siding_fault_watch();
    }
    callback->signature = signature;
    if (open_ring(callback, bridge, options) != SIDING_OK) {
        free(callback);
        return NULL;
    }
    atomic_init(&callback->target.held.holders, 1);
    callback->target.kind = &callback_kind;
    callback->timeout_ms = options->timeout_ms;
    callback->tail_bytes_max = options->copy_bytes_max;
    callback->returned = options->returned;
    callback->waits = waits;
    callback->is_flat = flat_words(options, signature) > 0;
    memcpy(callback->values, values, values_words(signature, waits) * sizeof *values);
    memory_count((int64_t)size_bytes(signature, waits));
    bridge_retain(bridge);
    return callback;
}

/* @return SIDING_ESTALE, SIDING_EINVALID */
static int32_t set_retain(struct callback *callback, uint64_t handle) {
    if (handle == 0) {
        return SIDING_OK;
    }
    callback->retain = bound_find(handle);
    if (callback->retain == NULL) {
        return SIDING_ESTALE;
    }
    return bound_pointer_fits(callback->retain, callback->signature) ? SIDING_OK : SIDING_EINVALID;
}

/* Takes the token, then the pointer; gives back the token if there is none. */
static int32_t publish_pointer(struct callback *callback, uint64_t *out_closure,
                               uint64_t *out_pointer) {
    struct bridge *bridge = callback_bridge(callback);
    uint32_t token = callback->ring.options.token;
    int32_t status = slab_hold_token(&bridge->slab, token);
    if (status != SIDING_OK) {
        return status;
    }
    status = closure_open(bridge, callback->signature, &callback->target, callback->values,
                          &callback->handle, out_pointer);
    if (status != SIDING_OK) {
        slab_drop_token(&bridge->slab, token);
        return status;
    }
    atomic_fetch_add_explicit(&open_count, 1, memory_order_relaxed);
    *out_closure = callback->handle;
    return SIDING_OK;
}

int32_t callback_open(struct bridge *bridge, const struct siding_callback_options *options,
                      const uint64_t *values, uint32_t given_words, uint64_t *out_closure,
                      uint64_t *out_pointer) {
    const struct signature *signature = signature_find(options->signature);
    if (!is_valid(options, signature, given_words)) {
        return SIDING_EINVALID;
    }
    struct callback *callback = make(bridge, signature, options, values);
    if (callback == NULL) {
        return SIDING_ENOMEM;
    }
    int32_t status = set_retain(callback, options->retain);
    if (status == SIDING_OK) {
        status = publish_pointer(callback, out_closure, out_pointer);
    }
    if (status != SIDING_OK) {
        release(&callback->target);
    }
    return status;
}

/* ---- by handle ------------------------------------------------------------------------------- */

int32_t callback_pull(const struct bridge *bridge, uint64_t closure, uint32_t count) {
    struct target *target = closure_find(bridge, closure, &callback_kind);
    if (target == NULL) {
        return SIDING_ESTALE;
    }
    struct ring *ring = &((struct callback *)target)->ring;
    bool is_pulled = ring->options.is_pulled;
    if (is_pulled) {
        ring_pull(ring, count);
    }
    release(target);
    return is_pulled ? SIDING_OK : SIDING_EINVALID;
}

int32_t callback_answer(struct bridge *bridge, const uint64_t *answers, uint32_t words) {
    return ask_answer(bridge, answers, words, count_late);
}

int32_t callback_stats(const struct bridge *bridge, uint64_t closure,
                       struct siding_callback_stats *out_stats) {
    struct target *target = closure_find(bridge, closure, &callback_kind);
    if (target == NULL) {
        return SIDING_ESTALE;
    }
    struct callback *callback = (struct callback *)target;
    struct ring_counts counts;
    ring_count(&callback->ring, &counts);
    *out_stats = (struct siding_callback_stats){
        .size_bytes = sizeof *out_stats,
        .waiting = counts.waiting,
        .events = counts.events,
        .dropped = counts.dropped,
        .refused = counts.refused,
        .late = callback->late,
    };
    release(target);
    return SIDING_OK;
}

uint32_t callback_count(void) {
    return atomic_load_explicit(&open_count, memory_order_relaxed);
}

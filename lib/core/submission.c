#include "submission.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../base/assert.h"
#include "../base/cache.h"
#include "bound.h"
#include "call.h"
#include "dispatch.h"
#include "handle.h"
#include "lease.h"
#include "line.h"
#include "nest.h"
#include "pool.h"
#include "repeat.h"
#include "slot.h"

/*
 * Records travel between two cores, and fetching one takes as long as running several short calls.
 * So both sides ask for it this many calls before they need it (jump pointers: Luk and Mowry,
 * "Compiler-based prefetching for recursive data structures", 1996).
 */
#define AHEAD 8u

/* Consecutive records for the same queue are linked first and pushed at once. */
struct chain {
    uint64_t target;       /* context or repetition; 0: the shared queue */
    uint64_t context;      /* of the slot */
    struct slot *slot;     /* NULL: the shared queue */
    struct repeat *repeat; /* held, or NULL */
    struct nest *nest;     /* held, or NULL */
    struct node *first;
    struct node *last;
    uint32_t count;
    struct record *trail[AHEAD]; /* the latest ones, at their number modulo AHEAD */
};

static void refuse(struct bridge *bridge, struct record *record, int32_t status) {
    record->status = status;
    record_move(record, RECORD_QUEUED, RECORD_DONE);
    bridge_deliver(bridge, &record->node);
}

static void push_to_nest(struct chain *chain) {
    struct node *node = nest_push(chain->nest, chain->first, chain->last) ? NULL : chain->first;
    while (node != NULL) { /* it has been finished */
        struct record *record = (struct record *)node;
        node = node == chain->last ? NULL : node->next;
        refuse(record->bridge, record, SIDING_ESTALE);
    }
}

static void chain_flush(struct chain *chain) {
    if (chain->first == NULL) {
        return;
    }
    if (chain->nest != NULL) {
        push_to_nest(chain);
    } else if (chain->repeat != NULL) {
        slot_push_later(chain->slot, chain->first, chain->last);
    } else if (chain->slot != NULL) {
        slot_push(chain->slot, chain->first, chain->last);
    } else {
        dispatch_submit(chain->first, chain->last);
    }
    chain->first = NULL;
    chain->count = 0;
}

/* Goes back to the shared queue. */
static void chain_end(struct chain *chain) {
    chain_flush(chain);
    repeat_release(chain->repeat);
    nest_release(chain->nest);
    chain->repeat = NULL;
    chain->nest = NULL;
    chain->slot = NULL;
    chain->target = 0;
    chain->context = 0;
}

static bool find_target(struct chain *chain, const struct bridge *bridge, uint64_t target) {
    chain->context = target;
    if (handle_kind_of(target) == HANDLE_NEST) {
        chain->nest = nest_find(bridge, target);
        return chain->nest != NULL;
    }
    if (handle_kind_of(target) == HANDLE_REPEAT) {
        chain->repeat = repeat_find(bridge, target);
        if (chain->repeat == NULL) {
            return false;
        }
        chain->context = chain->repeat->lease;
    }
    chain->slot = target == 0 ? NULL : lease_find(bridge, chain->context);
    return target == 0 || chain->slot != NULL;
}

/* Calls for one context mostly come together. @return whether the bridge may use the context */
static bool chain_target(struct chain *chain, const struct bridge *bridge, uint64_t target) {
    if (target == chain->target) {
        return true;
    }
    chain_end(chain);
    bool found = find_target(chain, bridge, target);
    if (found) {
        chain->target = target;
    } else {
        chain_end(chain);
    }
    return found;
}

static void chain_add_body(struct chain *chain, struct record *record) {
    chain->count = 0; /* none of these is fetched ahead */
    held_retain(&chain->repeat->held);
    record->repeat = chain->repeat;
    record->node.kind = NODE_BODY;
}

static void chain_add(struct chain *chain, struct record *record) {
    struct record **trail = &chain->trail[chain->count % AHEAD];
    if (chain->count >= AHEAD) {
        (*trail)->ahead = record;
    }
    *trail = record;
    record->ahead = NULL;
    record->context = chain->context;
    if (chain->repeat != NULL) {
        chain_add_body(chain, record);
    }
    chain->count++;
    if (chain->first == NULL) {
        chain->first = &record->node;
    } else {
        chain->last->next = &record->node;
    }
    chain->last = &record->node;
}

int32_t submission_claim(struct bridge *bridge, uint32_t token, struct record **out_record) {
    if (token >= bridge->slab.records_max) {
        return SIDING_EINVALID;
    }
    struct record *record = slab_record(&bridge->slab, bridge, token);
    if (record == NULL) {
        return SIDING_ENOMEM;
    }
    if (atomic_load_explicit(&record->state, memory_order_relaxed) != RECORD_FREE) {
        return SIDING_EBUSY;
    }
    record_move(record, RECORD_FREE, RECORD_QUEUED);
    record->node.kind = NODE_CALL;
    record->status = SIDING_OK;
    record->error = 0;
    bridge->in_flight++;
    *out_record = record;
    return SIDING_OK;
}

static void set_times(struct record *record, uint32_t timeout_ms) {
    record->deadline_ns = timeout_ms == 0 ? 0 : siding_clock_ns() + (uint64_t)timeout_ms * 1000000;
    if (record->flags & SIDING_CALL_TIMED) {
        atomic_store_explicit(&record->started_ns, 0, memory_order_relaxed);
    }
}

/* The words of its holes are the record's own. */
static int32_t fill_from_bound(struct record *record, const struct siding_call *call,
                               struct bridge *bridge) {
    struct bound *bound = bound_find(call->function);
    if (bound == NULL) {
        return SIDING_ESTALE;
    }
    record->has_extras = true;
    record->bound = bound; /* until the record is free again */
    if (bound->signature != record->signature) {
        return SIDING_EINVALID;
    }
    record->function = bound->function;
    record->flags |= bound->flags;
    uint64_t *arguments = record->words + record->signature->result_words;
    int32_t status = SIDING_OK;
    if (bound->holes_count > 0) {
        uint32_t words = call->words - SIDING_CALL_WORDS;
        memcpy(arguments, call + 1, words * sizeof *arguments);
        status = bound_resolve_holes(bound, arguments, words, &bridge->blocks);
    }
    bound_fill(bound, arguments);
    return status;
}

/* Copies the argument words and makes addresses of the references among them. */
static int32_t fill(struct record *record, const struct siding_call *call,
                    const struct signature *signature, struct bridge *bridge) {
    uint32_t words = call->words - SIDING_CALL_WORDS;
    record->signature = signature;
    record->function = (void (*)(void))(uintptr_t)call->function;
    record->flags = call->flags;
    set_times(record, call->timeout_ms);
    if (slab_reserve(record, signature->result_words + words) != SIDING_OK) {
        return SIDING_ENOMEM;
    }
    if (call->flags & (SIDING_CALL_BOUND | SIDING_CALL_DEFERRED)) {
        return fill_from_bound(record, call, bridge);
    }
    uint64_t *arguments = record->words + signature->result_words;
    const uint64_t *source = (const uint64_t *)(call + 1);
    for (uint32_t i = 0; i < words; i++) { /* mostly one or two: not worth a call of memcpy */
        arguments[i] = source[i];
    }
    return signature->references ? call_resolve(signature, arguments, words, &bridge->blocks, NULL)
                                 : SIDING_OK;
}

/* What runs again and again needs all its words again. */
static bool can_repeat(const struct record *record) {
    return record->bound != NULL && record->bound->holes_count == 0;
}

/* @return SIDING_EINVALID: malformed, and no event can tell so */
static int32_t take_one(struct bridge *bridge, const struct siding_call *call,
                        const struct signature *signature, struct chain *chain) {
    struct record *record = NULL;
    int32_t status = submission_claim(bridge, call->token, &record);
    if (status != SIDING_OK) {
        return SIDING_EINVALID;
    }
    status = fill(record, call, signature, bridge);
    if (status == SIDING_OK && !chain_target(chain, bridge, call->context)) {
        status = SIDING_ESTALE;
    }
    if (status == SIDING_OK && chain->repeat != NULL && !can_repeat(record)) {
        status = SIDING_EINVALID;
    }
    if (status != SIDING_OK) {
        refuse(bridge, record, status);
    } else {
        chain_add(chain, record);
    }
    return SIDING_OK;
}

/* Calls that follow one another mostly have the same size, so this looks at the right words. */
static void prefetch_call(const struct bridge *bridge, const uint64_t *records, uint32_t words,
                          uint32_t index) {
    uint32_t call_words = ((const struct siding_call *)records)->words;
    uint32_t offset_words = call_words * index;
    if (call_words < SIDING_CALL_WORDS || offset_words + SIDING_CALL_WORDS > words) {
        return;
    }
    uint32_t token = ((const struct siding_call *)(records + offset_words))->token;
    const struct record *record = slab_find(&bridge->slab, token);
    if (record != NULL) {
        /* one word for the result */
        record_prefetch(record, call_words - SIDING_CALL_WORDS + 1);
    }
}

int32_t submission_take(struct bridge *bridge, const uint64_t *records, uint32_t words) {
    struct chain chain = {0};
    int32_t taken = 0;
    for (uint32_t i = 0; i < AHEAD && words >= SIDING_CALL_WORDS; i++) {
        prefetch_call(bridge, records, words, i);
    }
    while (words >= SIDING_CALL_WORDS) {
        const struct siding_call *call = (const struct siding_call *)records;
        const struct signature *signature = signature_find(call->signature);
        if (call->words > words || signature == NULL ||
            call->words < SIDING_CALL_WORDS + signature->argument_words) {
            break;
        }
        prefetch_call(bridge, records, words, AHEAD);
        if (take_one(bridge, call, signature, &chain) != SIDING_OK) {
            break;
        }
        records += call->words;
        words -= call->words;
        taken++;
    }
    chain_end(&chain);
    return words == 0 ? taken : SIDING_EINVALID;
}

void submission_unclaim(struct bridge *bridge, struct record *record) {
    record_move(record, RECORD_QUEUED, RECORD_DONE);
    record_move(record, RECORD_DONE, RECORD_FREE);
    bridge->in_flight--;
}

int32_t submission_cancel(struct bridge *bridge, uint32_t token) {
    struct record *record = slab_find(&bridge->slab, token);
    if (record == NULL) {
        return SIDING_EINVALID;
    }
    if (line_owns(record)) {
        return line_cancel(record);
    }
    if (record->signature == NULL) { /* a release cannot be taken back */
        bool is_free = atomic_load_explicit(&record->state, memory_order_relaxed) == RECORD_FREE;
        return is_free ? SIDING_EINVALID : SIDING_ERUNNING;
    }
    return record_try(record, RECORD_QUEUED, RECORD_CANCELLED) ? SIDING_OK : SIDING_ERUNNING;
}

int32_t submission_elapsed(struct bridge *bridge, uint32_t token, uint64_t *out_elapsed_ns) {
    struct record *record = slab_find(&bridge->slab, token);
    if (record == NULL ||
        atomic_load_explicit(&record->state, memory_order_acquire) == RECORD_FREE ||
        (record->flags & SIDING_CALL_TIMED) == 0) {
        return SIDING_EINVALID;
    }
    uint64_t started_ns = atomic_load_explicit(&record->started_ns, memory_order_relaxed);
    if (started_ns == 0) {
        return 0;
    }
    *out_elapsed_ns = siding_clock_ns() - started_ns;
    return 1;
}

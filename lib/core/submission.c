#include "submission.h"

#include <stdbool.h>
#include <stddef.h>

#include "../base/assert.h"
#include "../base/cache.h"
#include "call.h"
#include "pool.h"
#include "slot.h"

/*
 * Records travel between two cores, and fetching one takes as long as running several short calls.
 * So both sides ask for it this many calls before they need it (jump pointers: Luk and Mowry,
 * "Compiler-based prefetching for recursive data structures", 1996).
 */
#define AHEAD 8u

/* Consecutive records for the same queue are linked first and pushed at once. */
struct chain {
    uint64_t context;  /* of the slot; 0: the shared queue */
    struct slot *slot; /* NULL: the shared queue */
    struct node *first;
    struct node *last;
    uint32_t count;
    struct record *trail[AHEAD]; /* the latest ones, at their number modulo AHEAD */
};

static void chain_flush(struct chain *chain) {
    if (chain->first == NULL) {
        return;
    }
    if (chain->slot != NULL) {
        slot_push(chain->slot, chain->first, chain->last);
    } else {
        pool_submit(chain->first, chain->last);
    }
    chain->first = NULL;
    chain->count = 0;
}

/* Calls for one context mostly come together. @return whether the bridge may use the context */
static bool chain_target(struct chain *chain, const struct bridge *bridge, uint64_t context) {
    if (context == chain->context) {
        return true;
    }
    chain_flush(chain);
    chain->slot = context == 0 ? NULL : slot_find_lease(bridge, context);
    chain->context = chain->slot == NULL ? 0 : context;
    return chain->context == context;
}

static void chain_add(struct chain *chain, struct record *record) {
    struct record **trail = &chain->trail[chain->count % AHEAD];
    if (chain->count >= AHEAD) {
        (*trail)->ahead = record;
    }
    *trail = record;
    record->ahead = NULL;
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
    uint64_t *arguments = record->words + signature->result_words;
    const uint64_t *source = (const uint64_t *)(call + 1);
    for (uint32_t i = 0; i < words; i++) { /* mostly one or two: not worth a call of memcpy */
        arguments[i] = source[i];
    }
    return signature->references ? call_resolve(signature, arguments, words, &bridge->blocks, NULL)
                                 : SIDING_OK;
}

static void refuse(struct bridge *bridge, struct record *record, int32_t status) {
    record->status = status;
    record_move(record, RECORD_QUEUED, RECORD_DONE);
    bridge_deliver(bridge, &record->node);
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
    chain_flush(&chain);
    return words == 0 ? taken : SIDING_EINVALID;
}

int32_t submission_cancel(struct bridge *bridge, uint32_t token) {
    struct record *record = slab_find(&bridge->slab, token);
    if (record == NULL) {
        return SIDING_EINVALID;
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

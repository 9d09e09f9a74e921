#include "guest.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "../include/siding.h"
#include "../platform/platform.h"
#include "call.h"
#include "event.h"
#include "pool.h"
#include "record.h"
#include "recycle.h"
#include "slot.h"
#include "spin.h"

enum guest_state { GUEST_SPINS, GUEST_PARKS, GUEST_DONE };

struct guest {
    struct record record;    /* first */
    _Atomic(uint32_t) state; /* enum guest_state; atomic: see guest_await */
    struct siding_parker parker;
    uint64_t *out_event;
    int32_t words; /* of the event, or a status; handed over by state */
};

void guest_complete(struct record *record) {
    struct guest *guest = (struct guest *)record;
    struct tails tails;
    bool has_kept = record->tails != NULL;
    uint32_t words = has_kept ? event_kept_words(record) : event_measure(record, &tails);
    if (words > SIDING_EVENT_WORDS_MAX) {
        guest->words = SIDING_ESPACE;
    } else if (has_kept) {
        guest->words = (int32_t)event_write_kept(NULL, record, guest->out_event);
    } else {
        event_write(record, &tails, guest->out_event);
        guest->words = (int32_t)words;
    }
    if (!has_kept) {
        tail_free(&tails);
    }
    free(record->tails);
    /* release: pairs with guest_await. A guest that spins is gone from here on */
    if (atomic_exchange_explicit(&guest->state, GUEST_DONE, memory_order_acq_rel) == GUEST_PARKS) {
        siding_parker_unpark(&guest->parker);
    }
}

static bool is_done(const void *subject) {
    const struct guest *guest = subject;
    return atomic_load_explicit(&guest->state, memory_order_acquire) == GUEST_DONE;
}

/*
 * Many a call is over before a thread could sleep and be woken. Who spins sees DONE and goes; who
 * parks has said so, and goes by the permit: the worker touches it after DONE in that case only.
 */
static void guest_await(struct guest *guest) {
    uint32_t expected = GUEST_SPINS;
    (void)spin_until(is_done, guest, siding_clock_ns() + pool_spin_ns());
    /* acq_rel: pairs with the exchange in guest_complete */
    if (atomic_compare_exchange_strong_explicit(&guest->state, &expected, GUEST_PARKS,
                                                memory_order_acq_rel, memory_order_acquire)) {
        siding_parker_park(&guest->parker);
    }
}

/* @return SIDING_ESTALE: the lease is another one by now */
static int32_t push(struct slot *slot, uint64_t context, struct node *node) {
    enum inbox_push pushed = INBOX_REFUSED;
    siding_mutex_lock(&slot->lease.mutex);
    if (atomic_load_explicit(&slot->lease.handle, memory_order_relaxed) == context) {
        pushed = inbox_push(&slot->inbox, node, node);
    }
    siding_mutex_unlock(&slot->lease.mutex);
    if (pushed == INBOX_PUSHED_WAKE) {
        slot_rouse(slot);
    }
    return pushed == INBOX_REFUSED ? SIDING_ESTALE : SIDING_OK;
}

static int32_t run_on(struct slot *slot, struct guest *guest) {
    if (slot == slot_current()) {
        return SIDING_EREENTRANT;
    }
    if (!siding_parker_init(&guest->parker)) {
        return SIDING_ESYSTEM;
    }
    int32_t status = push(slot, guest->record.context, &guest->record.node);
    if (status == SIDING_OK) {
        guest_await(guest);
        status = guest->words;
    }
    siding_parker_deinit(&guest->parker);
    return status;
}

int32_t guest_call(uint64_t *source, uint32_t words, uint64_t *out_event, uint32_t capacity_words) {
    const struct siding_call *call = (const struct siding_call *)source;
    const struct signature *signature =
        words < SIDING_CALL_WORDS ? NULL : signature_find(call->signature);
    if (signature == NULL || !call_names_address(call) ||
        words < SIDING_CALL_WORDS + signature->argument_words) {
        return SIDING_EINVALID;
    }
    if (signature->result_words > SIDING_CALL_WORDS || capacity_words < SIDING_EVENT_WORDS_MAX) {
        return SIDING_ESPACE;
    }
    struct guest guest = {.out_event = out_event};
    struct record *record = &guest.record;
    record->node.kind = NODE_CALL;
    record->signature = signature;
    record->function = (void (*)(void))(uintptr_t)call->function;
    record->flags = call->flags & CALL_ERRORS;
    record->context = call->context;
    /* the result takes the place of the header, right before the arguments */
    uint64_t *arguments = source + SIDING_CALL_WORDS;
    record->words = arguments - signature->result_words;
    atomic_init(&record->state, RECORD_QUEUED);
    if (call_resolve(signature, arguments, words - SIDING_CALL_WORDS, NULL, NULL) != SIDING_OK) {
        return SIDING_EINVALID;
    }
    struct slot *slot = record->context == 0 ? NULL : pool_slot(record->context);
    return slot == NULL ? SIDING_ESTALE : run_on(slot, &guest);
}

int32_t guest_release(struct bridge *bridge, uint64_t context) {
    struct slot *slot = lease_find(bridge, context);
    if (slot == NULL || slot == slot_current()) {
        return slot == NULL ? SIDING_ESTALE : SIDING_EREENTRANT;
    }
    uint64_t event[SIDING_EVENT_WORDS];
    struct guest guest = {.out_event = event};
    atomic_init(&guest.record.state, RECORD_QUEUED);
    if (!siding_parker_init(&guest.parker)) {
        return SIDING_ESYSTEM;
    }
    if (!recycle_leave(slot, bridge, &guest.record)) {
        guest_await(&guest);
    }
    siding_parker_deinit(&guest.parker);
    return SIDING_OK;
}

#include "repeat.h"

#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "call.h"
#include "chain.h"
#include "outcome.h"
#include "slot.h"
#include "watch.h"

#define REPEATS_MAX 4096u

static struct registry_entry entries[REPEATS_MAX];
static struct registry registry = REGISTRY_INITIALIZER(HANDLE_REPEAT, entries);

void repeat_release(struct repeat *repeat) {
    if (repeat != NULL && held_release(&repeat->held)) {
        interrupt_clear(&repeat->wake);
        free(repeat);
    }
}

static bool has_ended(struct repeat *repeat) {
    return atomic_load_explicit(&repeat->has_ended, memory_order_seq_cst);
}

/* ---- the host's side ------------------------------------------------------------------------- */

static bool is_valid(const struct siding_repeat_options *options) {
    return options->emit_test <= SIDING_TEST_DIFFERENT &&
           options->until_test <= SIDING_TEST_DIFFERENT;
}

int32_t repeat_open(struct bridge *bridge, const struct siding_repeat_options *options,
                    uint64_t *out_repeat) {
    struct slot *slot = lease_find(bridge, options->context);
    if (slot == NULL) {
        return SIDING_ESTALE;
    }
    struct siding_interrupt wake = {sizeof wake, options->wake_kind, options->wake_operand,
                                    options->wake_value};
    struct repeat *repeat = is_valid(options) ? calloc(1, sizeof *repeat) : NULL;
    if (repeat == NULL) {
        return is_valid(options) ? SIDING_ENOMEM : SIDING_EINVALID;
    }
    int32_t status = interrupt_read(&wake, &repeat->wake);
    atomic_init(&repeat->held.holders, 1);
    repeat->bridge = bridge;
    repeat->slot = slot;
    repeat->lease = options->context;
    repeat->options = *options;
    uint64_t handle = status == SIDING_OK ? registry_add(&registry, &repeat->held) : 0;
    if (handle == 0) {
        repeat_release(repeat);
        return status == SIDING_OK ? SIDING_ELIMIT : status;
    }
    repeat->handle = handle; /* nobody else has it yet */
    *out_repeat = handle;
    return SIDING_OK;
}

struct repeat *repeat_find(const struct bridge *bridge, uint64_t handle) {
    struct repeat *repeat = (struct repeat *)registry_find(&registry, handle);
    if (repeat != NULL && repeat->bridge != bridge) {
        repeat_release(repeat);
        return NULL;
    }
    return repeat;
}

/* What makes a body return that is to be its last. */
static const struct interrupt *last_resort(const struct repeat *repeat, const struct lease *lease)
    SIDING_REQUIRES(&lease->mutex) {
    static const struct interrupt signal = {.kind = SIDING_INTERRUPT_SIGNAL};
    if (repeat->wake.kind != SIDING_INTERRUPT_NONE) {
        return &repeat->wake;
    }
    return lease->interrupt.kind != SIDING_INTERRUPT_NONE ? &lease->interrupt : &signal;
}

/*
 * The worker names the body first and looks whether it has ended after; here it ends first, and
 * whether the worker is in it is looked at after. So either the body does not run or it is woken.
 */
static void end(struct repeat *repeat) {
    struct slot *slot = repeat->slot;
    atomic_store_explicit(&repeat->has_ended, true, memory_order_seq_cst);
    siding_mutex_lock(&slot->lease.mutex);
    bool is_running = slot->lease.body == repeat;
    if (is_running) {
        struct run_view view = run_look(&slot->run);
        watch_ask(&slot->lease.asked, view.number, last_resort(repeat, &slot->lease));
    }
    bool is_leased =
        atomic_load_explicit(&slot->lease.handle, memory_order_relaxed) == repeat->lease;
    siding_mutex_unlock(&slot->lease.mutex);
    if (is_running) {
        watch_arm(0);
    }
    /* acq_rel: pairs with the exchange in repeat_sweep, which looks at the bodies after it */
    if (is_leased && !atomic_exchange_explicit(&slot->is_poked, true, memory_order_acq_rel)) {
        slot_push(slot, &slot->poke_node, &slot->poke_node);
    }
}

int32_t repeat_close(struct bridge *bridge, uint64_t handle) {
    struct repeat *repeat = repeat_find(bridge, handle);
    if (repeat == NULL) {
        return SIDING_ESTALE;
    }
    repeat_release((struct repeat *)registry_remove(&registry, handle));
    end(repeat);
    repeat_release(repeat);
    return SIDING_OK;
}

void repeat_leave(struct bridge *bridge) {
    uint32_t used = registry_used(&registry);
    for (uint32_t index = 0; index < used; index++) {
        struct repeat *repeat = (struct repeat *)registry_at(&registry, index);
        if (repeat == NULL) {
            continue;
        }
        if (repeat->bridge == bridge) {
            repeat_release((struct repeat *)registry_remove(&registry, repeat->handle));
            end(repeat);
        }
        repeat_release(repeat);
    }
}

bool repeat_wakes(struct slot *slot) {
    siding_mutex_lock(&slot->lease.mutex);
    bool is_running = slot->lease.body != NULL;
    if (is_running) {
        struct run_view view = run_look(&slot->run);
        watch_ask(&slot->lease.woken, view.number, &slot->lease.body->wake);
    }
    siding_mutex_unlock(&slot->lease.mutex);
    if (is_running) {
        watch_arm(0);
    }
    return is_running;
}

/* ---- the worker's side ----------------------------------------------------------------------- */

static void queue(struct slot *slot, struct record *record) {
    record->node.kind = NODE_CALL; /* its bridge knows no other kind of record */
    record->node.next = NULL;
    if (slot->bodies == NULL) {
        slot->bodies = &record->node;
    } else {
        slot->body_last->next = &record->node;
    }
    slot->body_last = &record->node;
}

void repeat_take(struct slot *slot) {
    struct node *node = inbox_take(&slot->later);
    while (node != NULL) {
        struct node *next = node->next;
        queue(slot, (struct record *)node);
        node = next;
    }
}

static struct record *take_first(struct slot *slot) {
    struct node *first = slot->bodies;
    slot->bodies = first->next;
    return (struct record *)first;
}

static void put_first(struct slot *slot, struct record *record) {
    record->node.next = slot->bodies;
    if (slot->bodies == NULL) {
        slot->body_last = &record->node;
    }
    slot->bodies = &record->node;
}

/* Delivers the event of a call that is in nobody's hands but ours. */
static void finish(struct slot *slot, struct record *record, int32_t status) {
    struct repeat *repeat = record->repeat;
    record->ahead = NULL;
    bool is_running = atomic_load_explicit(&record->state, memory_order_relaxed) == RECORD_RUNNING;
    if (is_running) { /* it ran without being selected */
        record->status = status;
        record_move(record, RECORD_RUNNING, RECORD_DONE);
        outbox_deliver(&slot->outbox, record);
    } else {
        call_refuse(record, slot, status);
    }
    repeat_release(repeat);
}

static void enter_body(struct slot *slot, struct repeat *repeat) {
    siding_mutex_lock(&slot->lease.mutex);
    slot->lease.body = repeat;
    siding_mutex_unlock(&slot->lease.mutex);
}

static void leave_body(struct slot *slot) {
    siding_mutex_lock(&slot->lease.mutex);
    slot->lease.body = NULL;
    siding_mutex_unlock(&slot->lease.mutex);
}

/* Runs it once, unless something came that goes first. @return whether it ran */
static bool run_once(struct slot *slot, struct record *record, int32_t *out_status) {
    struct repeat *repeat = record->repeat;
    bool is_wakeable = repeat->wake.kind != SIDING_INTERRUPT_NONE;
    bool runs = false;
    call_note_begin(record, slot);
    enter_body(slot, repeat); /* so who finds the body there sees which run it is */
    if (!has_ended(repeat) && (!is_wakeable || inbox_sleep(&slot->inbox))) {
        runs = true;
        *out_status = call_execute_traced(record, slot);
    }
    leave_body(slot);
    if (is_wakeable) {
        inbox_wake(&slot->inbox);
    }
    call_note_end(slot);
    return runs;
}

static bool passes(uint32_t test, uint64_t expected, const struct record *record) {
    return outcome_passes(record->signature, test, record->words[0], expected);
}

/* A chain tells every trip, and ends by itself. */
static void settle(struct slot *slot, struct record *record) {
    struct repeat *repeat = record->repeat;
    const struct siding_repeat_options *options = &repeat->options;
    if (record->signature->chain != NULL) {
        if (record->words[1] != UINT64_MAX) {
            atomic_store_explicit(&repeat->has_ended, true, memory_order_seq_cst);
        }
        finish(slot, record, SIDING_OK);
    } else if (options->until_test != SIDING_TEST_NONE &&
               passes(options->until_test, options->until_expected, record)) {
        atomic_store_explicit(&repeat->has_ended, true, memory_order_seq_cst);
        finish(slot, record, SIDING_EENDED);
    } else if (passes(options->emit_test, options->emit_expected, record)) {
        finish(slot, record, SIDING_OK);
    } else {
        queue(slot, record);
    }
}

/* @return a status in place of a run, or SIDING_OK, with the record RUNNING and its words new */
static int32_t prepare(struct slot *slot, struct record *record) {
    if (has_ended(record->repeat)) {
        return SIDING_EENDED;
    }
    if (record->context != atomic_load_explicit(&slot->lease.handle, memory_order_relaxed)) {
        return SIDING_ERECYCLING;
    }
    if (!call_is_wanted(record)) {
        return SIDING_ECLOSED;
    }
    if (atomic_load_explicit(&record->state, memory_order_relaxed) != RECORD_RUNNING &&
        !record_try(record, RECORD_QUEUED, RECORD_RUNNING)) {
        return SIDING_ECANCELLED;
    }
    bound_fill(record->bound, record->words + record->signature->result_words);
    return SIDING_OK;
}

void repeat_run(struct slot *slot) {
    struct record *record = take_first(slot);
    int32_t status = prepare(slot, record);
    if (status == SIDING_OK && !run_once(slot, record, &status)) {
        put_first(slot, record);
    } else if (status == SIDING_OK) {
        settle(slot, record);
    } else {
        finish(slot, record, status);
    }
}

void repeat_sweep(struct slot *slot) {
    repeat_take(slot);
    /* acq_rel by the exchange in `end`: who ends later pokes again */
    (void)atomic_exchange_explicit(&slot->is_poked, false, memory_order_acq_rel);
    struct node *node = slot->bodies;
    slot->bodies = NULL;
    while (node != NULL) {
        struct node *next = node->next;
        struct record *record = (struct record *)node;
        if (has_ended(record->repeat)) {
            finish(slot, record, SIDING_EENDED);
        } else {
            queue(slot, record);
        }
        node = next;
    }
}

void repeat_refuse_all(struct slot *slot) {
    repeat_take(slot);
    struct node *node = slot->bodies;
    slot->bodies = NULL;
    while (node != NULL) {
        struct node *next = node->next;
        finish(slot, (struct record *)node, SIDING_ERECYCLING);
        node = next;
    }
}

#include "nest.h"

#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "call.h"
#include "slot.h"

#define NESTS_MAX 4096u

static struct registry_entry entries[NESTS_MAX];
static struct registry registry = REGISTRY_INITIALIZER(HANDLE_NEST, entries);

void nest_release(struct nest *nest) {
    if (nest != NULL && held_release(&nest->held)) {
        free(nest);
    }
}

/* The lease's mutex guards which nests its thread is in. */
static void set_innermost(struct slot *slot, struct nest *nest) {
    siding_mutex_lock(&slot->lease.mutex);
    slot->lease.nest = nest;
    enum slot_state state = slot_state_of(slot_look(slot));
    if (nest != NULL && state != SLOT_ACTIVE && state != SLOT_SHARED) { /* the lease is ending */
        atomic_store_explicit(&nest->is_over, true, memory_order_release);
    }
    siding_mutex_unlock(&slot->lease.mutex);
}

static struct nest *innermost(struct slot *slot) {
    siding_mutex_lock(&slot->lease.mutex);
    struct nest *nest = slot->lease.nest;
    siding_mutex_unlock(&slot->lease.mutex);
    return nest;
}

struct nest *nest_open(struct bridge *bridge) {
    struct slot *slot = slot_current();
    siding_assert(slot != NULL);
    struct nest *nest = calloc(1, sizeof *nest);
    if (nest == NULL) {
        return NULL;
    }
    atomic_init(&nest->held.holders, 1);
    nest->bridge = bridge;
    nest->slot = slot;
    nest->outer = innermost(slot);
    atomic_init(&nest->inbox.head, INBOX_AWAKE);
    held_retain(&nest->held); /* one for the registry, one for the thread */
    nest->handle = registry_add(&registry, &nest->held);
    if (nest->handle == 0) {
        free(nest);
        return NULL;
    }
    set_innermost(slot, nest);
    return nest;
}

static void run_all(struct slot *slot, struct node *node, bool runs) {
    while (node != NULL) {
        struct node *next = node->next;
        if (runs) {
            call_run((struct record *)node, slot);
        } else {
            call_refuse((struct record *)node, slot, SIDING_ERECYCLING);
        }
        node = next;
    }
}

static bool is_over(struct nest *nest) {
    return atomic_load_explicit(&nest->is_over, memory_order_acquire);
}

static void close(struct nest *nest) {
    struct slot *slot = nest->slot;
    set_innermost(slot, nest->outer);
    nest_release((struct nest *)registry_remove(&registry, nest->handle));
    run_all(slot, inbox_close(&nest->inbox), false);
    nest_release(nest);
}

void nest_serve(struct nest *nest) {
    (void)nest_serve_for(nest, UINT64_MAX);
}

bool nest_serve_for(struct nest *nest, uint64_t timeout_ns) {
    struct slot *slot = nest->slot;
    siding_assert(slot == slot_current());
    uint64_t start_ns = siding_clock_ns();
    uint64_t elapsed_ns = 0;
    while (!is_over(nest) && elapsed_ns < timeout_ns) {
        struct node *node = inbox_take(&nest->inbox);
        run_all(slot, node, true);
        if (node == NULL && inbox_sleep(&nest->inbox) && !is_over(nest)) {
            (void)siding_parker_park_for(&slot->parker, timeout_ns - elapsed_ns);
        }
        elapsed_ns = siding_clock_ns() - start_ns;
    }
    bool is_finished = is_over(nest);
    close(nest);
    return is_finished;
}

static void finish(struct nest *nest) {
    atomic_store_explicit(&nest->is_over, true, memory_order_release);
    siding_parker_unpark(&nest->slot->parker);
}

int32_t nest_finish(uint64_t handle) {
    struct nest *nest = (struct nest *)registry_find(&registry, handle);
    if (nest == NULL) {
        return SIDING_ESTALE;
    }
    finish(nest);
    nest_release(nest);
    return SIDING_OK;
}

void nest_finish_all(struct slot *slot) {
    for (struct nest *nest = slot->lease.nest; nest != NULL; nest = nest->outer) {
        finish(nest);
    }
}

struct nest *nest_find(const struct bridge *bridge, uint64_t handle) {
    struct nest *nest = (struct nest *)registry_find(&registry, handle);
    if (nest != NULL && nest->bridge != bridge) {
        nest_release(nest);
        return NULL;
    }
    return nest;
}

bool nest_push(struct nest *nest, struct node *first, struct node *last) {
    enum inbox_push pushed = inbox_push(&nest->inbox, first, last);
    if (pushed == INBOX_PUSHED_WAKE) {
        siding_parker_unpark(&nest->slot->parker);
    }
    return pushed != INBOX_REFUSED;
}

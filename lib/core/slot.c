#include "slot.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "bridge.h"
#include "call.h"
#include "memory.h"
#include "pool.h"
#include "record.h"

#define SPIN_SHARE_MIN 16u /* an unlucky thread spins 1/16 of the limit */
#define SPIN_ROUND 16u     /* pauses between two yields */
#define VACANT_NAME "siding"

static const uint8_t legal_moves[SLOT_STATES] = {
    [SLOT_VACANT] = 1u << SLOT_SHARED | 1u << SLOT_ACTIVE,
    [SLOT_SHARED] = 1u << SLOT_VACANT,
    [SLOT_ACTIVE] = 1u << SLOT_RELEASING,
    [SLOT_RELEASING] = 1u << SLOT_VACANT,
};

/* One thread of the process may burn cycles waiting; the others park at once. */
static _Atomic(bool) someone_spins; /* atomic: relaxed, a permit that guards no data */

void slot_move(struct slot *slot, enum slot_state from, enum slot_state to) {
    siding_assert(legal_moves[from] & 1u << to);
    siding_assert(atomic_load_explicit(&slot->state, memory_order_relaxed) == from);
    /* release: statistics read it from any thread; ownership itself travels by the idle stack */
    atomic_store_explicit(&slot->state, to, memory_order_release);
}

struct slot *slot_create(uint32_t index, enum slot_state state) {
    struct slot *slot = memory_make_lines(sizeof *slot);
    if (slot == NULL) {
        return NULL;
    }
    if (!siding_parker_init(&slot->parker)) {
        memory_free_lines(slot);
        return NULL;
    }
    inbox_init(&slot->inbox);
    slot->index = index;
    slot->release_node.kind = NODE_RELEASE;
    atomic_init(&slot->state, state);
    return slot;
}

void slot_destroy(struct slot *slot) {
    siding_parker_deinit(&slot->parker);
    memory_free_lines(slot);
}

void slot_push(struct slot *slot, struct node *first, struct node *last) {
    if (inbox_push(&slot->inbox, first, last) == INBOX_PUSHED_WAKE) {
        siding_parker_unpark(&slot->parker);
    }
}

struct slot *slot_find_lease(const struct bridge *bridge, uint64_t lease) {
    struct slot *slot = pool_slot(lease);
    if (slot == NULL || atomic_load_explicit(&slot->lease, memory_order_relaxed) != lease) {
        return NULL;
    }
    return atomic_load_explicit(&slot->bridge, memory_order_relaxed) == bridge ? slot : NULL;
}

void slot_release_lease(struct slot *slot, struct record *report) {
    struct bridge *lessee = atomic_load_explicit(&slot->bridge, memory_order_relaxed);
    struct slot **link = &lessee->leases;
    while (*link != slot) {
        siding_assert(*link != NULL);
        link = &(*link)->lease_next;
    }
    *link = slot->lease_next;
    atomic_store_explicit(&slot->lease, 0, memory_order_relaxed);
    slot_move(slot, SLOT_ACTIVE, SLOT_RELEASING);
    atomic_store_explicit(&slot->bridge, NULL, memory_order_relaxed);
    slot->release = report;
    slot_push(slot, &slot->release_node, &slot->release_node);
}

/*
 * A thread that got work soon after it went idle will spin its whole limit next time, whether the
 * spin caught the work or parking was too early; one that waited for long spins less and less.
 */
static void learn_idle(struct slot *slot, uint32_t limit_ns) {
    uint64_t idle_ns = siding_clock_ns() - slot->idle_since_ns;
    uint32_t least_ns = limit_ns / SPIN_SHARE_MIN;
    uint32_t half_ns = slot->spin_ns / 2;
    bool soon = idle_ns <= 2 * (uint64_t)limit_ns;
    slot->spin_ns = soon ? limit_ns : half_ns > least_ns ? half_ns : least_ns;
    slot->idle_since_ns = 0;
}

/* Yields all the time: where the thread that will push needs this processor, it gets it at once. */
static bool spin_until(struct inbox *inbox, uint64_t end_ns) {
    bool found = false;
    do {
        for (uint32_t i = 0; i < SPIN_ROUND && !found; i++) {
            siding_thread_pause();
            found = inbox_waits(inbox);
        }
        if (!found) {
            siding_thread_yield();
        }
    } while (!found && siding_clock_ns() < end_ns);
    return found;
}

bool slot_spin(struct slot *slot, struct inbox *inbox) {
    uint32_t limit_ns = pool_spin_ns();
    if (slot->idle_since_ns != 0 || limit_ns == 0) {
        return inbox_waits(inbox);
    }
    slot->idle_since_ns = siding_clock_ns();
    if (atomic_exchange_explicit(&someone_spins, true, memory_order_relaxed)) {
        return inbox_waits(inbox);
    }
    uint32_t spin_ns = slot->spin_ns == 0 || slot->spin_ns > limit_ns ? limit_ns : slot->spin_ns;
    bool found = spin_until(inbox, slot->idle_since_ns + spin_ns);
    atomic_store_explicit(&someone_spins, false, memory_order_relaxed);
    if (found) {
        learn_idle(slot, limit_ns);
    }
    return found;
}

static void end_lease(struct slot *slot) {
    struct record *report = slot->release;
    slot->release = NULL;
    siding_thread_rename(VACANT_NAME);
    slot_move(slot, SLOT_RELEASING, SLOT_VACANT);
    pool_give_back(slot, SLOT_RELEASING);
    /* the slot may be someone else's by now */
    if (report != NULL) {
        report->status = SIDING_OK;
        record_move(report, RECORD_QUEUED, RECORD_DONE);
        bridge_deliver(report->bridge, &report->node);
    }
}

static void handle(struct slot *slot, struct node *node) {
    switch ((enum node_kind)node->kind) {
    case NODE_CALL:
        call_run((struct record *)node, &slot->outbox);
        return;
    case NODE_SERVE:
        pool_serve(slot);
        return;
    case NODE_FOLLOW:
        pool_follow(slot);
        return;
    case NODE_NAME:
        siding_thread_rename(slot->name);
        return;
    case NODE_RELEASE:
        end_lease(slot);
        return;
    case NODE_BATCH:
        siding_assert(false); /* these go to bridges */
        return;
    }
}

static void run_slot(void *argument) {
    struct slot *slot = argument;
    for (;;) {
        struct node *node = inbox_take(&slot->inbox);
        while (node != NULL) {
            /* the node is its owner's again as soon as it is handled */
            struct node *next = node->next;
            handle(slot, node);
            node = next;
        }
        if (!slot_spin(slot, &slot->inbox) && inbox_sleep(&slot->inbox)) {
            siding_parker_park(&slot->parker);
            learn_idle(slot, pool_spin_ns());
        }
    }
}

int32_t slot_start(struct slot *slot, uint32_t stack_bytes) {
    struct siding_thread_options options = {
        .name = VACANT_NAME,
        .stack_bytes = stack_bytes,
        .run = run_slot,
        .argument = slot,
    };
    return siding_thread_start(&options);
}

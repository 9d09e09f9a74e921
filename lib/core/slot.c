#include "slot.h"
#include "recycle.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "bridge.h"
#include "call.h"
#include "dispatch.h"
#include "memory.h"
#include "pool.h"
#include "record.h"
#include "repeat.h"
#include "spin.h"

#define SPIN_SHARE_MIN 16u /* an unlucky thread spins 1/16 of the limit */
#define VACANT_NAME "siding"

static const uint8_t legal_moves[SLOT_STATES] = {
    [SLOT_VACANT] = 1u << SLOT_SHARED | 1u << SLOT_ACTIVE | 1u << SLOT_RETIRED,
    [SLOT_SHARED] = 1u << SLOT_VACANT,
    [SLOT_ACTIVE] = 1u << SLOT_RECYCLE_PENDING | 1u << SLOT_VACANT,
    [SLOT_RECYCLE_PENDING] = 1u << SLOT_RECYCLING | 1u << SLOT_WEDGED,
    [SLOT_RECYCLING] = 1u << SLOT_VACANT | 1u << SLOT_WEDGED | 1u << SLOT_RETIRED,
    [SLOT_WEDGED] = 1u << SLOT_RECYCLING,
    [SLOT_RETIRED] = 1u << SLOT_SHARED | 1u << SLOT_ACTIVE,
};

/* One thread of the process may burn cycles waiting; the others park at once. */

static _Thread_local struct slot *current; /* of this thread, or NULL */

bool slot_try_from(struct slot *slot, uint64_t look, enum slot_state to) {
    siding_assert(legal_moves[slot_state_of(look)] & 1u << to);
    uint64_t turn = (look >> 8) + (to == SLOT_VACANT);
    /* the next owner sees what the one before has done; pairs with slot_look and itself. seq_cst:
       then watch_arm looks when the watch will look */
    return atomic_compare_exchange_strong_explicit(&slot->state, &look, turn << 8 | to,
                                                   memory_order_seq_cst, memory_order_relaxed);
}

bool slot_try(struct slot *slot, enum slot_state from, enum slot_state to) {
    uint64_t look = slot_look(slot);
    return slot_state_of(look) == from && slot_try_from(slot, look, to);
}

void slot_move(struct slot *slot, enum slot_state from, enum slot_state to) {
    bool moved = slot_try(slot, from, to);
    siding_assert(moved);
}

void slot_move_to_vacant(struct slot *slot, enum slot_state from) {
    atomic_store_explicit(&slot->vacant_since_ns, siding_clock_ns(), memory_order_relaxed);
    slot_move(slot, from, SLOT_VACANT);
}

struct slot *slot_current(void) {
    return current;
}

struct slot *slot_create(uint32_t index) {
    struct slot *slot = memory_make_lines(sizeof *slot);
    if (slot == NULL) {
        return NULL;
    }
    if (!siding_parker_init(&slot->parker)) {
        memory_free_lines(slot);
        return NULL;
    }
    inbox_init(&slot->inbox);
    inbox_init(&slot->later);
    lease_init(&slot->lease);
    slot->index = index;
    slot->release_node.kind = NODE_RELEASE;
    slot->poke_node.kind = NODE_POKE;
    atomic_init(&slot->quiet, true);
    atomic_init(&slot->state, SLOT_RETIRED);
    return slot;
}

void slot_withdraw(struct slot *slot) {
    atomic_store_explicit(&slot->state, SLOT_RETIRED, memory_order_release);
}

void slot_rouse(struct slot *slot) {
    if (!repeat_wakes(slot)) { /* its thread sleeps, and not in C */
        siding_parker_unpark(&slot->parker);
    }
}

void slot_push(struct slot *slot, struct node *first, struct node *last) {
    if (inbox_push(&slot->inbox, first, last) == INBOX_PUSHED_WAKE) {
        slot_rouse(slot);
    }
}

void slot_push_later(struct slot *slot, struct node *first, struct node *last) {
    if (inbox_push(&slot->later, first, last) == INBOX_PUSHED_WAKE) {
        siding_parker_unpark(&slot->parker);
    }
}

/*
 * The thread says `not quiet` before it takes nodes off the inbox, so who finds the inbox empty
 * after a push of its own sees that, until all is handled.
 */
bool slot_is_quiet(struct slot *slot) {
    return inbox_is_empty(&slot->inbox) && atomic_load_explicit(&slot->quiet, memory_order_acquire);
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

/* Where a thread that spins looks. */
struct outlook {
    struct inbox *inbox;
    struct inbox *later;
};

static bool has_work(const void *subject) {
    const struct outlook *outlook = subject;
    return inbox_waits(outlook->inbox) || inbox_waits(outlook->later);
}

bool slot_spin(struct slot *slot, struct inbox *inbox) {
    const struct outlook outlook = {inbox, &slot->later};
    uint32_t limit_ns = pool_spin_ns();
    if (slot->idle_since_ns != 0 || limit_ns == 0) {
        return has_work(&outlook);
    }
    slot->idle_since_ns = siding_clock_ns();
    if (!pool_spin_begin()) {
        return has_work(&outlook);
    }
    uint32_t spin_ns = slot->spin_ns == 0 || slot->spin_ns > limit_ns ? limit_ns : slot->spin_ns;
    bool found = spin_until(has_work, &outlook, slot->idle_since_ns + spin_ns);
    pool_spin_end();
    if (found) {
        learn_idle(slot, limit_ns);
    }
    return found;
}

static void handle_call(struct slot *slot, struct record *record) {
    /* relaxed: a lease that just ends may run one call more; its last node makes an end of it */
    if (record->context == atomic_load_explicit(&slot->lease.handle, memory_order_relaxed)) {
        call_run(record, slot);
    } else {
        call_refuse(record, slot, SIDING_ERECYCLING);
    }
}

/* @return whether the thread must end */
static bool handle(struct slot *slot, struct node *node) {
    switch ((enum node_kind)node->kind) {
    case NODE_CALL:
        handle_call(slot, (struct record *)node);
        return false;
    case NODE_BODY:
        siding_assert(false); /* these come later */
        return false;
    case NODE_SERVE:
        dispatch_serve(slot);
        return false;
    case NODE_FOLLOW:
        dispatch_follow(slot);
        return false;
    case NODE_NAME:
        siding_thread_rename(slot->lease.name);
        return false;
    case NODE_RELEASE:
        return recycle_run(slot);
    case NODE_POKE:
        repeat_sweep(slot);
        return false;
    case NODE_END:
        return true;
    case NODE_BATCH:
    case NODE_RING:
    case NODE_ENDED:
    case NODE_SOURCE:
    case NODE_PAGE:
        siding_assert(false); /* these go to bridges */
        return false;
    }
    return false;
}

/* @return whether the thread must end */
static bool handle_all(struct slot *slot) {
    atomic_store_explicit(&slot->quiet, false, memory_order_relaxed); /* inbox_take releases it */
    struct node *node = inbox_take(&slot->inbox);
    bool ends = false;
    while (node != NULL) {
        /* the node is its owner's again as soon as it is handled */
        struct node *next = node->next;
        ends |= handle(slot, node);
        node = next;
    }
    return ends;
}

static void run_slot(void *argument) {
    struct slot *slot = argument;
    current = slot;
    run_init(&slot->run);
    while (!handle_all(slot)) {
        repeat_take(slot);
        if (slot->bodies != NULL) {
            repeat_run(slot);
            continue;
        }
        /* release: what was handled is done with; pairs with slot_is_quiet */
        atomic_store_explicit(&slot->quiet, true, memory_order_release);
        if (!slot_spin(slot, &slot->inbox) && inbox_sleep(&slot->inbox) &&
            inbox_sleep(&slot->later)) {
            siding_parker_park(&slot->parker);
            learn_idle(slot, pool_spin_ns());
        }
    }
    slot->idle_since_ns = 0;
    atomic_store_explicit(&slot->quiet, true, memory_order_release);
    pool_thread_ends(slot); /* it may have another thread from here on */
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

#include "recycle.h"

#include <stddef.h>

#include "../base/assert.h"
#include "bound.h"
#include "bridge.h"
#include "guest.h"
#include "line.h"
#include "nest.h"
#include "notice.h"
#include "pool.h"
#include "record.h"
#include "repeat.h"
#include "watch.h"

#define NS_PER_MS 1000000u
#define VACANT_NAME "siding"

/* What is to be told, once the slot is free. */
struct ending {
    struct record *reports;
    struct record *listener;
    bool is_wedged;
};

static struct ending take_ending(struct lease *lease, bool is_wedged)
    SIDING_REQUIRES(&lease->mutex) {
    struct ending ending = {lease->reports, lease->listener, is_wedged};
    lease->reports = NULL;
    lease->listener = NULL;
    return ending;
}

static void tell(struct record *record, enum record_state from, bool is_wedged) {
    if (record == NULL) {
        return;
    }
    record->status = SIDING_OK;
    record->error = is_wedged ? 1 : 0;
    record_move(record, from, RECORD_DONE);
    if (record->bridge == NULL) {
        guest_complete(record);
    } else {
        (void)bridge_deliver(record->bridge, &record->node);
    }
}

static void tell_ending(const struct ending *ending) {
    tell(ending->listener, RECORD_RUNNING, ending->is_wedged);
    tell(ending->reports, RECORD_QUEUED, ending->is_wedged);
}

/* Nothing of this lease reaches the next. */
static void reset(struct lease *lease) SIDING_REQUIRES(&lease->mutex) {
    siding_assert(lease->attachments == NULL && lease->deferred == NULL && lease->nest == NULL);
    atomic_store_explicit(&lease->handle, 0, memory_order_relaxed);
    atomic_store_explicit(&lease->is_shared, false, memory_order_relaxed);
    atomic_store_explicit(&lease->is_watched, false, memory_order_relaxed);
    atomic_store_explicit(&lease->stuck_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&lease->deadline_ns, LEASE_NEVER, memory_order_seq_cst);
    interrupt_clear(&lease->interrupt);
    interrupt_clear(&lease->asked.interrupt);
    interrupt_clear(&lease->woken.interrupt);
    lease->asked.run = 0;
    lease->woken.run = 0;
    lease->stuck = (struct stuck){0};
    lease->was_interrupted = false;
    lease->is_over = false;
    lease->is_named = false;
}

/* Whether its thread has nothing to do for the end, so that it need not even wake up. */
static bool ends_quietly(struct slot *slot) SIDING_REQUIRES(&slot->lease.mutex) {
    return slot->lease.deferred == NULL && slot->lease.listener == NULL && !slot->lease.is_named &&
           !slot->lease.is_fresh && slot->lease.generation != UINT32_MAX && slot_is_quiet(slot);
}

/* @return whether the slot is vacant already */
static bool end(struct slot *slot, struct record *report) SIDING_REQUIRES(&slot->lease.mutex) {
    if (ends_quietly(slot)) { /* before the handle goes: no call of a quiet end is refused */
        reset(&slot->lease);
        slot_move_to_vacant(slot, SLOT_ACTIVE);
        return true;
    }
    atomic_store_explicit(&slot->lease.handle, 0, memory_order_relaxed);
    slot->lease.reports = report;
    slot->lease.was_interrupted = false;
    nest_finish_all(slot);
    slot_move(slot, SLOT_ACTIVE, SLOT_RECYCLE_PENDING);
    atomic_store_explicit(&slot->lease.deadline_ns, siding_clock_ns() + slot->lease.drain_ns,
                          memory_order_seq_cst);
    return false;
}

static struct record *take_listener(struct lease *lease, const struct bridge *bridge)
    SIDING_REQUIRES(&lease->mutex) {
    struct record *listener = lease->listener;
    if (listener == NULL || listener->bridge != bridge) {
        return NULL;
    }
    lease->listener = NULL;
    return listener;
}

void recycle_unlisten(struct slot *slot, const struct bridge *bridge) {
    siding_mutex_lock(&slot->lease.mutex);
    struct record *listener = take_listener(&slot->lease, bridge);
    siding_mutex_unlock(&slot->lease.mutex);
    tell(listener, RECORD_RUNNING, false);
}

bool recycle_leave(struct slot *slot, struct bridge *bridge, struct record *report) {
    siding_mutex_lock(&slot->lease.mutex);
    bool had_part = lease_detach(&slot->lease, bridge);
    bool is_last = had_part && slot->lease.attachments == NULL &&
                   atomic_load_explicit(&slot->lease.bridge, memory_order_relaxed) == NULL;
    bool is_vacant = is_last && end(slot, report);
    /* the notices of a part end with it, those of the lease with the lease */
    struct record *listener = is_last ? NULL : take_listener(&slot->lease, bridge);
    siding_mutex_unlock(&slot->lease.mutex);
    tell(listener, RECORD_RUNNING, false);
    if (is_vacant) {
        pool_vacate(slot, SLOT_ACTIVE);
    } else if (is_last) {
        slot_push(slot, &slot->release_node, &slot->release_node);
        watch_arm(atomic_load_explicit(&slot->lease.deadline_ns, memory_order_seq_cst));
    }
    return is_vacant || !is_last;
}

/* ---- on the slot's thread -------------------------------------------------------------------- */

static void begin_recycling(struct slot *slot) {
    siding_mutex_lock(&slot->lease.mutex);
    if (!slot_try(slot, SLOT_RECYCLE_PENDING, SLOT_RECYCLING)) {
        slot_move(slot, SLOT_WEDGED, SLOT_RECYCLING);
    }
    bool is_bounded = !slot->lease.is_over && slot->lease.deferred != NULL;
    uint64_t deadline_ns = is_bounded ? siding_clock_ns() + slot->lease.teardown_ns : LEASE_NEVER;
    atomic_store_explicit(&slot->lease.deadline_ns, deadline_ns, memory_order_seq_cst);
    siding_mutex_unlock(&slot->lease.mutex);
    watch_arm(deadline_ns);
}

static void run_deferred(struct slot *slot) {
    struct bound *bound = lease_take_deferred(&slot->lease);
    while (bound != NULL) {
        bound_run(bound);
        bound_release(bound);
        bound = lease_take_deferred(&slot->lease);
    }
}

/* The watch may not have seen yet that a call which was stuck has ended. */
static void tell_recovery(struct slot *slot, struct bridge **kick)
    SIDING_REQUIRES(&slot->lease.mutex) {
    struct stuck *stuck = &slot->lease.stuck;
    if (stuck->run != 0) {
        notice_send(&slot->outbox, slot->lease.listener, SIDING_NOTICE_RECOVERED, stuck->token,
                    (siding_clock_ns() - stuck->started_ns) / NS_PER_MS, kick);
        stuck->run = 0;
    }
}

bool recycle_run(struct slot *slot) {
    begin_recycling(slot);
    repeat_refuse_all(slot);
    run_deferred(slot);
    if (slot->lease.is_named) {
        siding_thread_rename(VACANT_NAME);
    }
    siding_mutex_lock(&slot->lease.mutex);
    (void)slot_try(slot, SLOT_WEDGED, SLOT_RECYCLING); /* by the teardown time */
    struct bridge *kick = NULL;
    tell_recovery(slot, &kick);
    bool was_over = slot->lease.is_over;
    bool retires = slot->lease.is_fresh || slot->lease.generation == UINT32_MAX;
    struct ending ending = take_ending(&slot->lease, false);
    reset(&slot->lease);
    if (retires) {
        slot_move(slot, SLOT_RECYCLING, SLOT_RETIRED);
    } else {
        slot_move_to_vacant(slot, SLOT_RECYCLING);
    }
    siding_mutex_unlock(&slot->lease.mutex);
    /* the slot may be someone else's from here on */
    notice_kick(kick);
    if (!retires) { /* off the count only when it can be taken, else another would be started */
        pool_vacate(slot, was_over ? SLOT_RECYCLING : SLOT_ACTIVE);
    } else if (!was_over) {
        pool_lease_over();
        line_serve();
    }
    tell_ending(&ending);
    return retires;
}

/* ---- watched --------------------------------------------------------------------------------- */

/* The lease ends without its thread, which comes back by itself when C has returned. */
static void wedge(struct slot *slot, uint64_t look) SIDING_REQUIRES(&slot->lease.mutex) {
    bool moved = slot_try_from(slot, look, SLOT_WEDGED);
    siding_assert(moved);
    slot->lease.is_over = true;
    atomic_store_explicit(&slot->lease.deadline_ns, LEASE_NEVER, memory_order_seq_cst);
}

static bool interrupts_drain(struct slot *slot, uint64_t now_ns)
    SIDING_REQUIRES(&slot->lease.mutex) {
    struct run_view view = run_look(&slot->run);
    if (slot->lease.was_interrupted || slot->lease.interrupt.kind == SIDING_INTERRUPT_NONE ||
        view.number == 0) {
        return false;
    }
    slot->lease.was_interrupted = true;
    watch_ask(&slot->lease.asked, view.number, &slot->lease.interrupt);
    atomic_store_explicit(&slot->lease.deadline_ns, now_ns + slot->lease.drain_ns,
                          memory_order_seq_cst);
    return true;
}

uint64_t recycle_watch(struct slot *slot, uint64_t now_ns, struct outbox *outbox) {
    struct ending ending = {NULL, NULL, false};
    struct bridge *kick = NULL;
    bool ends = false;
    siding_mutex_lock(&slot->lease.mutex);
    uint64_t look = slot_look(slot);
    enum slot_state state = slot_state_of(look);
    bool is_ending = state == SLOT_RECYCLE_PENDING || state == SLOT_RECYCLING;
    uint64_t deadline_ns = atomic_load_explicit(&slot->lease.deadline_ns, memory_order_seq_cst);
    if (is_ending && deadline_ns <= now_ns &&
        (state == SLOT_RECYCLING || !interrupts_drain(slot, now_ns))) {
        if (state == SLOT_RECYCLING) {
            notice_send(outbox, slot->lease.listener, SIDING_NOTICE_TEARDOWN, 0,
                        slot->lease.teardown_ns / NS_PER_MS, &kick);
        }
        ends = true;
        wedge(slot, look);
        ending = take_ending(&slot->lease, true);
    }
    deadline_ns = atomic_load_explicit(&slot->lease.deadline_ns, memory_order_seq_cst);
    siding_mutex_unlock(&slot->lease.mutex);
    notice_kick(kick);
    if (ends) {
        pool_lease_over();
        line_serve();
        tell_ending(&ending);
    }
    return deadline_ns;
}

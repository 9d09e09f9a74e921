#include "context.h"

#include <stddef.h>

#include "../base/assert.h"
#include "bridge.h"
#include "handle.h"
#include "lease.h"
#include "line.h"
#include "pool.h"
#include "recycle.h"
#include "slot.h"
#include "submission.h"
#include "watch.h"

static bool is_valid(const struct siding_context_options *options) {
    return options->flags <= (SIDING_CONTEXT_FRESH | SIDING_CONTEXT_WAIT) &&
           options->drain_ms <= SIDING_CONTEXT_MS_MAX &&
           options->teardown_ms <= SIDING_CONTEXT_MS_MAX &&
           options->stuck_ms <= SIDING_CONTEXT_MS_MAX &&
           (options->stack_bytes == 0 || (options->flags & SIDING_CONTEXT_FRESH) != 0);
}

int32_t context_acquire(struct bridge *bridge, const struct siding_context_options *options,
                        const char *name, uint32_t token, uint64_t *out_context) {
    if (!is_valid(options)) {
        return SIDING_EINVALID;
    }
    bool may_wait = (options->flags & SIDING_CONTEXT_WAIT) != 0;
    if (may_wait && line_length() > 0) { /* behind those who came before */
        return line_join(bridge, options, name, token);
    }
    struct slot *slot = NULL;
    int32_t status = pool_lease(options, &slot);
    if (status == SIDING_EEXHAUSTED && may_wait) {
        return line_join(bridge, options, name, token);
    }
    if (status == SIDING_OK) {
        *out_context = lease_begin(slot, bridge, options, name);
    } else {
        line_serve(); /* who came meanwhile may have found this one counted */
    }
    return status;
}

int32_t context_release(struct bridge *bridge, uint64_t context, uint32_t token) {
    struct slot *slot = lease_find(bridge, context);
    if (slot == NULL) {
        return SIDING_ESTALE;
    }
    struct record *report = NULL;
    int32_t status = submission_claim(bridge, token, &report);
    if (status != SIDING_OK) {
        return status;
    }
    report->signature = NULL;
    report->flags = 0;
    if (!recycle_leave(slot, bridge, report)) {
        return SIDING_OK;
    }
    submission_unclaim(bridge, report);
    return 1;
}

int32_t context_share(struct bridge *bridge, uint64_t context, uint64_t *out_share) {
    struct slot *slot = lease_find(bridge, context);
    if (slot == NULL) {
        return SIDING_ESTALE;
    }
    atomic_store_explicit(&slot->lease.is_shared, true, memory_order_relaxed);
    *out_share = context;
    return SIDING_OK;
}

int32_t context_attach(struct bridge *bridge, uint64_t share, uint64_t *out_context) {
    struct slot *slot = share == 0 ? NULL : pool_slot(share);
    int32_t status = slot == NULL ? SIDING_ESTALE : lease_attach(slot, share, bridge);
    if (status == SIDING_OK) {
        *out_context = share;
    }
    return status;
}

int32_t context_defer(struct bridge *bridge, uint64_t context, uint64_t bound_handle) {
    struct slot *slot = lease_find(bridge, context);
    struct bound *bound = slot == NULL ? NULL : bound_find(bound_handle);
    if (bound == NULL) {
        return SIDING_ESTALE;
    }
    int32_t status = bound->holes_count > 0 ? SIDING_EINVALID : lease_defer(&slot->lease, bound);
    bound_release(bound);
    return status;
}

int32_t context_undefer(struct bridge *bridge, uint64_t context, uint64_t bound_handle) {
    struct slot *slot = lease_find(bridge, context);
    struct bound *bound = slot == NULL ? NULL : bound_find(bound_handle);
    if (bound == NULL) {
        return SIDING_ESTALE;
    }
    bool was_there = lease_undefer(&slot->lease, bound);
    bound_release(bound);
    return was_there ? SIDING_OK : SIDING_ENOTFOUND;
}

int32_t context_interrupt_with(struct bridge *bridge, uint64_t context,
                               const struct siding_interrupt *options) {
    struct slot *slot = lease_find(bridge, context);
    if (slot == NULL) {
        return SIDING_ESTALE;
    }
    struct interrupt interrupt;
    int32_t status = interrupt_read(options, &interrupt);
    if (status != SIDING_OK) {
        return status;
    }
    struct lease *lease = &slot->lease;
    siding_mutex_lock(&lease->mutex);
    struct interrupt before = lease->interrupt;
    lease->interrupt = interrupt;
    siding_mutex_unlock(&lease->mutex);
    interrupt_clear(&before);
    atomic_store_explicit(&lease->is_watched, true, memory_order_relaxed);
    return SIDING_OK;
}

int32_t context_listen(struct bridge *bridge, uint64_t context, uint32_t token) {
    struct slot *slot = lease_find(bridge, context);
    struct record *listener = NULL;
    int32_t status = slot == NULL ? SIDING_ESTALE : submission_claim(bridge, token, &listener);
    if (status != SIDING_OK) {
        return status;
    }
    listener->signature = NULL;
    listener->flags = 0;
    struct lease *lease = &slot->lease;
    siding_mutex_lock(&lease->mutex);
    bool is_free = lease->listener == NULL;
    if (is_free) {
        record_move(listener, RECORD_QUEUED, RECORD_RUNNING);
        lease->listener = listener;
    }
    siding_mutex_unlock(&lease->mutex);
    if (is_free && atomic_load_explicit(&lease->stuck_ns, memory_order_relaxed) != 0) {
        atomic_store_explicit(&lease->is_watched, true, memory_order_relaxed); /* from now on */
    }
    if (!is_free) {
        submission_unclaim(bridge, listener);
    }
    return is_free ? SIDING_OK : SIDING_EBUSY;
}

/* ---- interrupts ------------------------------------------------------------------------------ */

/* @return the slot that runs a record now, and the number of the run; or NULL */
static struct slot *find_run(const struct record *record, uint64_t *out_run) {
    uint32_t count = pool_slots();
    for (uint32_t index = 0; index < count; index++) {
        struct slot *slot = pool_slot_at(index);
        struct run_view view = run_look(&slot->run);
        if (view.number != 0 && view.record == record) {
            *out_run = view.number;
            return slot;
        }
    }
    return NULL;
}

static int32_t ask(struct slot *slot, uint64_t run, struct interrupt *interrupt) {
    siding_mutex_lock(&slot->lease.mutex);
    bool is_own = interrupt->kind == SIDING_INTERRUPT_NONE;
    const struct interrupt *chosen = is_own ? &slot->lease.interrupt : interrupt;
    bool asks = chosen->kind != SIDING_INTERRUPT_NONE && run_look(&slot->run).number == run;
    if (asks) {
        watch_ask(&slot->lease.asked, run, chosen);
    }
    siding_mutex_unlock(&slot->lease.mutex);
    if (asks) {
        watch_arm(0);
    }
    return asks ? SIDING_OK : SIDING_EINVALID;
}

int32_t context_interrupt(struct bridge *bridge, uint32_t token,
                          const struct siding_interrupt *options) {
    struct interrupt interrupt;
    int32_t status = interrupt_read(options, &interrupt);
    if (status != SIDING_OK) {
        return status;
    }
    uint64_t run = 0;
    struct record *record = slab_find(&bridge->slab, token);
    struct slot *slot = record == NULL ? NULL : find_run(record, &run);
    status = slot == NULL ? SIDING_EINVALID : ask(slot, run, &interrupt);
    interrupt_clear(&interrupt);
    return status;
}

void context_leave_all(struct bridge *bridge) {
    uint32_t count = pool_slots();
    for (uint32_t index = 0; index < count; index++) {
        struct slot *slot = pool_slot_at(index);
        recycle_unlisten(slot, bridge); /* also of a lease that is ending */
        bool is_first = atomic_load_explicit(&slot->lease.bridge, memory_order_relaxed) == bridge;
        if (is_first || atomic_load_explicit(&slot->lease.is_shared, memory_order_relaxed)) {
            (void)recycle_leave(slot, bridge, NULL);
        }
    }
}

#include "lease.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bound.h"
#include "handle.h"
#include "pool.h"
#include "slot.h"

#define DRAIN_MS_DEFAULT 1500u
#define TEARDOWN_MS_DEFAULT 10000u
#define NS_PER_MS 1000000u

struct attachment {
    struct attachment *next;
    struct bridge *bridge;
};

struct deferred {
    struct deferred *next;
    struct bound *bound; /* held */
};

void lease_init(struct lease *lease) {
    siding_mutex_init(&lease->mutex);
    atomic_init(&lease->deadline_ns, LEASE_NEVER);
}

/* ---- beginning ------------------------------------------------------------------------------- */

static void begin_times(struct lease *lease, const struct siding_context_options *options) {
    uint64_t stuck_ns = options == NULL ? 0 : (uint64_t)options->stuck_ms * NS_PER_MS;
    uint32_t drain_ms = options == NULL ? DRAIN_MS_DEFAULT : options->drain_ms;
    uint32_t teardown_ms = options == NULL ? TEARDOWN_MS_DEFAULT : options->teardown_ms;
    siding_mutex_lock(&lease->mutex);
    lease->drain_ns = (uint64_t)drain_ms * NS_PER_MS;
    lease->teardown_ns = (uint64_t)teardown_ms * NS_PER_MS;
    siding_mutex_unlock(&lease->mutex);
    atomic_store_explicit(&lease->stuck_ns, stuck_ns, memory_order_relaxed);
    atomic_store_explicit(&lease->is_watched, false, memory_order_relaxed);
}

static void begin_name(struct slot *slot, const char *name) {
    slot->lease.is_named = name != NULL && name[0] != '\0';
    if (!slot->lease.is_named) {
        return;
    }
    strncpy(slot->lease.name, name, LEASE_NAME_BYTES - 1);
    slot->lease.name[LEASE_NAME_BYTES - 1] = '\0';
    slot->duty.kind = NODE_NAME;
    slot_push(slot, &slot->duty, &slot->duty);
}

uint64_t lease_begin(struct slot *slot, struct bridge *bridge,
                     const struct siding_context_options *options, const char *name) {
    uint64_t handle = handle_make(HANDLE_CONTEXT, slot->index, ++slot->lease.generation);
    slot->lease.is_fresh = options != NULL && (options->flags & SIDING_CONTEXT_FRESH) != 0;
    begin_times(&slot->lease, options);
    atomic_store_explicit(&slot->lease.bridge, bridge, memory_order_relaxed);
    atomic_store_explicit(&slot->lease.handle, handle, memory_order_relaxed);
    begin_name(slot, name);
    return handle;
}

/* ---- who has it ------------------------------------------------------------------------------ */

/* @return the link to the attachment of a bridge, or to NULL */
static struct attachment **find_attachment(struct lease *lease, const struct bridge *bridge)
    SIDING_REQUIRES(&lease->mutex) {
    struct attachment **link = &lease->attachments;
    while (*link != NULL && (*link)->bridge != bridge) {
        link = &(*link)->next;
    }
    return link;
}

static bool is_attached(struct lease *lease, const struct bridge *bridge) {
    siding_mutex_lock(&lease->mutex);
    bool found = *find_attachment(lease, bridge) != NULL;
    siding_mutex_unlock(&lease->mutex);
    return found;
}

struct slot *lease_find(const struct bridge *bridge, uint64_t handle) {
    struct slot *slot = handle == 0 ? NULL : pool_slot(handle);
    if (slot == NULL || atomic_load_explicit(&slot->lease.handle, memory_order_relaxed) != handle) {
        return NULL;
    }
    if (atomic_load_explicit(&slot->lease.bridge, memory_order_relaxed) == bridge) {
        return slot;
    }
    bool is_shared = atomic_load_explicit(&slot->lease.is_shared, memory_order_relaxed);
    return is_shared && is_attached(&slot->lease, bridge) ? slot : NULL;
}

static int32_t attach(struct lease *lease, uint64_t handle, struct bridge *bridge,
                      struct attachment *made) SIDING_REQUIRES(&lease->mutex) {
    bool is_live = atomic_load_explicit(&lease->handle, memory_order_relaxed) == handle &&
                   atomic_load_explicit(&lease->is_shared, memory_order_relaxed);
    if (!is_live) {
        return SIDING_ESTALE;
    }
    if (atomic_load_explicit(&lease->bridge, memory_order_relaxed) == bridge ||
        *find_attachment(lease, bridge) != NULL) {
        return SIDING_EBUSY;
    }
    *made = (struct attachment){lease->attachments, bridge};
    lease->attachments = made;
    return SIDING_OK;
}

int32_t lease_attach(struct slot *slot, uint64_t handle, struct bridge *bridge) {
    struct attachment *made = malloc(sizeof *made);
    if (made == NULL) {
        return SIDING_ENOMEM;
    }
    siding_mutex_lock(&slot->lease.mutex);
    int32_t status = attach(&slot->lease, handle, bridge, made);
    siding_mutex_unlock(&slot->lease.mutex);
    if (status != SIDING_OK) {
        free(made);
    }
    return status;
}

bool lease_detach(struct lease *lease, const struct bridge *bridge) {
    if (atomic_load_explicit(&lease->bridge, memory_order_relaxed) == bridge) {
        atomic_store_explicit(&lease->bridge, NULL, memory_order_relaxed);
        return true;
    }
    struct attachment **link = find_attachment(lease, bridge);
    struct attachment *found = *link;
    if (found != NULL) {
        *link = found->next;
        free(found);
    }
    return found != NULL;
}

/* ---- deferred calls -------------------------------------------------------------------------- */

static struct deferred **find_deferred(struct lease *lease, const struct bound *bound)
    SIDING_REQUIRES(&lease->mutex) {
    struct deferred **link = &lease->deferred;
    while (*link != NULL && (*link)->bound != bound) {
        link = &(*link)->next;
    }
    return link;
}

int32_t lease_defer(struct lease *lease, struct bound *bound) {
    struct deferred *made = malloc(sizeof *made);
    if (made == NULL) {
        return SIDING_ENOMEM;
    }
    siding_mutex_lock(&lease->mutex);
    bool is_new = *find_deferred(lease, bound) == NULL;
    if (is_new) {
        held_retain(&bound->held);
        *made = (struct deferred){lease->deferred, bound};
        lease->deferred = made;
    }
    siding_mutex_unlock(&lease->mutex);
    if (!is_new) {
        free(made);
    }
    return is_new ? SIDING_OK : SIDING_EBUSY;
}

bool lease_undefer(struct lease *lease, const struct bound *bound) {
    siding_mutex_lock(&lease->mutex);
    struct deferred **link = find_deferred(lease, bound);
    struct deferred *found = *link;
    if (found != NULL) {
        *link = found->next;
    }
    siding_mutex_unlock(&lease->mutex);
    if (found == NULL) {
        return false;
    }
    bound_release(found->bound);
    free(found);
    return true;
}

struct bound *lease_take_deferred(struct lease *lease) {
    siding_mutex_lock(&lease->mutex);
    struct deferred *first = lease->deferred;
    if (first != NULL) {
        lease->deferred = first->next;
    }
    siding_mutex_unlock(&lease->mutex);
    struct bound *bound = first == NULL ? NULL : first->bound;
    free(first);
    return bound;
}

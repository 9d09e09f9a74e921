#include "context.h"

#include <stddef.h>
#include <string.h>

#include "../include/siding.h"
#include "bridge.h"
#include "handle.h"
#include "pool.h"
#include "slot.h"
#include "submission.h"

static void name_slot(struct slot *slot, const char *name) {
    strncpy(slot->name, name, SLOT_NAME_BYTES - 1);
    slot->name[SLOT_NAME_BYTES - 1] = '\0';
    slot->duty.kind = NODE_NAME;
    slot_push(slot, &slot->duty, &slot->duty);
}

int32_t context_acquire(struct bridge *bridge, const char *name, uint64_t *out_context) {
    struct slot *slot = NULL;
    int32_t status = pool_lease(&slot);
    if (status != SIDING_OK) {
        return status;
    }
    uint64_t lease = handle_make(HANDLE_CONTEXT, slot->index, ++slot->generation);
    atomic_store_explicit(&slot->bridge, bridge, memory_order_relaxed);
    atomic_store_explicit(&slot->lease, lease, memory_order_relaxed);
    slot->lease_next = bridge->leases;
    bridge->leases = slot;
    if (name != NULL) {
        name_slot(slot, name);
    }
    *out_context = lease;
    return SIDING_OK;
}

int32_t context_release(struct bridge *bridge, uint64_t context, uint32_t token) {
    struct slot *slot = slot_find_lease(bridge, context);
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
    slot_release_lease(slot, report);
    return SIDING_OK;
}

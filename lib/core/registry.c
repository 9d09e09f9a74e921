#include "registry.h"

#include <stddef.h>

#include "../base/assert.h"

void held_retain(struct held *object) {
    uint32_t before = atomic_fetch_add_explicit(&object->holders, 1, memory_order_relaxed);
    siding_assert(before != 0);
}

bool held_release(struct held *object) {
    uint32_t before = atomic_fetch_sub_explicit(&object->holders, 1, memory_order_acq_rel);
    siding_assert(before != 0);
    return before == 1;
}

static struct registry_entry *entry_take(struct registry *registry)
    SIDING_REQUIRES(&registry->mutex) {
    if (registry->first_free != 0) {
        struct registry_entry *entry = &registry->entries[registry->first_free - 1];
        registry->first_free = entry->next_free;
        return entry;
    }
    return registry->used < registry->entries_max ? &registry->entries[registry->used++] : NULL;
}

static void entry_give(struct registry *registry, struct registry_entry *entry)
    SIDING_REQUIRES(&registry->mutex) {
    entry->object = NULL;
    if (entry->generation != UINT32_MAX) { /* else no handle may come twice */
        entry->next_free = registry->first_free;
        registry->first_free = (uint32_t)(entry - registry->entries) + 1;
    }
}

/* @return the entry that a handle names, or NULL */
static struct registry_entry *entry_of(struct registry *registry, uint64_t handle)
    SIDING_REQUIRES(&registry->mutex) {
    uint32_t index = handle_index(handle);
    if (index >= registry->used || registry->entries[index].object == NULL) {
        return NULL;
    }
    struct registry_entry *entry = &registry->entries[index];
    return handle_make(registry->kind, index, entry->generation) == handle ? entry : NULL;
}

uint64_t registry_add(struct registry *registry, struct held *object) {
    uint64_t handle = 0;
    siding_mutex_lock(&registry->mutex);
    struct registry_entry *entry = entry_take(registry);
    if (entry != NULL) {
        entry->object = object;
        entry->generation++;
        registry->count++;
        uint32_t index = (uint32_t)(entry - registry->entries);
        handle = handle_make(registry->kind, index, entry->generation);
    }
    siding_mutex_unlock(&registry->mutex);
    return handle;
}

struct held *registry_find(struct registry *registry, uint64_t handle) {
    siding_mutex_lock(&registry->mutex);
    struct registry_entry *entry = entry_of(registry, handle);
    struct held *object = entry == NULL ? NULL : entry->object;
    if (object != NULL) {
        held_retain(object);
    }
    siding_mutex_unlock(&registry->mutex);
    return object;
}

struct held *registry_at(struct registry *registry, uint32_t index) {
    siding_mutex_lock(&registry->mutex);
    struct held *object = index < registry->used ? registry->entries[index].object : NULL;
    if (object != NULL) {
        held_retain(object);
    }
    siding_mutex_unlock(&registry->mutex);
    return object;
}

uint32_t registry_used(struct registry *registry) {
    siding_mutex_lock(&registry->mutex);
    uint32_t used = registry->used;
    siding_mutex_unlock(&registry->mutex);
    return used;
}

struct held *registry_remove(struct registry *registry, uint64_t handle) {
    siding_mutex_lock(&registry->mutex);
    struct registry_entry *entry = entry_of(registry, handle);
    struct held *object = entry == NULL ? NULL : entry->object;
    if (object != NULL) {
        entry_give(registry, entry);
        registry->count--;
    }
    siding_mutex_unlock(&registry->mutex);
    return object;
}

uint32_t registry_count(struct registry *registry) {
    siding_mutex_lock(&registry->mutex);
    uint32_t count = registry->count;
    siding_mutex_unlock(&registry->mutex);
    return count;
}

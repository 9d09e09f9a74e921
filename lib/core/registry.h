/*
 * registry.h - objects that several threads hold, and the handles by which hosts name them.
 *
 * An object counts its holders: the registry while it has a handle, and everything that uses it.
 * The last one to let go destroys it.
 */
#ifndef SIDING_CORE_REGISTRY_H
#define SIDING_CORE_REGISTRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../platform/platform.h"
#include "handle.h"

/* First in every such object. */
struct held {
    _Atomic(uint32_t) holders; /* atomic: acq_rel in held_release, so that the last sees it all */
};

struct registry_entry {
    struct held *object; /* NULL: free */
    uint32_t generation; /* of the last handle; UINT32_MAX: used up */
    uint32_t next_free;  /* index + 1; 0: none */
};

struct registry {
    enum handle_kind kind;          /* immutable */
    uint32_t entries_max;           /* immutable */
    struct registry_entry *entries; /* the elements are guarded by mutex */
    struct siding_mutex mutex;
    uint32_t used SIDING_GUARDED_BY(&mutex);
    uint32_t first_free SIDING_GUARDED_BY(&mutex);
    uint32_t count SIDING_GUARDED_BY(&mutex);
};

/* A registry of the array `array`. */
#define REGISTRY_INITIALIZER(handle_kind, array)                                                   \
    {.kind = (handle_kind),                                                                        \
     .entries_max = sizeof(array) / sizeof(array)[0],                                              \
     .entries = (array),                                                                           \
     .mutex = SIDING_MUTEX_INITIALIZER}

/** Takes over the caller's hold of a new object. @return its handle; 0: no entry is free
 *  @thread any  @blocks never */
uint64_t registry_add(struct registry *registry, struct held *object);
/** @return the object, held for the caller, or NULL: stale  @thread any  @blocks never */
struct held *registry_find(struct registry *registry, uint64_t handle);
/** @return the object of an entry, held for the caller, or NULL  @thread any  @blocks never */
struct held *registry_at(struct registry *registry, uint32_t index);
/** @return entries in use, now or before  @thread any  @blocks never */
uint32_t registry_used(struct registry *registry);
/** Ends the handle. @return the object, its hold now the caller's, or NULL  @thread any */
struct held *registry_remove(struct registry *registry, uint64_t handle);
/** @return objects with a handle  @thread any  @blocks never */
uint32_t registry_count(struct registry *registry);

/** One more holder. @thread a holder  @blocks never */
void held_retain(struct held *object);
/** One holder less. @return true: it was the last one, who must destroy the object
 *  @thread a holder  @blocks never */
bool held_release(struct held *object);

#endif

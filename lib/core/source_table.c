#include "source_table.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "../platform/platform.h"

static struct siding_mutex sources_mutex = SIDING_MUTEX_INITIALIZER;
static struct source *first_free SIDING_GUARDED_BY(&sources_mutex);
static uint32_t made SIDING_GUARDED_BY(&sources_mutex);
/* atomic: the release store in make pairs with the acquire load in source_at */
static _Atomic(struct source *) table[SOURCES_MAX];

static struct source *make(void) SIDING_REQUIRES(&sources_mutex) {
    struct source *source = calloc(1, sizeof *source);
    if (source != NULL) {
        source->node.kind = NODE_SOURCE;
        source->index = (uint16_t)made;
        source->door = (struct door)DOOR_INITIALIZER_CLOSED;
        atomic_store_explicit(&table[made++], source, memory_order_release);
    }
    return source;
}

int32_t source_take(struct source **out_source) {
    siding_mutex_lock(&sources_mutex);
    int32_t status = first_free == NULL && made == SOURCES_MAX ? SIDING_ELIMIT : SIDING_OK;
    struct source *source = first_free;
    if (source != NULL) {
        first_free = source->next;
    } else if (status == SIDING_OK) {
        source = make();
        status = source == NULL ? SIDING_ENOMEM : SIDING_OK;
    }
    siding_mutex_unlock(&sources_mutex);
    *out_source = source;
    return status;
}

/* One whose generations are used up is left out for ever. */
void source_give(struct source *source) {
    siding_mutex_lock(&sources_mutex);
    if (source->generation != UINT32_MAX) {
        source->next = first_free;
        first_free = source;
    }
    siding_mutex_unlock(&sources_mutex);
}

struct source *source_at(uint64_t handle) {
    uint32_t index = handle_index(handle);
    struct source *source =
        index < SOURCES_MAX ? atomic_load_explicit(&table[index], memory_order_acquire) : NULL;
    return source != NULL && source_is(source, handle) ? source : NULL;
}

#include "library.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "../include/siding.h"
#include "../platform/platform.h"
#include "handle.h"

#define LIBRARIES_MAX 4096u
#define LIBRARY_GENERATION 1u /* an entry lives for ever, so it has only one */

static struct siding_mutex registry_mutex = SIDING_MUTEX_INITIALIZER;
static uint32_t registry_count SIDING_GUARDED_BY(&registry_mutex);
/* atomic: the release store in remember pairs with the acquire load in library_symbol */
static _Atomic(void *) registry[LIBRARIES_MAX];

/* The system gives the same handle for the same library; the extra reference is given back. */
static int32_t remember(void *loaded, uint64_t *out_library) SIDING_REQUIRES(&registry_mutex) {
    uint32_t index = 0;
    while (index < registry_count &&
           atomic_load_explicit(&registry[index], memory_order_relaxed) != loaded) {
        index++;
    }
    if (index == LIBRARIES_MAX) {
        siding_loader_close(loaded);
        return SIDING_ELIMIT;
    }
    if (index < registry_count) {
        siding_loader_close(loaded);
    } else {
        atomic_store_explicit(&registry[index], loaded, memory_order_release);
        registry_count++;
    }
    *out_library = handle_make(HANDLE_LIBRARY, index, LIBRARY_GENERATION);
    return SIDING_OK;
}

int32_t library_open(const char *path, uint32_t flags, uint64_t *out_library, char *out_message,
                     size_t message_capacity) {
    bool is_global = (flags & SIDING_LIBRARY_GLOBAL) != 0;
    void *loaded = siding_loader_open(path, is_global, out_message, message_capacity);
    if (loaded == NULL) {
        return SIDING_ENOTFOUND;
    }
    siding_mutex_lock(&registry_mutex);
    int32_t status = remember(loaded, out_library);
    siding_mutex_unlock(&registry_mutex);
    return status;
}

int32_t library_symbol(uint64_t library, const char *name, uint64_t *out_address) {
    uint32_t index = handle_index(library);
    void *loaded =
        index < LIBRARIES_MAX ? atomic_load_explicit(&registry[index], memory_order_acquire) : NULL;
    if (loaded == NULL || library != handle_make(HANDLE_LIBRARY, index, LIBRARY_GENERATION)) {
        return SIDING_ESTALE;
    }
    void *address = NULL;
    if (!siding_loader_symbol(loaded, name, &address)) {
        return SIDING_ENOTFOUND;
    }
    *out_address = (uint64_t)(uintptr_t)address;
    return SIDING_OK;
}

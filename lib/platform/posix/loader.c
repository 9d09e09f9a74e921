#include <dlfcn.h>
#include <string.h>

#include "../../base/assert.h"
#include "../platform.h"

static void copy_message(char *out_message, size_t capacity, const char *message) {
    if (capacity == 0) {
        return;
    }
    size_t length = strnlen(message, capacity - 1);
    memcpy(out_message, message, length);
    out_message[length] = '\0';
}

void *siding_loader_open(const char *path, bool is_global, char *out_message,
                         size_t message_capacity) {
    void *library = dlopen(path, RTLD_NOW | (is_global ? RTLD_GLOBAL : RTLD_LOCAL));
    if (library == NULL) {
        const char *reason = dlerror();
        copy_message(out_message, message_capacity, reason != NULL ? reason : "unknown error");
    }
    return library;
}

void siding_loader_close(void *library) {
    siding_assert(library != NULL);
    (void)dlclose(library);
}

bool siding_loader_symbol(void *library, const char *name, void **out_address) {
    siding_assert(library != NULL);
    /* A symbol may be NULL, so that only dlerror tells a missing one. */
    (void)dlerror();
    void *address = dlsym(library, name);
    if (address == NULL && dlerror() != NULL) {
        return false;
    }
    *out_address = address;
    return true;
}

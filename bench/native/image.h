/*
 * image.h - functions of a library that the process has loaded already.
 */
#ifndef BENCH_IMAGE_H
#define BENCH_IMAGE_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* @return NULL: it is not loaded */
static inline void *image_of(const char *library) {
    return dlopen(library, RTLD_NOW | RTLD_NOLOAD);
}

static inline bool image_find(void *image, const char *name, void *out_function) {
    void *address = dlsym(image, name);
    memcpy(out_function, &address, sizeof address);
    return address != NULL;
}

#endif

/*
 * host.h - the part of a host, in C: libsiding, which the process has loaded already, and a bridge
 * whose events nobody reads.
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stdint.h>

#include "../../lib/include/siding.h"
#include "image.h"

struct host {
    int32_t (*signature_prepare)(const uint8_t *descriptor, uint32_t size_bytes);
    int32_t (*bridge_open)(const struct siding_bridge_options *options, uint64_t *out_bridge,
                           int32_t *out_descriptor);
    int32_t (*bridge_close)(uint64_t bridge);
    uint64_t bridge;
};

static inline void host_ignore_wake(void) {
}

/* @return whether the library is there and a bridge is open */
static inline bool host_open(struct host *host, void *image, uint32_t calls_max) {
    struct siding_bridge_options options = {.size_bytes = sizeof options,
                                            .calls_max = calls_max,
                                            .wake_function = (uint64_t)(uintptr_t)host_ignore_wake};
    int32_t unused = -1;
    return image != NULL &&
           image_find(image, "siding_signature_prepare", &host->signature_prepare) &&
           image_find(image, "siding_bridge_open", &host->bridge_open) &&
           image_find(image, "siding_bridge_close", &host->bridge_close) &&
           host->bridge_open(&options, &host->bridge, &unused) == SIDING_OK;
}

#endif

/*
 * callback_memory.c - what malloc has given out for each of many open callbacks, opened by C, so
 * that no runtime's own memory is counted.
 */
#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include <malloc.h>
#include <stdint.h>

#include "../../lib/include/siding.h"
#include "image.h"

#define BENCH_API __attribute__((visibility("default")))
#define CALLS_MAX 65536u
#define CAPACITY 1024u
#define COPY_BYTES_MAX 4096u
#define TIMEOUT_MS 1000u
#define VALUES 3u

BENCH_API double bench_callback_bytes(const char *library, uint32_t count);

struct siding {
    int32_t (*signature_prepare)(const uint8_t *descriptor, uint32_t size_bytes);
    int32_t (*bridge_open)(const struct siding_bridge_options *options, uint64_t *out_bridge,
                           int32_t *out_descriptor);
    int32_t (*bridge_close)(uint64_t bridge);
    int32_t (*callback_open)(uint64_t bridge, const struct siding_callback_options *options,
                             const void *values, uint32_t values_words, uint64_t *out_closure,
                             uint64_t *out_pointer);
};

static void ignore_wake(void) {
}

static bool find_all(const char *library, struct siding *out) {
    void *image = image_of(library);
    return image != NULL &&
           image_find(image, "siding_signature_prepare", &out->signature_prepare) &&
           image_find(image, "siding_bridge_open", &out->bridge_open) &&
           image_find(image, "siding_bridge_close", &out->bridge_close) &&
           image_find(image, "siding_callback_open", &out->callback_open);
}

/* @return whether all were opened */
static bool open_some(const struct siding *siding, uint64_t bridge, uint32_t signature,
                      uint32_t first, uint32_t count) {
    uint64_t values[VALUES] = {0};
    bool is_open = true;
    for (uint32_t i = 0; is_open && i < count; i++) {
        struct siding_callback_options options = {.size_bytes = sizeof options,
                                                  .signature = signature,
                                                  .mode = SIDING_CALLBACK_CALL,
                                                  .token = first + i,
                                                  .capacity = CAPACITY,
                                                  .copy_bytes_max = COPY_BYTES_MAX,
                                                  .timeout_ms = TIMEOUT_MS,
                                                  .returned = SIDING_RETURN_VALUE};
        uint64_t closure = 0;
        uint64_t pointer = 0;
        is_open = siding->callback_open(bridge, &options, values, VALUES, &closure, &pointer) ==
                  SIDING_OK;
    }
    return is_open;
}

static double allocated(void) {
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd);
}

/* @return bytes of each, or a negative number: something failed */
double bench_callback_bytes(const char *library, uint32_t count) {
    static const uint8_t descriptor[] = {SIDING_NOT_VARIADIC, SIDING_TYPE_I32, SIDING_TYPE_I32,
                                         SIDING_TYPE_POINTER};
    struct siding_bridge_options options = {.size_bytes = sizeof options,
                                            .calls_max = CALLS_MAX,
                                            .wake_function = (uint64_t)(uintptr_t)ignore_wake};
    struct siding siding;
    uint64_t bridge = 0;
    int32_t unused = -1;
    if (!find_all(library, &siding) ||
        siding.bridge_open(&options, &bridge, &unused) != SIDING_OK) {
        return -1;
    }
    uint32_t signature = (uint32_t)siding.signature_prepare(descriptor, sizeof descriptor);
    bool is_open = open_some(&siding, bridge, signature, 0, 1); /* what all of them share */
    double before = allocated();
    is_open = is_open && open_some(&siding, bridge, signature, 1, count);
    double bytes = (allocated() - before) / count;
    siding.bridge_close(bridge);
    return is_open ? bytes : -1;
}

/*
 * callback_memory.c - what malloc has given out for each of many open callbacks, opened by C, so
 * that no runtime's own memory is counted.
 */
#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include <malloc.h>

#include "host.h"

#define BENCH_API __attribute__((visibility("default")))
#define CALLS_MAX 65536u
#define CAPACITY 1024u
#define COPY_BYTES_MAX 4096u
#define TIMEOUT_MS 1000u
#define VALUES 3u

BENCH_API double bench_callback_bytes(const char *library, uint32_t count);

typedef int32_t (*open_fn)(uint64_t bridge, const struct siding_callback_options *options,
                           const void *values, uint32_t values_words, uint64_t *out_closure,
                           uint64_t *out_pointer);

/* @return whether all were opened */
static bool open_some(open_fn open, uint64_t bridge, uint32_t signature, uint32_t first,
                      uint32_t count) {
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
        is_open = open(bridge, &options, values, VALUES, &closure, &pointer) == SIDING_OK;
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
    void *image = image_of(library);
    struct host host;
    open_fn open = NULL;
    if (!host_open(&host, image, CALLS_MAX) || !image_find(image, "siding_callback_open", &open)) {
        return -1;
    }
    uint32_t signature = (uint32_t)host.signature_prepare(descriptor, sizeof descriptor);
    bool is_open = open_some(open, host.bridge, signature, 0, 1); /* what all of them share */
    double before = allocated();
    is_open = is_open && open_some(open, host.bridge, signature, 1, count);
    double bytes = (allocated() - before) / count;
    host.bridge_close(host.bridge);
    return is_open ? bytes : -1;
}

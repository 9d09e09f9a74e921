/*
 * callback_memory.c - the memory of each of many open callbacks that were never called, opened by
 * C, so that no runtime's own memory is counted: what malloc has given out, and what libffi has
 * mapped, whose closures are not malloc's.
 */
#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"

#define BENCH_API __attribute__((visibility("default")))
#define CALLS_MAX 65536u
#define CAPACITY 1024u
#define COPY_BYTES_MAX 4096u
#define TIMEOUT_MS 1000u
#define VALUES 3u
#define BATCHES 5u /* of which the middle one counts: other threads may map memory, too */

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

/* @return bytes that the process may write to and shares with nobody, or a negative number */
static double mapped(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    bool is_read = file != NULL && fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages) == 1;
    if (file != NULL) {
        (void)fclose(file);
    }
    return is_read ? (double)pages * (double)sysconf(_SC_PAGESIZE) : -1;
}

/* What malloc has mapped counts as far as it has given it out. */
static double allocated(void) {
    double bytes = mapped();
    struct mallinfo2 info = mallinfo2();
    return bytes - (double)info.arena + (double)info.uordblks;
}

static int compare(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

/* @param count opened at a time  @return bytes of each, or a negative number: something failed */
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
    double bytes[BATCHES];
    for (uint32_t i = 0; i < BATCHES; i++) {
        double before = allocated();
        is_open =
            is_open && before > 0 && open_some(open, host.bridge, signature, 1 + i * count, count);
        bytes[i] = (allocated() - before) / count;
    }
    host.bridge_close(host.bridge);
    qsort(bytes, BATCHES, sizeof bytes[0], compare);
    return is_open ? bytes[BATCHES / 2] : -1;
}

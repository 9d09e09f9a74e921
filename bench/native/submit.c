/*
 * submit.c - threads that the library has never seen, which call through one context with
 * siding_context_call: how many calls a second all of them get through together.
 */
#define _GNU_SOURCE

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "host.h"

#define BENCH_API __attribute__((visibility("default")))
#define THREADS_MAX 64
#define DRAIN_MS 1000
#define NS_PER_S 1000000000.0

BENCH_API double bench_submit_rate(const char *library, uint32_t threads, uint32_t ms);

typedef int32_t (*acquire_fn)(uint64_t bridge, const struct siding_context_options *options,
                              const char *name, uint32_t token, uint64_t *out_context);
typedef int32_t (*call_fn)(void *record, uint32_t words, void *out_event, uint32_t capacity_words);

struct load {
    call_fn call;
    uint64_t context;
    uint32_t signature;
    atomic_bool ends;
    atomic_uint_fast64_t calls;
    atomic_bool failed;
};

static int32_t add(int32_t a, int32_t b) {
    return a + b;
}

static double seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / NS_PER_S;
}

static bool call_once(const struct load *load, int32_t a, uint64_t *event) {
    struct {
        struct siding_call header;
        int64_t arguments[2];
    } record = {
        .header = {.signature = load->signature,
                   .words = SIDING_CALL_WORDS + 2,
                   .function = (uint64_t)(uintptr_t)add,
                   .context = load->context},
        .arguments = {a, 1},
    };
    int32_t words = load->call(&record, SIDING_CALL_WORDS + 2, event, SIDING_EVENT_WORDS_MAX);
    return words > 0 && (int32_t)event[SIDING_EVENT_WORDS] == a + 1;
}

static void *call_on(void *argument) {
    struct load *load = argument;
    uint64_t event[SIDING_EVENT_WORDS_MAX];
    uint64_t calls = 0;
    while (!atomic_load_explicit(&load->ends, memory_order_relaxed)) {
        if (!call_once(load, (int32_t)(calls & 0xffff), event)) {
            atomic_store(&load->failed, true);
            break;
        }
        calls++;
    }
    atomic_fetch_add(&load->calls, calls);
    return NULL;
}

static double run(struct load *load, uint32_t threads, uint32_t ms) {
    pthread_t ids[THREADS_MAX];
    uint32_t started = 0;
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    double start = seconds();
    while (started < threads && started < THREADS_MAX &&
           pthread_create(&ids[started], NULL, call_on, load) == 0) {
        started++;
    }
    (void)nanosleep(&time, NULL);
    atomic_store(&load->ends, true);
    for (uint32_t i = 0; i < started; i++) {
        (void)pthread_join(ids[i], NULL);
    }
    bool is_right = started == threads && !atomic_load(&load->failed);
    return is_right ? (double)atomic_load(&load->calls) / (seconds() - start) : -1;
}

/* @return calls a second, or a negative number: something failed */
double bench_submit_rate(const char *library, uint32_t threads, uint32_t ms) {
    static const uint8_t descriptor[] = {SIDING_NOT_VARIADIC, SIDING_TYPE_I32, SIDING_TYPE_I32,
                                         SIDING_TYPE_I32};
    struct siding_context_options context = {
        .size_bytes = sizeof context, .drain_ms = DRAIN_MS, .teardown_ms = DRAIN_MS};
    void *image = image_of(library);
    struct host host;
    struct load load = {.context = 0};
    acquire_fn acquire = NULL;
    if (!host_open(&host, image, 1) || !image_find(image, "siding_context_acquire", &acquire) ||
        !image_find(image, "siding_context_call", &load.call)) {
        return -1;
    }
    load.signature = (uint32_t)host.signature_prepare(descriptor, sizeof descriptor);
    double rate = -1;
    if (acquire(host.bridge, &context, "submit", 0, &load.context) == SIDING_OK) {
        rate = run(&load, threads, ms);
    }
    host.bridge_close(host.bridge);
    return rate;
}

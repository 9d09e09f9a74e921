/*
 * events.c - threads that the host has never seen, which call a function pointer again and again:
 * what callbacks of any kind are measured with.
 */
#define _GNU_SOURCE

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_API __attribute__((visibility("default")))
#define NS_PER_S 1000000000.0
#define TEXT_BYTES 65

enum storm_kind { STORM_POST, STORM_CALL, STORM_TEXT };

BENCH_API int32_t bench_storm(void (*function)(void), uint32_t kind, uint32_t threads,
                              uint32_t calls);
BENCH_API uint32_t bench_storm_threads(void);
BENCH_API uint32_t bench_storm_wrong(void);
BENCH_API double bench_call_ns(int32_t (*function)(int32_t), uint32_t calls);
BENCH_API int32_t bench_add_seven(int32_t a);
BENCH_API int32_t bench_add(int32_t a, int32_t b);

struct storm {
    void (*function)(void);
    enum storm_kind kind;
    uint32_t calls;
};

static atomic_uint running; /* threads of storms that have not ended */
static atomic_uint wrong;   /* answers that were not the expected ones */

static void post_all(const struct storm *storm) {
    void (*post)(int32_t) = (void (*)(int32_t))storm->function;
    for (uint32_t i = 0; i < storm->calls; i++) {
        post((int32_t)i);
    }
}

static void call_all(const struct storm *storm) {
    int32_t (*call)(int32_t) = (int32_t (*)(int32_t))storm->function;
    for (uint32_t i = 0; i < storm->calls; i++) {
        if (call((int32_t)i) != (int32_t)i + 1) {
            atomic_fetch_add(&wrong, 1);
        }
    }
}

/* One byte of the text is overwritten as soon as the call has returned: what is measured is the
   copy, and not how a text is made. */
static void text_all(const struct storm *storm) {
    void (*tell)(int32_t, const char *) = (void (*)(int32_t, const char *))storm->function;
    char text[TEXT_BYTES];
    memset(text, '0', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (uint32_t i = 0; i < storm->calls; i++) {
        text[0] = (char)('0' + i % 10);
        tell((int32_t)i, text);
    }
}

static void *run(void *argument) {
    struct storm *storm = argument;
    switch (storm->kind) {
    case STORM_POST:
        post_all(storm);
        break;
    case STORM_CALL:
        call_all(storm);
        break;
    case STORM_TEXT:
        text_all(storm);
        break;
    }
    free(storm);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

/* Starts threads that make so many calls each, and returns. @return 0 or an error number */
int32_t bench_storm(void (*function)(void), uint32_t kind, uint32_t threads, uint32_t calls) {
    for (uint32_t i = 0; i < threads; i++) {
        struct storm *storm = malloc(sizeof *storm);
        pthread_t thread;
        if (storm == NULL) {
            return -1;
        }
        *storm = (struct storm){function, (enum storm_kind)kind, calls};
        atomic_fetch_add(&running, 1);
        int error = pthread_create(&thread, NULL, run, storm);
        if (error != 0) {
            atomic_fetch_sub(&running, 1);
            free(storm);
            return error;
        }
        (void)pthread_detach(thread);
    }
    return 0;
}

uint32_t bench_storm_threads(void) {
    return atomic_load(&running);
}

uint32_t bench_storm_wrong(void) {
    return atomic_load(&wrong);
}

static double now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * NS_PER_S + (double)now.tv_nsec;
}

/* @return nanoseconds that a call takes, or a negative number: a result was wrong */
double bench_call_ns(int32_t (*function)(int32_t), uint32_t calls) {
    double start_ns = now_ns();
    for (uint32_t i = 0; i < calls; i++) {
        if (function((int32_t)i) != (int32_t)i + 7) {
            return -1;
        }
    }
    return (now_ns() - start_ns) / calls;
}

int32_t bench_add(int32_t a, int32_t b) {
    return a + b;
}

/* Not inlined: bench_add may be any function. */
static int32_t (*volatile target)(int32_t a, int32_t b) = bench_add;

/* What one would write by hand in place of a bound call. */
int32_t bench_add_seven(int32_t a) {
    return target(a, 7);
}

/*
 * gate.c - C functions that the benchmarks call: blocking ones, one on a buffer, and bare threads
 * as the floor of what a pool can do.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_API __attribute__((visibility("default")))
#define STACK_BYTES (64u << 10)

BENCH_API int32_t bench_sleep(uint32_t ms);
BENCH_API int32_t bench_sleep_threads(uint32_t count, uint32_t ms);
BENCH_API int32_t bench_wait(void);
BENCH_API int32_t bench_waiting(void);
BENCH_API int32_t bench_open(void);
BENCH_API int32_t bench_touch(uint8_t *bytes, uint32_t size);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static uint32_t openings; /* guarded by mutex */
static int32_t waiting;   /* guarded by mutex */

/* Sleeps, as a call that waits for a disk or a network would. */
int32_t bench_sleep(uint32_t ms) {
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    return nanosleep(&time, NULL);
}

static void *sleep_thread(void *argument) {
    bench_sleep(*(uint32_t *)argument);
    return NULL;
}

/* Runs `count` threads that sleep, and waits for them. */
int32_t bench_sleep_threads(uint32_t count, uint32_t ms) {
    pthread_t *threads = calloc(count, sizeof *threads);
    pthread_attr_t attributes;
    if (threads == NULL || pthread_attr_init(&attributes) != 0) {
        free(threads);
        return -1;
    }
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    uint32_t started = 0;
    while (started < count &&
           pthread_create(&threads[started], &attributes, sleep_thread, &ms) == 0) {
        started++;
    }
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_attr_destroy(&attributes);
    free(threads);
    return (int32_t)started;
}

/* Blocks until the next bench_open. */
int32_t bench_wait(void) {
    pthread_mutex_lock(&mutex);
    uint32_t seen = openings;
    waiting++;
    while (seen == openings) {
        pthread_cond_wait(&opened, &mutex);
    }
    waiting--;
    pthread_mutex_unlock(&mutex);
    return 0;
}

/* How many threads are blocked in bench_wait. */
int32_t bench_waiting(void) {
    pthread_mutex_lock(&mutex);
    int32_t count = waiting;
    pthread_mutex_unlock(&mutex);
    return count;
}

/* Lets everybody go who is blocked in bench_wait. */
int32_t bench_open(void) {
    pthread_mutex_lock(&mutex);
    openings++;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&mutex);
    return 0;
}

/* Changes the first and the last byte, so that what comes back can be checked. */
int32_t bench_touch(uint8_t *bytes, uint32_t size) {
    bytes[0]++;
    bytes[size - 1]++;
    return bytes[0];
}

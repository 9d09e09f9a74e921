/*
 * testlib_crowd.c - foreign threads that call one pointer again and again and look at what they
 * get. They go on until they were told to stop, have made their calls, or see that the pointer is
 * closed for good: so they also outlive the JavaScript thread that started them.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "testlib.h"

/* A value is the key of its crowd and the number of the call; it is the right answer, too. */
#define KEY_SHIFT 32u
#define INDEX_MASK UINT64_C(0xffffffff)

enum {
    CROWDS_MAX = 4096,
    BYTES_MAX = 32,
    CALLER = 1000,  /* the thread that started the crowd */
    BAD_EVERY = 97, /* one with a negative length */
};

/* What a pointer gives without an answer. */
enum { GIVEN_CLOSED = 0, GIVEN_THROWN = -1, GIVEN_TIMEOUT = -2 };

typedef int64_t (*test_crowd_fn)(int64_t value, uint32_t thread, const uint8_t *bytes,
                                 int32_t size);

enum count { MADE, ANSWERED, THROWN, TIMED_OUT, CLOSED, BAD, RUNNING, COUNTS };

enum fault { WRONG_ANSWER, ANSWERED_AFTER_CLOSE, FAULTS };

struct crowd {
    test_crowd_fn call;
    int64_t key;
    uint32_t calls;
    uint32_t closed_calls; /* after so many a thread takes it for closed for good */
    bool is_taken;
    _Atomic(bool) is_stopped;
    _Atomic(uint32_t) threads;
    _Atomic(int64_t) counts[COUNTS];
};

TEST_API int32_t test_crowd_start(test_crowd_fn call, int64_t key, uint32_t threads, uint32_t calls,
                                  uint32_t closed_calls);
TEST_API int64_t test_crowd_call(test_crowd_fn call, int64_t value);
TEST_API void test_crowd_stop(int32_t number);
TEST_API int64_t test_crowd_count(int32_t number, int32_t kind);
TEST_API void test_crowd_leave(int32_t number);
TEST_API int64_t test_crowd_key(void);
TEST_API int64_t test_crowds_running(void);
TEST_API void test_crowds_leave(void);
TEST_API int32_t test_crowd_fault(int32_t kind);
TEST_API int64_t test_crowd_answer(int64_t key, int64_t value, uint32_t thread,
                                   const uint8_t *bytes, int32_t size);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct crowd crowds[CROWDS_MAX];
static _Atomic(int64_t) keys;
static _Atomic(int32_t) faults[FAULTS];

static void count(struct crowd *crowd, enum count kind) {
    atomic_fetch_add(&crowd->counts[kind], 1);
}

static enum count outcome(int64_t given, int64_t value) {
    switch (given) {
    case GIVEN_CLOSED:
        return CLOSED;
    case GIVEN_THROWN:
        return THROWN;
    case GIVEN_TIMEOUT:
        return TIMED_OUT;
    default:
        if (given != value) {
            atomic_fetch_add(&faults[WRONG_ANSWER], 1);
        }
        return ANSWERED;
    }
}

/* The bytes are right for as long as the call lasts only. */
static enum count make_call(struct crowd *crowd, uint32_t thread, uint32_t index) {
    uint8_t bytes[BYTES_MAX];
    int64_t value = (int64_t)((uint64_t)crowd->key << KEY_SHIFT | index);
    bool is_bad = index % BAD_EVERY == 0;
    int32_t size = is_bad ? -1 : (int32_t)(index % BYTES_MAX);
    memset(bytes, (uint8_t)index, sizeof bytes);
    enum count kind = outcome(crowd->call(value, thread, bytes, size), value);
    memset(bytes, (uint8_t)~index, sizeof bytes);
    count(crowd, MADE);
    count(crowd, kind);
    if (is_bad) {
        count(crowd, BAD);
    }
    return kind;
}

static void *run(void *argument) {
    struct crowd *crowd = argument;
    uint32_t thread = atomic_fetch_add(&crowd->threads, 1);
    uint32_t closed = 0;
    for (uint32_t index = 1; index <= crowd->calls && closed < crowd->closed_calls; index++) {
        if (atomic_load(&crowd->is_stopped)) {
            break;
        }
        bool is_closed = make_call(crowd, thread, index) == CLOSED;
        if (closed > 0 && !is_closed) {
            atomic_fetch_add(&faults[ANSWERED_AFTER_CLOSE], 1);
        }
        closed += is_closed;
    }
    atomic_fetch_sub(&crowd->counts[RUNNING], 1);
    return NULL;
}

static void start_thread(struct crowd *crowd) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, crowd) != 0 || pthread_detach(thread) != 0) {
        abort();
    }
}

static struct crowd *take_place(void) {
    pthread_mutex_lock(&mutex);
    struct crowd *crowd = crowds;
    while (crowd < crowds + CROWDS_MAX && crowd->is_taken) {
        crowd++;
    }
    if (crowd == crowds + CROWDS_MAX) {
        abort();
    }
    crowd->is_taken = true;
    pthread_mutex_unlock(&mutex);
    return crowd;
}

/* @return its number */
int32_t test_crowd_start(test_crowd_fn call, int64_t key, uint32_t threads, uint32_t calls,
                         uint32_t closed_calls) {
    struct crowd *crowd = take_place();
    crowd->call = call;
    crowd->key = key;
    crowd->calls = calls;
    crowd->closed_calls = closed_calls;
    atomic_store(&crowd->is_stopped, false);
    atomic_store(&crowd->threads, 0);
    for (int kind = 0; kind < COUNTS; kind++) {
        atomic_store(&crowd->counts[kind], 0);
    }
    atomic_store(&crowd->counts[RUNNING], threads);
    for (uint32_t i = 0; i < threads; i++) {
        start_thread(crowd);
    }
    return (int32_t)(crowd - crowds);
}

/* One call, on the calling thread, with the bytes of any other. */
int64_t test_crowd_call(test_crowd_fn call, int64_t value) {
    uint8_t bytes[BYTES_MAX];
    memset(bytes, (uint8_t)value, sizeof bytes);
    int64_t given = call(value, CALLER, bytes, BYTES_MAX);
    memset(bytes, (uint8_t)~value, sizeof bytes);
    return given;
}

void test_crowd_stop(int32_t number) {
    atomic_store(&crowds[number].is_stopped, true);
}

int64_t test_crowd_count(int32_t number, int32_t kind) {
    return atomic_load(&crowds[number].counts[kind]);
}

static void leave(struct crowd *crowd) {
    if (atomic_load(&crowd->counts[RUNNING]) != 0) {
        abort();
    }
    pthread_mutex_lock(&mutex);
    crowd->is_taken = false;
    pthread_mutex_unlock(&mutex);
}

/* None of its threads runs any more. */
void test_crowd_leave(int32_t number) {
    leave(&crowds[number]);
}

/* One that no other crowd has. */
int64_t test_crowd_key(void) {
    return atomic_fetch_add(&keys, 1) + 1;
}

/* Threads of all crowds. */
int64_t test_crowds_running(void) {
    int64_t running = 0;
    for (int i = 0; i < CROWDS_MAX; i++) {
        running += atomic_load(&crowds[i].counts[RUNNING]);
    }
    return running;
}

/* Leaves all crowds, also those of JavaScript threads that have ended. */
void test_crowds_leave(void) {
    for (int i = 0; i < CROWDS_MAX; i++) {
        leave(&crowds[i]);
    }
}

int32_t test_crowd_fault(int32_t kind) {
    return atomic_load(&faults[kind % FAULTS]);
}

/* What a handler answers, as a C function. */
int64_t test_crowd_answer(int64_t key, int64_t value, uint32_t thread, const uint8_t *bytes,
                          int32_t size) {
    bool is_right = thread < CROWDS_MAX && (size <= 0 || bytes[0] == (uint8_t)value);
    uint64_t index = (uint64_t)value & INDEX_MASK;
    return is_right ? (int64_t)((uint64_t)key << KEY_SHIFT | index) : GIVEN_THROWN;
}

#include "testlib_context.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { LOGS = 256, LOG_ENTRIES = 64, LOOP_EVENTS = 65536, FLAG_LOOK_NS = 100000 };

struct log {
    int32_t count;
    int32_t things[LOG_ENTRIES];
    uint64_t threads[LOG_ENTRIES];
};

struct test_thing {
    int32_t log;
    int32_t number;
};

static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct log logs[LOGS];
static int32_t logs_made;

int32_t test_log_make(void) {
    pthread_mutex_lock(&log_mutex);
    int32_t log = logs_made < LOGS ? logs_made++ : -1;
    pthread_mutex_unlock(&log_mutex);
    return log;
}

int32_t test_log_add(int32_t log, int32_t number) {
    pthread_mutex_lock(&log_mutex);
    struct log *to = &logs[log];
    if (to->count < LOG_ENTRIES) {
        to->things[to->count] = number;
        to->threads[to->count] = test_thread_id();
        to->count++;
    }
    pthread_mutex_unlock(&log_mutex);
    return number;
}

int32_t test_log_count(int32_t log) {
    pthread_mutex_lock(&log_mutex);
    int32_t count = logs[log].count;
    pthread_mutex_unlock(&log_mutex);
    return count;
}

int32_t test_log_thing(int32_t log, int32_t index) {
    return logs[log].things[index % LOG_ENTRIES];
}

uint64_t test_log_thread(int32_t log, int32_t index) {
    return logs[log].threads[index % LOG_ENTRIES];
}

struct test_thing *test_thing_create(int32_t log, int32_t number) {
    struct test_thing *thing = malloc(sizeof *thing);
    if (thing != NULL) {
        thing->log = log;
        thing->number = number;
    }
    return thing;
}

int32_t test_thing_destroy(struct test_thing *thing) {
    int32_t number = test_log_add(thing->log, thing->number);
    free(thing);
    return number;
}

int32_t test_thing_destroy_slowly(struct test_thing *thing) {
    test_gate_wait(thing->number);
    return test_thing_destroy(thing);
}

/* ---- threads --------------------------------------------------------------------------------- */

int32_t test_local_next(void) {
    static _Thread_local int32_t calls;
    return ++calls;
}

uint64_t test_stack_size(void) {
#if defined(__linux__)
    pthread_attr_t attributes;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, &size);
        pthread_attr_destroy(&attributes);
    }
    return size;
#else
    return 0;
#endif
}

/* ---- what blocks ----------------------------------------------------------------------------- */

uint32_t test_flag_wait(uint32_t *flag) {
    uint32_t value = 0;
    while ((value = __atomic_load_n(flag, __ATOMIC_SEQ_CST)) == 0) {
        struct timespec look = {.tv_sec = 0, .tv_nsec = FLAG_LOOK_NS};
        nanosleep(&look, NULL);
    }
    return value;
}

void test_flag_set(uint32_t *flag, uint32_t value) {
    __atomic_store_n(flag, value, __ATOMIC_SEQ_CST);
}

struct test_loop {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool woken;
    int32_t waits;
    uint32_t head;
    uint32_t count;
    int32_t events[LOOP_EVENTS];
};

struct test_loop *test_loop_create(void) {
    struct test_loop *loop = calloc(1, sizeof *loop);
    if (loop != NULL) {
        pthread_mutex_init(&loop->mutex, NULL);
        pthread_cond_init(&loop->changed, NULL);
    }
    return loop;
}

int32_t test_loop_wait(struct test_loop *loop) {
    pthread_mutex_lock(&loop->mutex);
    loop->waits++;
    while (loop->count == 0 && !loop->woken) {
        pthread_cond_wait(&loop->changed, &loop->mutex);
    }
    int32_t event = 0;
    if (loop->count > 0) {
        event = loop->events[loop->head++ % LOOP_EVENTS];
        loop->count--;
    }
    loop->woken = false;
    pthread_mutex_unlock(&loop->mutex);
    return event;
}

int32_t test_loop_waits(struct test_loop *loop) {
    pthread_mutex_lock(&loop->mutex);
    int32_t waits = loop->waits;
    pthread_mutex_unlock(&loop->mutex);
    return waits;
}

void test_loop_wake(struct test_loop *loop) {
    pthread_mutex_lock(&loop->mutex);
    loop->woken = true;
    pthread_cond_broadcast(&loop->changed);
    pthread_mutex_unlock(&loop->mutex);
}

void test_loop_post(struct test_loop *loop, int32_t event) {
    pthread_mutex_lock(&loop->mutex);
    loop->events[(loop->head + loop->count++) % LOOP_EVENTS] = event;
    pthread_cond_broadcast(&loop->changed);
    pthread_mutex_unlock(&loop->mutex);
}

void test_loop_destroy(struct test_loop *loop) {
    pthread_cond_destroy(&loop->changed);
    pthread_mutex_destroy(&loop->mutex);
    free(loop);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

int32_t test_count_modulo(uint32_t index, int32_t modulus) {
    return (int32_t)(test_count_add(index) % modulus);
}

int32_t test_count_fail(uint32_t index, int32_t limit, int32_t error) {
    int32_t count = (int32_t)test_count_add(index);
    if (count < limit) {
        return count;
    }
    errno = error;
    return -1;
}

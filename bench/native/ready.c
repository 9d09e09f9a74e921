/*
 * ready.c - sets of eventfds that C makes ready, by a thread without end or so many at once, and
 * the floor: a loop of epoll, level-triggered, that reads each that is.
 */
#define _GNU_SOURCE

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define BENCH_API __attribute__((visibility("default")))
#define EVENTS_MAX 256

struct set {
    uint32_t count;
    pthread_t feeder;
    atomic_bool is_stopped;
    uint64_t written; /* by the feeder until it has ended */
    int descriptors[];
};

BENCH_API int32_t bench_descriptors_allow(uint32_t count);
BENCH_API struct set *bench_ready_open(uint32_t count);
BENCH_API void bench_ready_close(struct set *set);
BENCH_API int32_t bench_ready_at(const struct set *set, uint32_t index);
BENCH_API int32_t bench_ready_write(const struct set *set, uint32_t count);
BENCH_API int32_t bench_ready_start(struct set *set);
BENCH_API double bench_ready_stop(struct set *set);
BENCH_API double bench_ready_take(int32_t descriptor);
BENCH_API double bench_ready_loop(struct set *set, uint32_t events);

/* @return 0, or -1: the system does not allow so many */
int32_t bench_descriptors_allow(uint32_t count) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < count) {
        return -1;
    }
    if (limit.rlim_cur >= count) {
        return 0;
    }
    limit.rlim_cur = count;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

/* @return NULL: there are not so many */
struct set *bench_ready_open(uint32_t count) {
    struct set *set = calloc(1, sizeof *set + count * sizeof set->descriptors[0]);
    while (set != NULL && set->count < count) {
        int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (descriptor < 0) {
            bench_ready_close(set);
            return NULL;
        }
        set->descriptors[set->count++] = descriptor;
    }
    return set;
}

void bench_ready_close(struct set *set) {
    for (uint32_t i = 0; i < set->count; i++) {
        (void)close(set->descriptors[i]);
    }
    free(set);
}

int32_t bench_ready_at(const struct set *set, uint32_t index) {
    return set->descriptors[index];
}

static bool add_one(int descriptor) {
    uint64_t one = 1;
    return write(descriptor, &one, sizeof one) == sizeof one;
}

/* Makes `count` ready, spread over the set, and always the same. @return 0, or -1 */
int32_t bench_ready_write(const struct set *set, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (!add_one(set->descriptors[(uint64_t)i * set->count / count])) {
            return -1;
        }
    }
    return 0;
}

static void *feed(void *argument) {
    struct set *set = argument;
    for (uint32_t i = 0; !atomic_load_explicit(&set->is_stopped, memory_order_relaxed);
         i = (i + 1) % set->count) {
        set->written += add_one(set->descriptors[i]);
    }
    return NULL;
}

/* Starts the thread that makes one after the other ready. @return 0 or an error number */
int32_t bench_ready_start(struct set *set) {
    set->written = 0;
    atomic_store(&set->is_stopped, false);
    return pthread_create(&set->feeder, NULL, feed, set);
}

/* Ends it. @return what it has added to all of them */
double bench_ready_stop(struct set *set) {
    atomic_store(&set->is_stopped, true);
    pthread_join(set->feeder, NULL);
    return (double)set->written;
}

/* @return what was added to an eventfd since it was last read, or 0 */
double bench_ready_take(int32_t descriptor) {
    uint64_t value = 0;
    return read(descriptor, &value, sizeof value) == sizeof value ? (double)value : 0;
}

static int open_epoll(const struct set *set) {
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < set->count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = set->descriptors[i]};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, set->descriptors[i], &event) != 0) {
            (void)close(poll);
            return -1;
        }
    }
    return poll;
}

/* Reads `events` times what is ready, while the feeder runs. @return the sum, or -1: a wrong one */
double bench_ready_loop(struct set *set, uint32_t events) {
    struct epoll_event ready[EVENTS_MAX];
    int poll = open_epoll(set);
    double sum = 0;
    if (poll < 0 || bench_ready_start(set) != 0) {
        return -1;
    }
    for (uint32_t done = 0; done < events;) {
        int found = epoll_wait(poll, ready, EVENTS_MAX, -1);
        for (int i = 0; i < found; i++) {
            sum += bench_ready_take(ready[i].data.fd);
            done++;
        }
    }
    double written = bench_ready_stop(set);
    for (uint32_t i = 0; i < set->count; i++) {
        sum += bench_ready_take(set->descriptors[i]);
    }
    (void)close(poll);
    return sum == written ? sum : -1;
}

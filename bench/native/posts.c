/*
 * posts.c - threads that post values to a native event, and the floor: that add them by one atomic
 * operation each.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_API __attribute__((visibility("default")))
#define THREADS_MAX 16

typedef int32_t (*post_function)(uint64_t event, uint64_t value);

BENCH_API int32_t bench_posts_start(void (*post)(void), uint64_t event, uint32_t threads,
                                    uint32_t each);
BENCH_API double bench_posts_join(void);
BENCH_API int32_t bench_posts_add(uint64_t event, uint64_t value);
BENCH_API double bench_posts_sum(void);

static struct posting {
    pthread_t threads[THREADS_MAX];
    uint32_t started;
    post_function post;
    uint64_t event;
    uint32_t each;
    atomic_ullong refused;
} posting;

static void *post_all(void *argument) {
    (void)argument;
    for (uint64_t i = 1; i <= posting.each; i++) {
        if (posting.post(posting.event, i) != 0) {
            atomic_fetch_add(&posting.refused, 1);
        }
    }
    return NULL;
}

/* Starts threads that each post the values 1 to `each`. @return 0, or -1: not all were started */
int32_t bench_posts_start(void (*post)(void), uint64_t event, uint32_t threads, uint32_t each) {
    posting.post = (post_function)post;
    posting.event = event;
    posting.each = each;
    posting.started = 0;
    atomic_store(&posting.refused, 0);
    while (posting.started < threads && posting.started < THREADS_MAX &&
           pthread_create(&posting.threads[posting.started], NULL, post_all, NULL) == 0) {
        posting.started++;
    }
    return posting.started == threads ? 0 : -1;
}

/* Waits for them. @return how many posts were refused */
double bench_posts_join(void) {
    for (uint32_t i = 0; i < posting.started; i++) {
        pthread_join(posting.threads[i], NULL);
    }
    posting.started = 0;
    return (double)atomic_load(&posting.refused);
}

static atomic_ullong sum;

/* What siding_event_post is measured against. */
int32_t bench_posts_add(uint64_t event, uint64_t value) {
    (void)event;
    atomic_fetch_add_explicit(&sum, value, memory_order_acq_rel);
    return 0;
}

/* @return what was added since the last time */
double bench_posts_sum(void) {
    return (double)atomic_exchange(&sum, 0);
}

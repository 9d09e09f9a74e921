#include <pthread.h>

#include "../platform.h"

static pthread_once_t watch_once = PTHREAD_ONCE_INIT;
static _Atomic(bool) is_child; /* atomic: relaxed, set before the child's only thread goes on */

static void on_child(void) {
    atomic_store_explicit(&is_child, true, memory_order_relaxed);
}

static void watch(void) {
    (void)pthread_atfork(NULL, NULL, on_child);
}

void siding_process_watch_forks(void) {
    (void)pthread_once(&watch_once, watch);
}

bool siding_process_is_forked(void) {
    return atomic_load_explicit(&is_child, memory_order_relaxed);
}

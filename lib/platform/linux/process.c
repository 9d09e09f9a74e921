#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../platform.h"

/*
 * A page of one's own that the kernel empties in a child, however that is made. Kernels before 4.14
 * do not, and emulators promise it without doing it: libc tells of the forks made through it.
 */
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;
static _Atomic(uint8_t) fallback_mark = 1;
/* What is 0 in a child only; atomic: release in watch, which has set it, and acquire. */
static _Atomic(_Atomic(uint8_t) *) mark = &fallback_mark;

static void on_child(void) {
    _Atomic(uint8_t) *own = atomic_load_explicit(&mark, memory_order_acquire);
    atomic_store_explicit(own, 0, memory_order_relaxed);
}

static void watch(void) {
    size_t size_bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED && madvise(page, size_bytes, MADV_WIPEONFORK) == 0) {
        _Atomic(uint8_t) *own = page;
        atomic_store_explicit(own, 1, memory_order_relaxed);
        atomic_store_explicit(&mark, own, memory_order_release);
    } else if (page != MAP_FAILED) {
        (void)munmap(page, size_bytes);
    }
    (void)pthread_atfork(NULL, NULL, on_child);
}

void siding_process_watch_forks(void) {
    (void)pthread_once(&watch_once, watch);
}

bool siding_process_is_forked(void) {
    const _Atomic(uint8_t) *own = atomic_load_explicit(&mark, memory_order_acquire);
    return atomic_load_explicit(own, memory_order_relaxed) == 0;
}

#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../base/inline.h"
#include "../../base/sanitize.h"
#include "../posix/system.h"

/*
 * A new thread's copy of the program's thread-local variables lies on its stack, and the C library
 * has just written all of it. Of a runtime that is many pages, mostly zeroes, and no thread of ours
 * ever looks at them. A page of zeroes reads the same when it was given back.
 */
static ptrdiff_t copy_offset; /* from pthread_self, on every thread; immutable after prepare */
static size_t copy_bytes;     /* likewise */
static size_t page_bytes;     /* likewise */

/* The first image is the program. */
static int find_copy(struct dl_phdr_info *image, size_t size, void *unused) {
    (void)size;
    (void)unused;
    for (uint32_t i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &image->dlpi_phdr[i];
        if (part->p_type == PT_TLS && image->dlpi_tls_data != NULL) {
            copy_offset = (ptrdiff_t)((uintptr_t)image->dlpi_tls_data - (uintptr_t)pthread_self());
            copy_bytes = part->p_memsz;
        }
    }
    return 1;
}

void siding_thread_memory_prepare(void) {
    page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    (void)dl_iterate_phdr(find_copy, NULL);
}

static bool is_zero(const char *page) {
    return page[0] == 0 && memcmp(page, page + 1, page_bytes - 1) == 0;
}

/* Its signal sets need a frame of their own: they would make the whole thread's a page larger. */
SIDING_NOINLINE
void siding_thread_memory_spare(void) {
    char *copy = (char *)((uintptr_t)pthread_self() + (uintptr_t)copy_offset);
    char *end = copy + copy_bytes;
    char *page = copy + (page_bytes - (uintptr_t)copy % page_bytes) % page_bytes;
    sigset_t signals;
    /* no handler may write between the look at a page and its end */
    if (SIDING_SHARES_THREAD_STORAGE || page + page_bytes > end || sigfillset(&signals) != 0 ||
        pthread_sigmask(SIG_SETMASK, &signals, &signals) != 0) {
        return;
    }
    for (; page + page_bytes <= end; page += page_bytes) {
        if (is_zero(page)) {
            (void)madvise(page, page_bytes, MADV_DONTNEED);
        }
    }
    (void)pthread_sigmask(SIG_SETMASK, &signals, NULL);
}

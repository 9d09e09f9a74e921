/*
 * musl_runtime.c - what Debian's libstdc++, made for glibc, asks of a C library and musl lacks.
 * With it that archive becomes the libstdc++.so.6 on which Bun's musl build runs the tests.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The names are glibc's. NOLINTBEGIN(bugprone-reserved-identifier) */

char __libc_single_threaded; /* never: reference counts are atomic */

size_t __strftime_l(char *out_text, size_t size_bytes, const char *format, const struct tm *time,
                    locale_t locale);
size_t __strftime_l(char *out_text, size_t size_bytes, const char *format, const struct tm *time,
                    locale_t locale) {
    return strftime_l(out_text, size_bytes, format, time, locale);
}

uint32_t arc4random(void);
uint32_t arc4random(void) {
    uint32_t random;
    if (getentropy(&random, sizeof random) != 0) {
        abort();
    }
    return random;
}

/* ---- destructors of thread-local objects ----------------------------------------------------- */

struct destructor {
    void (*run)(void *object);
    void *object;
    struct destructor *next;
};

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* immutable after key_once; its value: the latest of the thread's */

static void run_all(void *latest) {
    struct destructor *destructor = latest;
    while (destructor != NULL) {
        struct destructor *next = destructor->next;
        destructor->run(destructor->object);
        free(destructor);
        destructor = next;
    }
}

static void make_key(void) {
    if (pthread_key_create(&key, run_all) != 0) {
        abort();
    }
}

int __cxa_thread_atexit_impl(void (*run)(void *), void *object, void *image);
int __cxa_thread_atexit_impl(void (*run)(void *), void *object, void *image) {
    (void)image; /* nothing is unloaded */
    struct destructor *destructor = malloc(sizeof *destructor);
    if (destructor == NULL || pthread_once(&key_once, make_key) != 0) {
        free(destructor);
        return -1;
    }
    *destructor = (struct destructor){run, object, pthread_getspecific(key)};
    return pthread_setspecific(key, destructor);
}

/* NOLINTEND(bugprone-reserved-identifier) */

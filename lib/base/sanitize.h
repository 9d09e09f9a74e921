/*
 * sanitize.h - what a function does on purpose that a sanitizer would refuse.
 */
#ifndef SIDING_BASE_SANITIZE_H
#define SIDING_BASE_SANITIZE_H

#include <stdbool.h>

/* It calls functions by pointers of another type. */
#if defined(__clang__)
#define SIDING_CALLS_OTHER_TYPE __attribute__((no_sanitize("function")))
#else
#define SIDING_CALLS_OTHER_TYPE
#endif

/* Whether a runtime keeps what other threads write in this thread's variables. */
#if defined(__SANITIZE_THREAD__)
#define SIDING_SHARES_THREAD_STORAGE true
#elif defined(__has_feature)
#define SIDING_SHARES_THREAD_STORAGE __has_feature(thread_sanitizer)
#else
#define SIDING_SHARES_THREAD_STORAGE false
#endif

#endif

/*
 * sanitize.h - what a function does on purpose that a sanitizer would refuse.
 */
#ifndef SIDING_BASE_SANITIZE_H
#define SIDING_BASE_SANITIZE_H

/* It calls functions by pointers of another type. */
#if defined(__clang__)
#define SIDING_CALLS_OTHER_TYPE __attribute__((no_sanitize("function")))
#else
#define SIDING_CALLS_OTHER_TYPE
#endif

#endif

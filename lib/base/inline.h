/*
 * inline.h - functions that are kept apart from their callers.
 */
#ifndef SIDING_BASE_INLINE_H
#define SIDING_BASE_INLINE_H

/* So that its frame, which is large, is not that of every caller. */
#if defined(__GNUC__)
#define SIDING_NOINLINE __attribute__((noinline))
#else
#define SIDING_NOINLINE
#endif

#endif

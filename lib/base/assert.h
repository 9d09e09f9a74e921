/*
 * assert.h - assertions for our own bugs, never for events.
 *
 * siding_assert stays on in release builds and is meant for state and ownership;
 * siding_debug_assert costs nothing there.
 */
#ifndef SIDING_BASE_ASSERT_H
#define SIDING_BASE_ASSERT_H

_Noreturn void siding_assert_failed(const char *expression, const char *file, int line);

#define siding_assert(expression)                                                                  \
    ((expression) ? (void)0 : siding_assert_failed(#expression, __FILE__, __LINE__))

#ifdef NDEBUG
#define siding_debug_assert(expression) ((void)0)
#else
#define siding_debug_assert(expression) siding_assert(expression)
#endif

#endif

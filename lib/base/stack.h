/*
 * stack.h - how much of a thread's stack is used.
 */
#ifndef SIDING_BASE_STACK_H
#define SIDING_BASE_STACK_H

/* Its frame is gone when it returns, and no part of its caller's. */
#if defined(__GNUC__)
#define SIDING_OWN_FRAME __attribute__((noinline))
#else
#define SIDING_OWN_FRAME
#endif

#endif

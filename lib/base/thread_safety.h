/*
 * thread_safety.h - Clang's thread-safety annotations, empty for other compilers.
 *
 * Declare a mutex before the fields it guards and write SIDING_GUARDED_BY(&mutex) on each of them.
 */
#ifndef SIDING_BASE_THREAD_SAFETY_H
#define SIDING_BASE_THREAD_SAFETY_H

#if defined(__clang__)
#define SIDING_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SIDING_THREAD_ATTRIBUTE(x)
#endif

#define SIDING_CAPABILITY(name) SIDING_THREAD_ATTRIBUTE(capability(name))
#define SIDING_GUARDED_BY(mutex) SIDING_THREAD_ATTRIBUTE(guarded_by(mutex))
#define SIDING_ACQUIRES(mutex) SIDING_THREAD_ATTRIBUTE(acquire_capability(mutex))
#define SIDING_RELEASES(mutex) SIDING_THREAD_ATTRIBUTE(release_capability(mutex))
#define SIDING_REQUIRES(mutex) SIDING_THREAD_ATTRIBUTE(requires_capability(mutex))
#define SIDING_EXCLUDES(mutex) SIDING_THREAD_ATTRIBUTE(locks_excluded(mutex))
#define SIDING_UNCHECKED SIDING_THREAD_ATTRIBUTE(no_thread_safety_analysis)

#endif

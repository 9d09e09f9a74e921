/*
 * cache.h - cache lines that travel between cores.
 */
#ifndef SIDING_BASE_CACHE_H
#define SIDING_BASE_CACHE_H

/* What two threads write at the same time lies this far apart: processors fetch lines in pairs. */
#define SIDING_CACHE_BYTES 128

/* Asks for a line that another core wrote; it stays there too until one of the two writes. */
#if defined(__GNUC__)
#define SIDING_PREFETCH(address) __builtin_prefetch(address)
#else
#define SIDING_PREFETCH(address) ((void)(address))
#endif

/* Asks for a line that another core read, to be this core's alone. */
#if defined(__x86_64__) && defined(__GNUC__)
/* compilers emit it for newer processors only; to older 64-bit ones it is an empty hint */
#define SIDING_PREFETCH_OWN(address)                                                               \
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)(address)))
#elif defined(__GNUC__)
#define SIDING_PREFETCH_OWN(address) __builtin_prefetch(address, 1)
#else
#define SIDING_PREFETCH_OWN(address) ((void)(address))
#endif

#endif

/*
 * prefetch.h - asks the processor for a cache line that another core wrote and this one needs soon.
 */
#ifndef SIDING_BASE_PREFETCH_H
#define SIDING_BASE_PREFETCH_H

#if defined(__GNUC__)
#define SIDING_PREFETCH(address) __builtin_prefetch((address), 1)
#else
#define SIDING_PREFETCH(address) ((void)(address))
#endif

#endif

/*
 * types.h - Windows: see platform.h. Without windows.h, whose macros would reach all of lib/core.
 */
#ifndef SIDING_WINDOWS_TYPES_H
#define SIDING_WINDOWS_TYPES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "../../base/thread_safety.h"

struct SIDING_CAPABILITY("mutex") siding_mutex {
    void *native; /* an SRWLOCK */
};

#define SIDING_MUTEX_INITIALIZER {NULL}

struct siding_parker {
    _Atomic uint32_t state; /* atomic: see windows/parker.c */
};

#endif

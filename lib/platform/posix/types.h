/*
 * types.h - the mutex that the POSIX systems share; see platform.h.
 */
#ifndef SIDING_POSIX_TYPES_H
#define SIDING_POSIX_TYPES_H

#include <pthread.h>

#include "../../base/thread_safety.h"

struct SIDING_CAPABILITY("mutex") siding_mutex {
    pthread_mutex_t native;
};

#define SIDING_MUTEX_INITIALIZER {PTHREAD_MUTEX_INITIALIZER}

#endif

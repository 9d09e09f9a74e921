/*
 * types.h - macOS: see platform.h.
 */
#ifndef SIDING_BSD_TYPES_H
#define SIDING_BSD_TYPES_H

#include <pthread.h>
#include <stdbool.h>

#include "../posix/types.h"

struct siding_parker {
    struct siding_mutex mutex;
    pthread_cond_t condition;
    bool permit SIDING_GUARDED_BY(&mutex);
};

#endif

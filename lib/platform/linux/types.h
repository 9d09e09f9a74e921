/*
 * types.h - Linux: see platform.h.
 */
#ifndef SIDING_LINUX_TYPES_H
#define SIDING_LINUX_TYPES_H

#include <stdatomic.h>
#include <stdint.h>

#include "../posix/types.h"

struct siding_parker {
    _Atomic uint32_t state; /* futex word; atomic: see linux/parker.c */
};

#endif

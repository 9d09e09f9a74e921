/*
 * platform_fixture.h - threads for the tests of platform.h.
 */
#ifndef SIDING_TESTS_PLATFORM_FIXTURE_H
#define SIDING_TESTS_PLATFORM_FIXTURE_H

#include "../../lib/platform/platform.h"
#include "harness.h"

#define STACK_BYTES 262144u

static inline int32_t start_thread(const char *name, void (*run)(void *), void *argument) {
    struct siding_thread_options options = {
        .name = name, .stack_bytes = STACK_BYTES, .run = run, .argument = argument};
    return siding_thread_start(&options);
}

#endif

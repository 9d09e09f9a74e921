/*
 * testlib_audio.h - a thread like that of a sound card: so many blocks a second, of real-time
 * priority where the system allows it.
 */
#ifndef TESTLIB_AUDIO_H
#define TESTLIB_AUDIO_H

#include <stdbool.h>
#include <stdint.h>

#include "testlib.h"

#define TEST_AUDIO_SAMPLES 64u

typedef void test_audio_block(uint32_t number, const float *samples, uint32_t size_bytes);

struct test_audio_report {
    uint64_t total_ns;   /* that all calls of the function took */
    uint64_t longest_ns; /* that one of them took */
    bool is_realtime;
};

/* Calls the function with each block, on a thread of its own. @return 0 or an error number */
TEST_API int32_t test_audio_play(test_audio_block *block, uint32_t rate, uint32_t blocks,
                                 struct test_audio_report *out_report);

#endif

#include "testlib_audio.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <time.h>

#define NS_PER_S 1000000000
#define PRIORITY 10

struct player {
    test_audio_block *block;
    uint32_t rate;
    uint32_t blocks;
    struct test_audio_report *report;
};

static int64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void sleep_until(int64_t at_ns) {
    struct timespec rest = {0, 0};
    int64_t left_ns = at_ns - now_ns();
    if (left_ns > 0) {
        rest.tv_sec = (time_t)(left_ns / NS_PER_S);
        rest.tv_nsec = (long)(left_ns % NS_PER_S);
        (void)nanosleep(&rest, NULL);
    }
}

static void fill(float *samples, uint32_t block) {
    for (uint32_t i = 0; i < TEST_AUDIO_SAMPLES; i++) {
        samples[i] = (float)(block + i);
    }
}

/* What is late is made up for at once, as a sound card's buffer would have it. */
static void *play(void *argument) {
    const struct player *player = argument;
    struct test_audio_report *report = player->report;
    float samples[TEST_AUDIO_SAMPLES];
    int64_t start_ns = now_ns();
    for (uint32_t block = 0; block < player->blocks; block++) {
        sleep_until(start_ns + (int64_t)block * NS_PER_S / player->rate);
        fill(samples, block);
        int64_t before_ns = now_ns();
        player->block(block, samples, (uint32_t)sizeof samples);
        int64_t took_ns = now_ns() - before_ns;
        report->total_ns += (uint64_t)took_ns;
        report->longest_ns =
            (uint64_t)took_ns > report->longest_ns ? (uint64_t)took_ns : report->longest_ns;
    }
    return NULL;
}

static int start(pthread_t *thread, struct player *player, bool is_realtime) {
    pthread_attr_t attributes;
    struct sched_param priority = {.sched_priority = PRIORITY};
    (void)pthread_attr_init(&attributes);
    if (is_realtime) {
        (void)pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
        (void)pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
        (void)pthread_attr_setschedparam(&attributes, &priority);
    }
    int error = pthread_create(thread, &attributes, play, player);
    (void)pthread_attr_destroy(&attributes);
    return error;
}

int32_t test_audio_play(test_audio_block *block, uint32_t rate, uint32_t blocks,
                        struct test_audio_report *out_report) {
    struct player player = {block, rate, blocks, out_report};
    pthread_t thread;
    *out_report = (struct test_audio_report){.is_realtime = true};
    int error = start(&thread, &player, true);
    if (error != 0) { /* not allowed here */
        out_report->is_realtime = false;
        error = start(&thread, &player, false);
    }
    return error == 0 ? pthread_join(thread, NULL) : error;
}

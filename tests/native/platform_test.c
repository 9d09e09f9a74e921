/*
 * platform_test.c - the contract of platform.h, on whatever system this is built for: all of it but
 * threads and the wake channel.
 */
#include <stdint.h>

#include "platform_fixture.h"

#if !defined(_WIN32)
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#define NS_PER_MS 1000000u

/* ---- parker ---------------------------------------------------------------------------------- */

TEST("a permit left before park is taken without sleeping") {
    struct siding_parker parker;
    REQUIRE(siding_parker_init(&parker));
    siding_parker_unpark(&parker);
    siding_parker_park(&parker);
    siding_parker_unpark(&parker);
    EXPECT(siding_parker_park_for(&parker, UINT64_MAX));
    siding_parker_deinit(&parker);
}

TEST("two unparks leave one permit") {
    struct siding_parker parker;
    REQUIRE(siding_parker_init(&parker));
    siding_parker_unpark(&parker);
    siding_parker_unpark(&parker);
    EXPECT(siding_parker_park_for(&parker, 0));
    EXPECT(!siding_parker_park_for(&parker, 0));
    siding_parker_deinit(&parker);
}

TEST("a timed park is never early") {
    static const uint64_t timeouts_ns[] = {0, 1, 1000, 50000, NS_PER_MS, 3 * NS_PER_MS + 1};
    struct siding_parker parker;
    REQUIRE(siding_parker_init(&parker));
    for (int round = 0; round < 60; round++) {
        uint64_t timeout_ns = timeouts_ns[round % 6];
        uint64_t start_ns = siding_clock_ns();
        EXPECT(!siding_parker_park_for(&parker, timeout_ns));
        EXPECT(siding_clock_ns() - start_ns >= timeout_ns);
    }
    siding_parker_deinit(&parker);
}

struct rally {
    struct siding_parker sides[2];
    int rounds;
    uint64_t timeout_ns; /* of each try to park; 0: no timeout */
    int ball;            /* plain on purpose: unpark and park order the accesses */
};

static void park_side(struct rally *rally, int side) {
    if (rally->timeout_ns == 0) {
        siding_parker_park(&rally->sides[side]);
        return;
    }
    while (!siding_parker_park_for(&rally->sides[side], rally->timeout_ns)) {
        siding_thread_pause();
    }
}

static void return_balls(void *argument) {
    struct rally *rally = argument;
    int rounds = rally->rounds; /* the last unpark lets the other side free the rally */
    for (int round = 0; round < rounds; round++) {
        park_side(rally, 1);
        rally->ball++;
        siding_parker_unpark(&rally->sides[0]);
    }
}

static void play(int rounds, uint64_t timeout_ns) {
    /* Never freed: the other thread's last unpark may still touch it. */
    static struct rally rallies[2];
    struct rally *rally = &rallies[timeout_ns != 0];
    rally->rounds = rounds;
    rally->timeout_ns = timeout_ns;
    REQUIRE(siding_parker_init(&rally->sides[0]) && siding_parker_init(&rally->sides[1]));
    REQUIRE(start_thread("rally", return_balls, rally) == 0);
    for (int round = 0; round < rounds; round++) {
        rally->ball++;
        siding_parker_unpark(&rally->sides[1]);
        park_side(rally, 0);
    }
    EXPECT_EQ(rally->ball, 2 * rounds);
}

TEST("two threads wake each other 100,000 times, and each sees what the other wrote") {
    play(100000, 0);
}

TEST("a permit that races with a timeout is not lost") {
    play(20000, 2000);
}

/* ---- mutex ----------------------------------------------------------------------------------- */

#define COUNTERS 4
#define COUNTS_EACH 50000

static struct siding_mutex static_mutex = SIDING_MUTEX_INITIALIZER;
static int shared_count SIDING_GUARDED_BY(&static_mutex);
static int counters_ended SIDING_GUARDED_BY(&static_mutex);
static struct siding_parker counters_done;

static void count(void *argument) {
    (void)argument;
    for (int i = 0; i < COUNTS_EACH; i++) {
        siding_mutex_lock(&static_mutex);
        shared_count++;
        siding_mutex_unlock(&static_mutex);
    }
    siding_mutex_lock(&static_mutex);
    bool last = ++counters_ended == COUNTERS;
    siding_mutex_unlock(&static_mutex);
    if (last) {
        siding_parker_unpark(&counters_done);
    }
}

TEST("a mutex lets one thread in at a time") {
    REQUIRE(siding_parker_init(&counters_done));
    for (int i = 0; i < COUNTERS; i++) {
        REQUIRE(start_thread("count", count, NULL) == 0);
    }
    siding_parker_park(&counters_done);
    siding_mutex_lock(&static_mutex);
    EXPECT_EQ(shared_count, COUNTERS * COUNTS_EACH);
    siding_mutex_unlock(&static_mutex);
}

TEST("a mutex can be made and ended at run time") {
    struct siding_mutex mutex;
    siding_mutex_init(&mutex);
    siding_mutex_lock(&mutex);
    siding_mutex_unlock(&mutex);
    siding_mutex_deinit(&mutex);
}

#if !defined(_WIN32)

/* ---- word ------------------------------------------------------------------------------------ */

#define SLEEPERS 8

struct dormitory {
    _Atomic(uint32_t) word;
    _Atomic(uint32_t) awake;
    _Atomic(bool) may_leave;
};

struct sleeper {
    struct dormitory *dormitory;
    uint32_t mask;
    uint32_t rounds;
    pthread_t thread;
};

/* Each round is one change of the word: a lost wake-up hangs the test. */
static void *sleep_often(void *argument) {
    struct sleeper *sleeper = argument;
    for (uint32_t round = 0; round < sleeper->rounds; round++) {
        while (atomic_load(&sleeper->dormitory->word) == round) {
            siding_word_wait(&sleeper->dormitory->word, round, sleeper->mask, UINT64_MAX);
        }
        atomic_fetch_add(&sleeper->dormitory->awake, 1);
        siding_word_wake(&sleeper->dormitory->awake, 1);
        while (atomic_load(&sleeper->dormitory->word) == round + 1 &&
               atomic_load(&sleeper->dormitory->awake) != 0) {
            siding_thread_yield();
        }
    }
    return NULL;
}

static void await_awake(struct dormitory *dormitory) {
    uint32_t seen = atomic_load(&dormitory->awake);
    while (seen != SLEEPERS) {
        siding_word_wait(&dormitory->awake, seen, 1, UINT64_MAX);
        seen = atomic_load(&dormitory->awake);
    }
    atomic_store(&dormitory->awake, 0);
}

TEST("one wake-up of a word wakes all whose mask it has, round after round") {
    static struct dormitory dormitory;
    static struct sleeper sleepers[SLEEPERS];
    uint32_t rounds = 2000;
    for (uint32_t i = 0; i < SLEEPERS; i++) {
        sleepers[i] = (struct sleeper){&dormitory, 1u << i, rounds, 0};
        REQUIRE(pthread_create(&sleepers[i].thread, NULL, sleep_often, &sleepers[i]) == 0);
    }
    for (uint32_t round = 0; round < rounds; round++) {
        atomic_store(&dormitory.word, round + 1);
        siding_word_wake(&dormitory.word, (1u << SLEEPERS) - 1);
        await_awake(&dormitory);
    }
    for (uint32_t i = 0; i < SLEEPERS; i++) {
        pthread_join(sleepers[i].thread, NULL);
    }
}

TEST("a wait for a word ends at once when it has changed, and in time when it does not") {
    _Atomic(uint32_t) word = 1;
    siding_word_wait(&word, 0, 1, UINT64_MAX);
    uint64_t start_ns = siding_clock_ns();
    while (siding_clock_ns() - start_ns < NS_PER_MS) {
        siding_word_wait(&word, 1, 1, NS_PER_MS);
    }
    EXPECT(siding_clock_ns() - start_ns >= NS_PER_MS);
    siding_errors_restore(7ull << 32 | 7);
    siding_word_wait(&word, 0, 1, UINT64_MAX);
    siding_word_wake(&word, 1);
    EXPECT_EQ(siding_error_get(SIDING_ERROR_C), 7);
    EXPECT_EQ(siding_error_get(SIDING_ERROR_SYSTEM), 7);
}

/* ---- process --------------------------------------------------------------------------------- */

TEST("E13: a child of a fork knows that it is one, and the parent that it is not") {
    EXPECT(!siding_process_is_forked());
    siding_process_watch_forks();
    siding_process_watch_forks();
    EXPECT(!siding_process_is_forked());
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        _exit(siding_process_is_forked() ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT(!siding_process_is_forked());
}

#endif

/* ---- clock and errors ------------------------------------------------------------------------ */

TEST("the clock never goes back, and advances") {
    uint64_t first_ns = siding_clock_ns();
    uint64_t last_ns = first_ns;
    for (int i = 0; i < 100000; i++) {
        uint64_t now_ns = siding_clock_ns();
        EXPECT(now_ns >= last_ns);
        last_ns = now_ns;
    }
    EXPECT(last_ns > first_ns);
}

TEST("the error of a thread can be cleared") {
    siding_error_clear(SIDING_ERROR_C);
    EXPECT_EQ(siding_error_get(SIDING_ERROR_C), 0);
}

/* ---- libraries ------------------------------------------------------------------------------- */

TEST("a library that is not there gives the loader's reason") {
    char message[256] = "";
    EXPECT(siding_loader_open("./no-such-library.so", false, message, sizeof message) == NULL);
    EXPECT(strlen(message) > 0);
}

TEST("the loader's reason is cut to the space there is") {
    char message[8];
    memset(message, 'x', sizeof message);
    EXPECT(siding_loader_open("./no-such-library.so", false, message, 4) == NULL);
    EXPECT_EQ(strlen(message), 3);
    EXPECT_EQ(message[4], 'x');
    EXPECT(siding_loader_open("./no-such-library.so", false, message, 0) == NULL);
    EXPECT_EQ(strlen(message), 3);
}

TEST("a missing symbol leaves the output untouched") {
    char message[256];
    void *program = siding_loader_open(NULL, false, message, sizeof message);
    if (program == NULL && strstr(message, "not supported") != NULL) {
        SKIP("a statically linked program has no loader");
    }
    REQUIRE(program != NULL);
    void *address = message;
    EXPECT(!siding_loader_symbol(program, "no_such_symbol", &address));
    EXPECT(address == message);
    siding_loader_close(program);
}

#if !defined(_WIN32)

TEST("a symbol of the program can be found") {
    char message[256];
    void *program = siding_loader_open(NULL, false, message, sizeof message);
    if (program == NULL && strstr(message, "not supported") != NULL) {
        SKIP("a statically linked program has no loader");
    }
    REQUIRE(program != NULL);
    void *address = NULL;
    EXPECT(siding_loader_symbol(program, "malloc", &address));
    EXPECT(address != NULL);
    siding_loader_close(program);
}

TEST("the error of a failed system call is seen") {
    siding_error_clear(SIDING_ERROR_C);
    (void)close(-1);
    EXPECT_EQ(siding_error_get(SIDING_ERROR_C), EBADF);
}

#endif

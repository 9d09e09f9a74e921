/*
 * platform_test.c - the contract of platform.h, on whatever system this is built for.
 */
#include <stdint.h>

#include "../../lib/base/sanitize.h"
#include "../../lib/platform/platform.h"
#include "harness.h"

#if !defined(_WIN32)
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#define STACK_BYTES 262144u
#define NS_PER_MS 1000000u

static int32_t start_thread(const char *name, void (*run)(void *), void *argument) {
    struct siding_thread_options options = {
        .name = name, .stack_bytes = STACK_BYTES, .run = run, .argument = argument};
    return siding_thread_start(&options);
}

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
    siding_error_set(7);
    siding_word_wait(&word, 0, 1, UINT64_MAX);
    siding_word_wake(&word, 1);
    EXPECT_EQ(siding_error_get(), 7);
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

/* ---- thread ---------------------------------------------------------------------------------- */

/* A body that runs on a thread of its own while the test waits; static for the last unpark. */
static struct siding_parker errand_done;
static void (*errand)(void);

static void run_errand(void *argument) {
    (void)argument;
    errand();
    siding_parker_unpark(&errand_done);
}

static bool on_thread(const char *name, void (*body)(void)) {
    errand = body;
    if (!siding_parker_init(&errand_done) || start_thread(name, run_errand, NULL) != 0) {
        return false;
    }
    siding_parker_park(&errand_done);
    return true;
}

static uintptr_t errand_self;

static void note_self(void) {
    errand_self = siding_thread_self();
}

TEST("every thread has a number of its own") {
    REQUIRE(on_thread("self", note_self));
    EXPECT(errand_self != 0);
    EXPECT(errand_self != siding_thread_self());
    EXPECT(siding_thread_self() == siding_thread_self());
}

#define NOTICES 50

struct notified {
    const char *label;
    atomic_int notices; /* atomic: any thread */
};

static struct notified notified[NOTICES];
static atomic_int notices_left; /* atomic: any thread */
static struct siding_parker notices_done;

static void notify(void *argument) {
    struct notified *me = argument;
    atomic_fetch_add(&me->notices, 1);
    if (atomic_fetch_sub(&notices_left, 1) == 1) {
        siding_parker_unpark(&notices_done);
    }
}

static void ask_for_notice(void *argument) {
    static struct notified replaced;
    EXPECT(siding_thread_exit_argument() == NULL);
    EXPECT_EQ(siding_thread_on_exit(notify, &replaced), 0);
    EXPECT_EQ(siding_thread_on_exit(notify, argument), 0);
    EXPECT(siding_thread_exit_argument() == argument);
    EXPECT_EQ(atomic_load(&replaced.notices), 0);
}

TEST("the exit notice of a thread runs once, with the argument given last") {
    REQUIRE(siding_parker_init(&notices_done));
    atomic_store(&notices_left, NOTICES);
    for (int i = 0; i < NOTICES; i++) {
        REQUIRE(start_thread("notice", ask_for_notice, &notified[i]) == 0);
    }
    siding_parker_park(&notices_done);
    for (int i = 0; i < NOTICES; i++) {
        EXPECT_EQ(atomic_load(&notified[i].notices), 1);
    }
}

static struct notified unwanted;

static void take_notice_back(void *argument) {
    EXPECT_EQ(siding_thread_on_exit(NULL, NULL), 0);
    EXPECT_EQ(siding_thread_on_exit(notify, &unwanted), 0);
    EXPECT_EQ(siding_thread_on_exit(NULL, NULL), 0);
    EXPECT(siding_thread_exit_argument() == NULL);
    /* Given again, so that the test sees the thread end. */
    EXPECT_EQ(siding_thread_on_exit(notify, argument), 0);
}

TEST("an exit notice can be taken back") {
    static struct notified wanted;
    REQUIRE(siding_parker_init(&notices_done));
    atomic_store(&notices_left, 1);
    REQUIRE(start_thread("taken back", take_notice_back, &wanted) == 0);
    siding_parker_park(&notices_done);
    EXPECT_EQ(atomic_load(&wanted.notices), 1);
    EXPECT_EQ(atomic_load(&unwanted.notices), 0);
}

static void use_stack(void) {
    volatile char bytes[STACK_BYTES / 2];
    for (size_t i = 0; i < sizeof bytes; i += 1024) {
        bytes[i] = 1;
    }
    EXPECT_EQ(bytes[0], 1);
}

TEST("a thread has the stack it was started with") {
    REQUIRE(on_thread("stack", use_stack));
}

/* ---- clock and errors ------------------------------------------------------------------------ */

#define VARIABLE_BYTES 16384u

static _Thread_local unsigned char zero_variable[VARIABLE_BYTES];
static _Thread_local unsigned char sparse_variable[VARIABLE_BYTES] = {[0] = 1,
                                                                      [VARIABLE_BYTES - 1] = 2};
static uint32_t variable_pages; /* whole ones of zero_variable in memory; owner: the errand */

static void count_variable_pages(void) {
#if defined(__linux__)
    uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t page = ((uintptr_t)zero_variable + page_bytes - 1) / page_bytes * page_bytes;
    uintptr_t end = (uintptr_t)zero_variable + (SIDING_SHARES_THREAD_STORAGE ? 0 : VARIABLE_BYTES);
    for (; page + page_bytes <= end; page += page_bytes) {
        unsigned char is_resident = 1;
        EXPECT_EQ(mincore((void *)page, page_bytes, &is_resident), 0);
        variable_pages += is_resident & 1;
    }
#endif
}

static void look_at_variables(void) {
    count_variable_pages();
    for (uint32_t i = 0; i < VARIABLE_BYTES; i++) {
        EXPECT_EQ(zero_variable[i], 0);
        EXPECT_EQ(sparse_variable[i], i == 0 ? 1 : i == VARIABLE_BYTES - 1 ? 2 : 0);
        zero_variable[i] = sparse_variable[i] = (unsigned char)i;
    }
    for (uint32_t i = 0; i < VARIABLE_BYTES; i++) {
        EXPECT_EQ(zero_variable[i], (unsigned char)i);
        EXPECT_EQ(sparse_variable[i], (unsigned char)i);
    }
}

TEST("thread-local variables have their values, and zeroes take no memory before they are used") {
    for (int i = 0; i < 8; i++) { /* stacks of threads that have ended are used again */
        REQUIRE(on_thread("variables", look_at_variables));
        EXPECT_EQ(variable_pages, 0);
    }
}

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
    siding_error_clear();
    EXPECT_EQ(siding_error_get(), 0);
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
    siding_error_clear();
    (void)close(-1);
    EXPECT_EQ(siding_error_get(), EBADF);
}

static char errand_name[32];

static void note_name(void) {
    (void)pthread_getname_np(pthread_self(), errand_name, sizeof errand_name);
}

static void rename_and_note(void) {
    siding_thread_rename("12345678901234\xC3\xA9"); /* its last character would be cut in two */
    note_name();
}

TEST("a thread has the name it was started with, cut to 15 bytes") {
    REQUIRE(on_thread("short", note_name));
    EXPECT(strcmp(errand_name, "short") == 0);
    REQUIRE(on_thread("1234567890123456", note_name));
    EXPECT(strcmp(errand_name, "123456789012345") == 0);
}

TEST("a thread can be renamed, and no character of a name is cut in two") {
    REQUIRE(on_thread("before", rename_and_note));
    EXPECT(strcmp(errand_name, "12345678901234") == 0);
}

static bool errand_blocked;

static void note_signal_mask(void) {
    sigset_t mask;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &mask);
    errand_blocked = sigismember(&mask, SIGUSR2) == 1;
}

TEST("a thread starts with the signal mask of its starter") {
    sigset_t blocked;
    sigset_t before;
    REQUIRE(on_thread("mask", note_signal_mask));
    EXPECT(!errand_blocked);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    (void)pthread_sigmask(SIG_BLOCK, &blocked, &before);
    bool ran = on_thread("mask", note_signal_mask);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    REQUIRE(ran);
    EXPECT(errand_blocked);
}

/* ---- wake channel ---------------------------------------------------------------------------- */

static bool is_open(intptr_t descriptor) {
    return fcntl((int)descriptor, F_GETFD) >= 0;
}

/* Bytes that the host would read now; -1 when it would have to wait. */
static ssize_t read_now(intptr_t descriptor) {
    char bytes[65536];
    return recv((int)descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
}

TEST("both ends of a channel are non-blocking and closed on exec") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    EXPECT(fcntl((int)channel.host, F_GETFL) & O_NONBLOCK);
    EXPECT(fcntl((int)channel.kick, F_GETFL) & O_NONBLOCK);
    EXPECT(fcntl((int)channel.host, F_GETFD) & FD_CLOEXEC);
    EXPECT(fcntl((int)channel.kick, F_GETFD) & FD_CLOEXEC);
    siding_channel_close(&channel, true);
}

TEST("a kick makes the host's end readable") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    EXPECT_EQ(read_now(channel.host), -1);
    siding_channel_kick(&channel);
    EXPECT_EQ(read_now(channel.host), 1);
    EXPECT_EQ(read_now(channel.host), -1);
    siding_channel_close(&channel, true);
}

TEST("kicking a full channel neither blocks nor changes errno") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    siding_error_clear();
    for (int i = 0; i < 100000; i++) {
        siding_channel_kick(&channel);
    }
    EXPECT_EQ(siding_error_get(), 0);
    EXPECT(read_now(channel.host) > 0);
    siding_channel_close(&channel, true);
}

TEST("a kick after the host closed its end raises no signal") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    close((int)channel.host);
    siding_channel_kick(&channel);
    siding_channel_close(&channel, false);
}

TEST("closing a channel ends the host's stream and leaves its descriptor to the host") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    intptr_t host = channel.host;
    siding_channel_close(&channel, false);
    REQUIRE(is_open(host));
    EXPECT_EQ(read_now(host), 0);
    close((int)host);
}

TEST("closing a channel with the host's end closes both") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    intptr_t host = channel.host;
    intptr_t kick = channel.kick;
    siding_channel_close(&channel, true);
    EXPECT(!is_open(host));
    EXPECT(!is_open(kick));
}

/* Closes the host's end, puts `other` at its number, and closes the channel. */
static bool survives_reuse(int other) {
    struct siding_channel channel;
    if (siding_channel_open(&channel) != 0) {
        return false;
    }
    intptr_t host = channel.host;
    bool reused = dup2(other, (int)host) == (int)host;
    siding_channel_close(&channel, true);
    bool survived = is_open(host);
    close((int)host);
    return reused && survived;
}

TEST("a descriptor number that is another socket or a pipe by now is not closed") {
    int sockets[2];
    int pipes[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0 && pipe(pipes) == 0);
    EXPECT(survives_reuse(sockets[0]));
    EXPECT(survives_reuse(pipes[0]));
    for (int i = 0; i < 2; i++) {
        close(sockets[i]);
        close(pipes[i]);
    }
}

TEST("a channel that cannot be opened gives the system's error and leaves the output untouched") {
    struct siding_channel channel = {.host = 7, .kick = 8};
    struct rlimit before;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    int32_t error = siding_channel_open(&channel);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    EXPECT_EQ(error, EMFILE);
    EXPECT(channel.host == 7 && channel.kick == 8);
}

#else

TEST("there is no channel here: the host gives a wake function") {
    struct siding_channel channel;
    EXPECT(siding_channel_open(&channel) != 0);
}

#endif

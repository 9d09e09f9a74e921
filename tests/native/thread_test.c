/*
 * thread_test.c - the part of platform.h about threads: their stack, name, signals and storage, and
 * the notice of their end.
 */
#include <stdint.h>

#include "../../lib/base/sanitize.h"
#include "platform_fixture.h"

#if !defined(_WIN32)
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

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

#if !defined(_WIN32)

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

#endif

/*
 * fault_test.c - memory that is not there: what a callback copies of it, and whose faults stay
 * whose they were.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "callback_fixture.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u
#define PAGE 4096u

/* Tails of one kind, whose pointer is the first argument; no factors, not freed. */
#define FIRST(kind) (kind), 0, 8, 0
/* As many bytes as a constant says. */
#define BYTES_OF(low, high) SIDING_TAIL_BYTES, 0, 8, 0, 1, 0, (low), (high), 0, 0, 0

typedef uint64_t function_of_pointer(const void *);

/* A page that can be read, and one behind it that cannot. */
static uint8_t *half_there(void) {
    uint8_t *pages =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(pages != MAP_FAILED && mprotect(pages + PAGE, PAGE, PROT_NONE) == 0);
    return pages;
}

/* ---- faults of others ------------------------------------------------------------------------ */

/* Before all other tests: nothing of this program watches for faults yet.
   @return how a child ends that does, and reads what is not there outside of any attempt */
static int status_of_fault(void) {
    pid_t child = fork();
    if (child == 0) {
        const volatile uint8_t *pages = half_there();
        siding_fault_watch();
        _exit(pages[PAGE]);
    }
    int status = 0;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

static void leave_well(int number) {
    _exit(number == SIGSEGV ? 77 : 78);
}

static void leave_well_informed(int number, siginfo_t *info, void *context) {
    (void)context;
    _exit(number == SIGSEGV && info->si_addr != NULL ? 79 : 80);
}

static int status_with(const struct sigaction *action) {
    pid_t child = fork();
    if (child == 0) {
        (void)sigaction(SIGSEGV, action, NULL);
        int status = status_of_fault();
        _exit(WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status));
    }
    int status = 0;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST("a fault outside of callbacks does what it did before") {
    const struct sigaction none = {.sa_handler = SIG_DFL};
    const struct sigaction plain = {.sa_handler = leave_well};
    const struct sigaction informed = {.sa_sigaction = leave_well_informed, .sa_flags = SA_SIGINFO};
    EXPECT_EQ(status_with(&none), 100 + SIGSEGV);
    EXPECT_EQ(status_with(&plain), 77);
    EXPECT_EQ(status_with(&informed), 79);
}

static void read_there(void *pages) {
    (void)((const volatile uint8_t *)pages)[PAGE];
}

/* @return whether a thread's signals are blocked after its attempt as they were before */
static bool keeps_mask(void) {
    sigset_t before;
    sigset_t after;
    siding_fault_watch();
    (void)pthread_sigmask(SIG_BLOCK, NULL, &before);
    bool is_left = !siding_fault_guard(read_there, half_there());
    (void)pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int number = 1; number < NSIG; number++) {
        is_left = is_left && sigismember(&before, number) == sigismember(&after, number);
    }
    return is_left;
}

TEST("a fault leaves no signal blocked that the handler before blocks") {
    struct sigaction action = {.sa_handler = leave_well};
    REQUIRE(sigfillset(&action.sa_mask) == 0);
    pid_t child = fork();
    if (child == 0) {
        (void)sigaction(SIGSEGV, &action, NULL);
        _exit(keeps_mask() ? 81 : 82);
    }
    int status = 0;
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 81);
}

/* ---- faults of callbacks --------------------------------------------------------------------- */

/* Calls, and expects the call's event, of so many words, behind one that counts it. */
static const struct siding_event *expect_counted(uint64_t pointer, const void *given) {
    EXPECT_EQ(((function_of_pointer *)(uintptr_t)pointer)(given), 100);
    const struct siding_event *event = host_next(&host);
    bool is_lost = event != NULL && (event->flags & SIDING_EVENT_LOST) != 0;
    EXPECT(is_lost && event_payload(event)[1] == 1);
    event = is_lost ? host_next(&host) : NULL;
    EXPECT(event != NULL && event->status == SIDING_OK &&
           event_payload(event)[0] == (uintptr_t)given);
    return event;
}

static void *call_faulting(void *argument) {
    const struct made *made = argument;
    uint8_t *pages = half_there();
    memset(pages, 'x', PAGE);
    for (uint32_t i = 0; i < 1000; i++) {
        (void)((function_of_pointer *)(uintptr_t)made->pointer)(pages);
    }
    munmap(pages, 2 * PAGE);
    return NULL;
}

TEST("E4: memory that is not there is copied as null and counted, whatever is to be copied") {
    uint8_t *pages = half_there();
    uint8_t *stale = half_there(); /* not unmapped: something else might be mapped there */
    EXPECT(mprotect(stale, PAGE, PROT_NONE) == 0);
    memset(pages, 'x', PAGE); /* a text without an end runs into the next page */
    const void **list = (const void **)(uintptr_t)(pages + PAGE - 2 * sizeof *list);
    const uint32_t signatures[] = {
        SIGNATURE(U64, PTR, SIDING_TYPE_TAILS, FIRST(SIDING_TAIL_TEXT), 0),
        SIGNATURE(U64, PTR, SIDING_TYPE_TAILS, FIRST(SIDING_TAIL_TEXT16), 0),
        SIGNATURE(U64, PTR, SIDING_TYPE_TAILS, FIRST(SIDING_TAIL_LIST), 0),
        SIGNATURE(U64, PTR, SIDING_TYPE_TAILS, BYTES_OF(64, 0)), /* flat */
        SIGNATURE(U64, PTR, SIDING_TYPE_TAILS, BYTES_OF(0, 8)),  /* not flat */
    };
    REQUIRE(host_open(&host, 16));
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        struct siding_callback_options options = post_options(signatures[i], TOKEN);
        options.copy_bytes_max = 8192;
        struct made made = open_callback(&host, &options);
        bool is_list = i == 2;
        if (is_list) { /* without an end on its page */
            list[0] = "a text";
            list[1] = "another";
        }
        const void *cases[] = {stale, is_list ? (const void *)list : pages + PAGE - 30};
        for (size_t k = 0; k < 2; k++) {
            const struct siding_event *event = expect_counted(made.pointer, cases[k]);
            REQUIRE(event != NULL);
            EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 2);
            EXPECT(event_payload(event)[1] == SIDING_TAIL_NULL);
        }
        EXPECT_EQ(stats_of(&host, &made).refused, 2);
        close_callback(&host, &made, TOKEN);
        memset(pages, 'x', PAGE);
    }
    munmap(pages, 2 * PAGE);
    munmap(stale, 2 * PAGE);
    host_close(&host);
}

TEST("E4: what is there of a struct and of other arguments is copied all the same") {
    uint32_t signature = SIGNATURE(U64, PTR, SIDING_TYPE_TAILS, BYTES_OF(16, 0), SIDING_TAIL_TEXT,
                                   2, 0, 0, 0, SIDING_TAIL_TEXT, 2, 8, 0, 0);
    uint8_t *pages = half_there();
    const void *pair[2] = {pages + PAGE, "there"};
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(signature, TOKEN);
    struct made made = open_callback(&host, &options);
    const struct siding_event *event = expect_counted(made.pointer, pair);
    REQUIRE(event != NULL);
    const uint64_t *payload = event_payload(event);
    EXPECT(payload[1] == 16 && payload[3] == (uintptr_t)pair[1]);
    EXPECT(payload[4] == SIDING_TAIL_NULL && payload[5] == 5);
    EXPECT(memcmp(payload + 6, "there", 6) == 0);
    munmap(pages, 2 * PAGE);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("E4: faults of two threads at once are each their own") {
    pthread_t threads[2];
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options =
        post_options(SIGNATURE(U64, PTR, SIDING_TYPE_TAILS, FIRST(SIDING_TAIL_TEXT), 0), TOKEN);
    options.overflow = SIDING_OVERFLOW_DROP_NEWEST; /* nobody reads */
    struct made made = open_callback(&host, &options);
    for (int i = 0; i < 2; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, call_faulting, &made) == 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT_EQ(stats_of(&host, &made).refused, 2000);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

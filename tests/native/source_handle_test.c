/*
 * source_handle_test.c - HANDLEs of Windows: what an item of each kind of object is, what is
 * refused, what is taken and given back; by packets and by groups of threads.
 */
#include "source_fixture.h"

#include "fixture/each_way.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u
#define ROUNDS_OF_RACES ROUNDS(400u)

static uint64_t open_handle(uint32_t token, HANDLE handle, uint32_t credit) {
    return open_ready(&host, token, number_of(handle), SIDING_READY_READ, credit);
}

/* Asks for an item, and has it. */
static void expect_item(uint64_t source, uint32_t token) {
    pull(&host, source, 1);
    EXPECT_EQ(next_word(&host, token), SIDING_READY_READ);
}

static void expect_none(uint64_t source) {
    pull(&host, source, 1);
    settle_poller(&host, TOKEN + 9);
    EXPECT(has_none(&host));
}

static void finish_source(uint64_t source, uint32_t token) {
    close_source(&host, source);
    expect_end(&host, token, SIDING_OK, 0);
}

/* ---- S1: what an item is --------------------------------------------------------------------- */

static void keeps_signal(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(true);
    uint64_t source = open_handle(TOKEN, event, 0);
    expect_none(source);
    EXPECT(SetEvent(event));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    expect_item(source, TOKEN);
    expect_item(source, TOKEN);
    EXPECT(ResetEvent(event));
    expect_none(source);
    EXPECT(SetEvent(event));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    finish_source(source, TOKEN);
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S1: a manual-reset event is told as long as it is set", keeps_signal)

static void takes_signal(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    EXPECT(SetEvent(event));
    uint64_t source = open_handle(TOKEN, event, 0);
    settle_poller(&host, TOKEN + 1);
    EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0); /* nobody had asked */
    EXPECT(SetEvent(event));
    expect_item(source, TOKEN);
    EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    expect_none(source);
    EXPECT(SetEvent(event));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    finish_source(source, TOKEN);
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S1: an item of an auto-reset event takes its signal, and none before it is asked for",
         takes_signal)

static void counts_signals(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE semaphore = CreateSemaphoreW(NULL, 0, 100, NULL);
    uint64_t source = open_handle(TOKEN, semaphore, 1);
    EXPECT(ReleaseSemaphore(semaphore, 3, NULL));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    expect_item(source, TOKEN);
    expect_item(source, TOKEN);
    expect_none(source);
    EXPECT_EQ(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);
    finish_source(source, TOKEN);
    EXPECT(CloseHandle(semaphore));
    host_close(&host);
}
EACH_WAY("S1: each item of a semaphore takes one of its count", counts_signals)

static void ticks(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE timer = CreateWaitableTimerW(NULL, FALSE, NULL);
    uint64_t source = open_handle(TOKEN, timer, 1);
    LARGE_INTEGER due = {.QuadPart = -10000}; /* in 1 ms */
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
        EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
        expect_none(source);
    }
    finish_source(source, TOKEN);
    EXPECT(CloseHandle(timer));
    host_close(&host);
}
EACH_WAY("S1: a waitable timer is told when it is due", ticks)

static DWORD WINAPI wait_for_it(void *event) {
    return WaitForSingleObject(event, INFINITE);
}

static void ends_with_thread(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(true);
    HANDLE thread = CreateThread(NULL, 0, wait_for_it, event, 0, NULL);
    uint64_t source = open_handle(TOKEN, thread, 0);
    expect_none(source);
    EXPECT(SetEvent(event));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    expect_item(source, TOKEN);
    finish_source(source, TOKEN);
    EXPECT(CloseHandle(thread));
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S1: a thread is told once it has ended", ends_with_thread)

static void is_told_once(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    (void)open_ready(&host, TOKEN, number_of(event), SIDING_READY_READ | SIDING_SOURCE_ONCE, 1);
    settle_poller(&host, TOKEN + 1);
    EXPECT(SetEvent(event));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT); /* the host has it */
    EXPECT(SetEvent(event));
    EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S1: one shot is one item, then the end", is_told_once)

static void shares(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE semaphore = CreateSemaphoreW(NULL, 0, 100, NULL);
    uint64_t first = open_handle(1, semaphore, 1);
    uint64_t second = open_handle(2, semaphore, 1);
    settle_poller(&host, TOKEN);
    uint32_t seen[3] = {0};
    for (uint32_t i = 0; i < 2; i++) {
        EXPECT(ReleaseSemaphore(semaphore, 1, NULL));
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && event->token <= 2);
        seen[event->token]++;
        settle_poller(&host, TOKEN);
        EXPECT(has_none(&host));
    }
    EXPECT_EQ(seen[1], 1);
    EXPECT_EQ(seen[2], 1);
    finish_source(first, 1);
    finish_source(second, 2);
    EXPECT(CloseHandle(semaphore));
    host_close(&host);
}
EACH_WAY("S3: of two sources of one semaphore each signal is told to one", shares)

/* ---- S2: what is refused --------------------------------------------------------------------- */

static void expect_refused(HANDLE handle, uint32_t flags, int32_t wanted) {
    int32_t error = 0;
    struct siding_source_options options = ready_options(TOKEN, number_of(handle), flags, 1);
    EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
    EXPECT_EQ(error, wanted);
}

static void refuses(void) {
    REQUIRE(host_open(&host, 64));
    uint64_t before_bytes = stats_now().memory_bytes;
    HANDLE mutex = CreateMutexW(NULL, FALSE, NULL);
    HANDLE event = new_event(false);
    HANDLE closed = new_event(false);
    HANDLE reading = NULL;
    HANDLE writing = NULL;
    REQUIRE(CreatePipe(&reading, &writing, NULL, 0));
    EXPECT(CloseHandle(closed));
    expect_refused(mutex, SIDING_READY_READ, EPERM);
    expect_refused(closed, SIDING_READY_READ, EBADF);
    expect_refused(INVALID_HANDLE_VALUE, SIDING_READY_READ, EBADF);
    expect_refused(NULL, SIDING_READY_READ, EBADF);
    expect_refused(reading, SIDING_READY_READ, EPERM);
    expect_refused(event, SIDING_READY_WRITE, EINVAL);
    expect_refused(event, SIDING_READY_READ | SIDING_READY_PRIORITY, EINVAL);
    expect_refused(event, SIDING_READY_READ | SIDING_SOURCE_EDGE, ENOTSUP);
    EXPECT_EQ(stats_now().sources, 0);
    EXPECT_EQ(stats_now().memory_bytes, before_bytes);
    EXPECT(CloseHandle(reading));
    EXPECT(CloseHandle(writing));
    EXPECT(CloseHandle(mutex));
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S2: mutexes, pipes, closed handles, edges and other conditions are refused", refuses)

/* ---- S4, S5: closing ------------------------------------------------------------------------- */

static void outlives_handle(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    HANDLE copy = NULL;
    HANDLE self = GetCurrentProcess();
    REQUIRE(DuplicateHandle(self, event, self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS));
    uint64_t source = open_handle(1, event, 1);
    EXPECT(CloseHandle(event));
    HANDLE other = new_event(false);
    uint64_t fresh = open_handle(2, other, 1);
    EXPECT(SetEvent(other));
    EXPECT_EQ(next_word(&host, 2), SIDING_READY_READ);
    EXPECT(SetEvent(copy));
    EXPECT_EQ(next_word(&host, 1), SIDING_READY_READ);
    EXPECT(SetEvent(copy));
    expect_item(source, 1);
    finish_source(source, 1);
    finish_source(fresh, 2);
    EXPECT(CloseHandle(copy));
    EXPECT(CloseHandle(other));
    host_close(&host);
}
EACH_WAY("S4: a source waits for its object, whatever becomes of the handle's value",
         outlives_handle)

static void takes_nothing_after_end(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    for (uint32_t round = 0; round < ROUNDS_OF_RACES; round++) {
        uint64_t source = open_handle(TOKEN, event, 1);
        finish_source(source, TOKEN);
        EXPECT(SetEvent(event));
        EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    }
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S5: after its end a source takes no signal", takes_nothing_after_end)

/* Sets its event once for each round, as soon as that begins. */
struct setter {
    HANDLE event;
    HANDLE begins;
};

static DWORD WINAPI run_setter(void *argument) {
    const struct setter *setter = argument;
    for (uint32_t round = 0; round < ROUNDS_OF_RACES; round++) {
        WaitForSingleObject(setter->begins, INFINITE);
        SetEvent(setter->event);
    }
    return 0;
}

/* The signal is the host's, or still there. @return whether the host was told */
static bool is_told_or_left(HANDLE event, uint64_t source) {
    bool is_told = false;
    close_source(&host, source);
    const struct siding_event *told = host_next(&host);
    if (told != NULL && !is_end(told)) {
        is_told = true;
        told = host_next(&host);
    }
    EXPECT(told != NULL && is_end(told));
    /* the setter may be late: who was not told finds the signal in any case */
    EXPECT_EQ(WaitForSingleObject(event, is_told ? 0 : WAIT_MS_MAX),
              is_told ? WAIT_TIMEOUT : WAIT_OBJECT_0);
    return is_told;
}

static void loses_nothing(void) {
    REQUIRE(host_open(&host, 64));
    uint64_t seed = print_seed();
    struct setter setter = {new_event(false), new_event(false)};
    HANDLE thread = CreateThread(NULL, 0, run_setter, &setter, 0, NULL);
    REQUIRE(thread != NULL);
    uint32_t told = 0;
    for (uint32_t round = 0; round < ROUNDS_OF_RACES; round++) {
        uint64_t source = open_handle(TOKEN, setter.event, 1);
        EXPECT(SetEvent(setter.begins));
        spin_for(random_below(&seed, 2000000));
        (void)has_none(&host); /* what was drained is the host's */
        told += is_told_or_left(setter.event, source);
    }
    printf("     told %u times of %u\n", told, ROUNDS_OF_RACES);
    EXPECT_EQ(WaitForSingleObject(thread, WAIT_MS_MAX), WAIT_OBJECT_0);
    EXPECT(CloseHandle(thread));
    EXPECT(CloseHandle(setter.event));
    EXPECT(CloseHandle(setter.begins));
    host_close(&host);
}
EACH_WAY("S5: a signal that comes while its source is closed is told, or left there", loses_nothing)

/* ---- S10: many ------------------------------------------------------------------------------- */

#define MANY 10000u

static HANDLE many[MANY];
static uint64_t many_sources[MANY];
static uint8_t many_told[MANY];

static void open_many(void) {
    for (uint32_t i = 0; i < MANY; i++) {
        many[i] = new_event(false);
        many_sources[i] = open_handle(i, many[i], 1);
    }
}

static void close_many(void) {
    for (uint32_t i = 0; i < MANY; i++) {
        close_source(&host, many_sources[i]);
    }
    uint32_t ended = 0;
    while (ended < MANY) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && (is_end(event) || event->token == 0));
        EXPECT_EQ(event->status, SIDING_OK);
        ended += is_end(event);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        EXPECT(CloseHandle(many[i]));
    }
}

/* The first one is set again whenever it is told. */
static void is_fair(void) {
    REQUIRE(host_open(&host, MANY + 16));
    uint64_t start_ns = siding_clock_ns();
    open_many();
    printf("     %u opened in %u ms\n", MANY, (unsigned)elapsed_ms(start_ns));
    memset(many_told, 0, sizeof many_told);
    start_ns = siding_clock_ns();
    for (uint32_t i = 0; i < MANY; i++) {
        EXPECT(SetEvent(many[i]));
    }
    uint32_t left = MANY;
    uint32_t again = 0;
    while (left > 0 && elapsed_ms(start_ns) < WAIT_MS_MAX) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && !is_end(event));
        uint32_t i = event->token;
        left -= many_told[i] == 0;
        EXPECT(many_told[i] == 0 || i == 0);
        many_told[i] = 1;
        if (i == 0) {
            again++;
            EXPECT(SetEvent(many[0]));
            pull(&host, many_sources[0], 1);
        }
    }
    printf("     all told after %u ms, the first one %u times\n", (unsigned)elapsed_ms(start_ns),
           again);
    EXPECT_EQ(left, 0);
    start_ns = siding_clock_ns();
    close_many();
    printf("     closed in %u ms\n", (unsigned)elapsed_ms(start_ns));
    EXPECT_EQ(stats_now().sources, 0);
    host_close(&host);
}
EACH_WAY("S10: of 10,000 HANDLEs at once each is told, and none starves another", is_fair)

/* ---- S8: processes --------------------------------------------------------------------------- */

/* One that ends at once, with that code. */
static HANDLE start_process(const char *code, DWORD *out_process) {
    char command[64];
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process = {0};
    (void)snprintf(command, sizeof command, "cmd /c exit %s", code);
    EXPECT(CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    EXPECT(CloseHandle(process.hThread));
    *out_process = process.dwProcessId;
    return process.hProcess;
}

static void expect_exit(uint64_t code) {
    const struct siding_event *event = host_next(&host);
    EXPECT(event != NULL && event->words == SIDING_EVENT_WORDS + 2 && !is_end(event));
    if (event != NULL && event->words == SIDING_EVENT_WORDS + 2) {
        EXPECT_EQ(event_payload(event)[0], code);
        EXPECT_EQ(event_payload(event)[1], 0);
    }
    expect_end(&host, TOKEN, SIDING_OK, 0);
}

static void tells_exit(void) {
    static const struct {
        const char *text;
        uint32_t code;
    } ways[] = {{"0", 0}, {"7", 7}, {"-1073741819", 0xc0000005u}};
    REQUIRE(host_open(&host, 64));
    for (uint32_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        DWORD number = 0;
        HANDLE process = start_process(ways[i].text, &number);
        struct siding_source_options options =
            plain_options(SIDING_SOURCE_CHILD, TOKEN, (int64_t)number, 1);
        (void)open_source(&host, &options);
        expect_exit(ways[i].code);
        /* it has ended, and may be asked for again */
        (void)open_source(&host, &options);
        expect_exit(ways[i].code);
        DWORD code = 0;
        EXPECT(GetExitCodeProcess(process, &code)); /* nobody has lost it */
        EXPECT_EQ(code, ways[i].code);
        EXPECT(CloseHandle(process));
    }
    host_close(&host);
}
EACH_WAY("S8: the exit code of a process is exact, and stays for others", tells_exit)

TEST("S8: numbers that no process has are refused") {
    static const int64_t numbers[] = {-1, 0, INT64_MAX, 0x7ffffffc};
    REQUIRE(host_open(&host, 64));
    for (uint32_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int32_t error = 0;
        struct siding_source_options options =
            plain_options(SIDING_SOURCE_CHILD, TOKEN, numbers[i], 1);
        EXPECT_EQ(refused(&host, &options, &error), SIDING_ENOTCHILD);
    }
    host_close(&host);
}

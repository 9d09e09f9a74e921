/*
 * source_refusal_test.c - waits that the system refuses, or that fail: told as such, and nothing is
 * lost of what others wait for.
 */
#include "context_fixture.h"
#include "source_fixture.h"

#include "../../lib/platform/windows/wait_socket.h"
#include "fixture/each_way.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u

static uint64_t open_handle(uint32_t token, HANDLE handle, uint32_t credit) {
    return open_ready(&host, token, number_of(handle), SIDING_READY_READ, credit);
}

static void finish_source(uint64_t source, uint32_t token) {
    close_source(&host, source);
    expect_end(&host, token, SIDING_OK, 0);
}

/* ---- one that is refused --------------------------------------------------------------------- */

static void tells_refusal(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    wait_starve(1);
    uint64_t source = open_handle(TOKEN, event, 1);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_ERROR);
    pull(&host, source, 1);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    EXPECT(SetEvent(event));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    finish_source(source, TOKEN);
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S1: a wait that the system refuses is an error, and the next one is as ever",
         tells_refusal)

static uint64_t run_seven(uint64_t seven) {
    return seven;
}

static void tries_again(void) {
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    struct siding_source_options options =
        plain_options(SIDING_SOURCE_CALL, TOKEN, number_of(event), 64);
    options.bound = bind_one(&host, FUNCTION(run_seven), 7);
    wait_starve(2);
    uint64_t source = open_source(&host, &options);
    EXPECT(SetEvent(event));
    EXPECT_EQ(next_word(&host, TOKEN), 7);
    EXPECT(SetEvent(event));
    EXPECT_EQ(next_word(&host, TOKEN), 7);
    EXPECT_EQ(siding_bound_release(options.bound), SIDING_OK);
    finish_source(source, TOKEN);
    EXPECT(CloseHandle(event));
    host_close(&host);
}
EACH_WAY("S12: what the poller runs waits again where the system has refused to", tries_again)

/* ---- one that cannot be told at once ---------------------------------------------------------- */

typedef LONG(NTAPI *query_event)(HANDLE event, LONG what, void *out, ULONG size_bytes,
                                 ULONG *out_size_bytes);

/* Looks without taking. */
static bool is_taken(void *event) {
    struct {
        LONG type;
        LONG state;
    } information = {0, 1};
    HMODULE native = GetModuleHandleW(L"ntdll.dll");
    query_event query = (query_event)(uintptr_t)GetProcAddress(native, "NtQueryEvent");
    EXPECT_EQ(query(event, 0, &information, sizeof information, NULL), 0);
    return information.state == 0;
}

/* What the thread of a group has taken of a timer cannot be given back. */
TEST("S1: what a wait has taken is told as soon as the system has memory for it") {
    REQUIRE(wait_force(WAIT_BY_GROUP));
    REQUIRE(host_open(&host, 64));
    HANDLE timer = CreateWaitableTimerW(NULL, FALSE, NULL);
    LARGE_INTEGER due = {.QuadPart = -10000}; /* in 1 ms */
    uint64_t source = open_handle(TOKEN, timer, 1);
    settle_poller(&host, TOKEN + 1);
    wait_starve(2);
    EXPECT(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    finish_source(source, TOKEN);
    EXPECT(CloseHandle(timer));
    host_close(&host);
}

TEST("S5: what could not be told is given back when its source is closed") {
    REQUIRE(wait_force(WAIT_BY_GROUP));
    REQUIRE(host_open(&host, 64));
    HANDLE event = new_event(false);
    uint64_t source = open_handle(TOKEN, event, 1);
    settle_poller(&host, TOKEN + 1);
    wait_starve(UINT32_MAX);
    EXPECT(SetEvent(event));
    EXPECT(wait_until(is_taken, event));
    close_source(&host, source);
    wait_starve(0);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    EXPECT(CloseHandle(event));
    host_close(&host);
}

TEST("S1: a poll that ends without an answer is a failure") {
    static const struct wait_poll unanswered[] = {
        {.status.status = 0xc0000001u, .count = 1, .events = UINT32_MAX},
        {.status.status = 0, .count = 0},
    };
    for (uint32_t i = 0; i < sizeof unanswered / sizeof unanswered[0]; i++) {
        EXPECT_EQ(wait_socket_read(&unanswered[i]), WAIT_SOCKET_FAILED);
    }
}

/* ---- one that fails -------------------------------------------------------------------------- */

#define NUMBERS_MAX 65535

/* @return what the only wait there is has of its object */
static HANDLE handle_of_wait(void) {
    int number = 0;
    while (number < NUMBERS_MAX && wait_handle(number) == NULL) {
        number++;
    }
    return wait_handle(number);
}

/* Somebody closes a handle of ours. Three in a group: the first fails in the round after the one
   that tells the second, and the third is signalled by then. */
TEST("S1: a wait that fails is an error, and what others of its group wait for is told") {
    static HANDLE events[3];
    static uint64_t sources[3];
    uint64_t told[3] = {0};
    HANDLE spoiled = NULL;
    REQUIRE(wait_force(WAIT_BY_GROUP));
    REQUIRE(host_open(&host, 64));
    for (uint32_t i = 0; i < 3; i++) {
        events[i] = new_event(false);
        sources[i] = open_handle(i, events[i], 1);
        spoiled = i == 0 ? handle_of_wait() : spoiled;
        settle_poller(&host, TOKEN);
    }
    EXPECT(CloseHandle(spoiled));
    siding_mutex_lock(&wait_mutex);
    EXPECT(SetEvent(events[1]));
    EXPECT(SetEvent(events[2]));
    siding_mutex_unlock(&wait_mutex);
    for (uint32_t i = 0; i < 3; i++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && !is_end(event) && event->token < 3);
        told[event->token] = event_payload(event)[0];
    }
    EXPECT_EQ(told[0], SIDING_READY_ERROR);
    EXPECT_EQ(told[1], SIDING_READY_READ);
    EXPECT_EQ(told[2], SIDING_READY_READ);
    for (uint32_t i = 0; i < 3; i++) {
        finish_source(sources[i], i);
        EXPECT(CloseHandle(events[i]));
    }
    host_close(&host);
}

/*
 * channel_pipe_test.c - the part of platform.h about the wake channel, which is a pipe on Windows.
 */
#include <windows.h>

#include <stdint.h>

/* Words of the tests. */
#undef OUT
#undef TEXT

#include "../../lib/platform/platform.h"
#include "harness.h"

#define NAME "\\\\.\\pipe\\siding-%lu-%u"
#define NAME_BYTES 64

/* As the host does. @return INVALID_HANDLE_VALUE: the pipe has a client, or there is none */
static HANDLE connect_to(const struct siding_channel *channel) {
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof name, NAME, GetCurrentProcessId(), (unsigned)channel->host);
    return CreateFileA(name, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
}

/* How many bytes wait; -1: the pipe is at its end. */
static int64_t waiting(HANDLE host) {
    DWORD bytes = 0;
    return PeekNamedPipe(host, NULL, 0, NULL, &bytes, NULL) ? (int64_t)bytes : -1;
}

TEST("the host connects by the number, and nobody after it") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    HANDLE host = connect_to(&channel);
    REQUIRE(host != INVALID_HANDLE_VALUE);
    EXPECT(connect_to(&channel) == INVALID_HANDLE_VALUE);
    EXPECT(CloseHandle(host));
    siding_channel_close(&channel, true);
}

TEST("a kick makes the host's end readable") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    HANDLE host = connect_to(&channel);
    EXPECT_EQ(waiting(host), 0);
    siding_channel_kick(&channel);
    EXPECT_EQ(waiting(host), 1);
    EXPECT(CloseHandle(host));
    siding_channel_close(&channel, true);
}

static void expect_no_errors(void) {
    EXPECT_EQ(siding_error_get(SIDING_ERROR_C), 0);
    EXPECT_EQ(siding_error_get(SIDING_ERROR_SYSTEM), 0);
}

TEST("kicking a full channel, or one without a host, neither blocks nor changes the errors") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    siding_error_clear(SIDING_ERROR_C);
    siding_error_clear(SIDING_ERROR_SYSTEM);
    siding_channel_kick(&channel);
    expect_no_errors();
    HANDLE host = connect_to(&channel);
    siding_error_clear(SIDING_ERROR_SYSTEM);
    for (int i = 0; i < 10000; i++) {
        siding_channel_kick(&channel);
    }
    expect_no_errors();
    EXPECT(waiting(host) > 0);
    EXPECT(CloseHandle(host));
    siding_channel_kick(&channel);
    siding_channel_close(&channel, true);
}

TEST("closing a channel ends the host's stream and leaves its end to the host") {
    struct siding_channel channel;
    REQUIRE(siding_channel_open(&channel) == 0);
    HANDLE host = connect_to(&channel);
    siding_channel_close(&channel, false);
    EXPECT_EQ(waiting(host), -1);
    EXPECT(CloseHandle(host));
}

/*
 * channel_test.c - the part of platform.h about the wake channel, which is a socket pair; that of
 * Windows: channel_pipe_test.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lib/platform/platform.h"
#include "harness.h"

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
    siding_error_clear(SIDING_ERROR_C);
    for (int i = 0; i < 100000; i++) {
        siding_channel_kick(&channel);
    }
    EXPECT_EQ(siding_error_get(SIDING_ERROR_C), 0);
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

TEST("a channel that cannot be opened gives its errno and leaves the output untouched") {
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

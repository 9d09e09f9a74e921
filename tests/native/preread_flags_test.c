/*
 * preread_flags_test.c - flags belong to the open file, and others may change them at any time.
 */
#include <sys/inotify.h>
#include <termios.h>

#include "preread_fixture.h"

static void make_blocking(int descriptor) {
    EXPECT_EQ(fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK), 0);
}

/* @return the end of a terminal that a program reads, non-blocking, as it is written */
static int open_terminal(int *out_other) {
    int other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    int end = -1;
    if (other >= 0 && grantpt(other) == 0 && unlockpt(other) == 0) {
        end = open(ptsname(other), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    }
    struct termios settings;
    if (end >= 0 && tcgetattr(end, &settings) == 0) {
        settings.c_lflag &= ~(tcflag_t)ECHO;
        EXPECT_EQ(tcsetattr(end, TCSANOW, &settings), 0);
    }
    *out_other = other;
    return end;
}

TEST("S13: a terminal that was made blocking meanwhile holds up nobody") {
    int other;
    REQUIRE(host_open(&host, CALLS_MAX));
    int terminal = open_terminal(&other);
    REQUIRE(terminal >= 0);
    uint64_t source = open_reader(SIDING_SOURCE_READ, terminal, 64, 16);
    make_blocking(terminal);
    send_text(other, "a line\n");
    EXPECT(next_is("a line\n"));
    settle();
    send_text(other, "half");
    settle();
    EXPECT(has_none(&host));
    send_text(other, " a line\nand one\n");
    EXPECT(next_is("half a line\n"));
    EXPECT(next_is("and one\n"));
    settle();
    finish_reader(source);
    close(terminal);
    close(other);
}

TEST("S13: an inotify descriptor that was made blocking meanwhile holds up nobody") {
    REQUIRE(host_open(&host, CALLS_MAX));
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    uint64_t source = open_reader(SIDING_SOURCE_READ, watch, 4096, 16);
    make_blocking(watch);
    int number = inotify_add_watch(watch, "/", IN_DELETE_SELF);
    EXPECT_EQ(inotify_rm_watch(watch, number), 0);
    struct inotify_event event;
    EXPECT_EQ(next_bytes(&event, sizeof event), sizeof event);
    EXPECT_EQ(event.mask, IN_IGNORED);
    settle();
    finish_reader(source);
    close(watch);
}

TEST("S13: a listener that was made blocking meanwhile holds up nobody") {
    REQUIRE(host_open(&host, CALLS_MAX));
    int listener = listening_socket(SOCK_NONBLOCK | SOCK_CLOEXEC);
    uint64_t source = open_reader(SIDING_SOURCE_ACCEPT, listener, 0, 16);
    make_blocking(listener);
    for (uint32_t i = 0; i < 2; i++) {
        const struct siding_event *event = NULL;
        int client = new_socket(AF_INET, SOCK_STREAM);
        connect_to(client, listener);
        const uint64_t *payload = next_item(&event);
        REQUIRE(payload != NULL);
        close((int)payload[0]);
        settle();
        close(client);
    }
    finish_reader(source);
    close(listener);
}

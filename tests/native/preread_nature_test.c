/*
 * preread_nature_test.c - what a descriptor is, found out when it is opened; its flags belong to
 * the open file, and others may change them at any time.
 */
#include <sys/inotify.h>
#include <termios.h>

#include "../../lib/platform/descriptor_io.h"
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

/* ---- what a short read tells ----------------------------------------------------------------- */

static bool gives_all(int domain, int type, int protocol) {
    struct siding_io_nature nature = {.gives_all = false};
    int descriptor = socket(domain, type | SOCK_CLOEXEC, protocol);
    EXPECT_EQ(siding_io_look(descriptor, &nature), 0);
    close(descriptor);
    return nature.gives_all;
}

TEST("a short read is all of a stream of TCP or the local domain, and of no message") {
    EXPECT(gives_all(AF_INET, SOCK_STREAM, 0));
    EXPECT(gives_all(AF_UNIX, SOCK_STREAM, 0));
    EXPECT(!gives_all(AF_INET, SOCK_DGRAM, 0));
    EXPECT(!gives_all(AF_UNIX, SOCK_DGRAM, 0));
    EXPECT(!gives_all(AF_UNIX, SOCK_SEQPACKET, 0));
}

TEST("a short read tells that it was all only where that is so") {
    int ends[2];
    char bytes[8];
    struct siding_io_nature nature;
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    REQUIRE(siding_io_look(ends[0], &nature) == 0);
    for (int pass = 0; pass < 2; pass++) {
        int32_t error = 0;
        bool is_all = false;
        nature.gives_all = pass == 0; /* the second time as with SCTP */
        send_text(ends[1], "short");
        EXPECT_EQ(siding_io_read(ends[0], &nature, bytes, sizeof bytes, &is_all, &error), 5);
        EXPECT_EQ(is_all, pass == 0);
    }
    close_both(ends);
}

TEST("a short read is not all of a stream of SCTP, whose messages stay apart") {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
    if (descriptor < 0) {
        SKIP("no SCTP in this kernel");
    }
    close(descriptor);
    EXPECT(!gives_all(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
}

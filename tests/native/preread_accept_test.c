/*
 * preread_accept_test.c - sources that take connections: addresses, connections that are gone
 * again, a process without descriptors, and connections that nobody takes.
 */
#include <sys/resource.h>
#include <sys/un.h>

#include "preread_fixture.h"

#define CROWD 200
#define FILLERS_MAX 4096

/* @return the descriptors of the next event, each with its peer's address */
static uint32_t next_connections(int *out_descriptors, struct sockaddr_in *out_addresses,
                                 uint32_t capacity) {
    const struct siding_event *event = NULL;
    const uint64_t *payload = next_item(&event);
    uint32_t count = 0;
    uint32_t words = payload == NULL ? 0 : event->words - SIDING_EVENT_WORDS;
    for (uint32_t at = 0; at < words && count < capacity; count++) {
        out_descriptors[count] = (int)payload[at];
        EXPECT_EQ(payload[at + 1], sizeof *out_addresses);
        memcpy(&out_addresses[count], payload + at + 2, sizeof *out_addresses);
        at += 2 + (uint32_t)(payload[at + 1] + 7) / 8;
    }
    return count;
}

/* @return the one connection of the next event, which is closed; -1: there was another number */
static int next_connection(void) {
    int descriptors[2] = {-1, -1};
    struct sockaddr_in addresses[2];
    if (next_connections(descriptors, addresses, 2) != 1) {
        return -1;
    }
    close(descriptors[0]);
    return descriptors[0];
}

static int connect_new(int listener) {
    int client = new_socket(AF_INET, SOCK_STREAM);
    connect_to(client, listener);
    return client;
}

/* Waits for what the peer does. @return as recv: 0: it has closed, -1: it was reset */
static ssize_t receive_in_time(int descriptor) {
    char byte;
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    EXPECT_EQ(poll(&wanted, 1, WAIT_MS_MAX), 1);
    return recv(descriptor, &byte, 1, MSG_DONTWAIT);
}

TEST("S12: connections come with their peers' addresses, non-blocking, closed on exec") {
    static int clients[CROWD];
    static int servers[CROWD];
    static struct sockaddr_in peers[CROWD];
    REQUIRE(host_open(&host, CALLS_MAX));
    int listener = listening_socket(SOCK_NONBLOCK);
    uint64_t source = open_reader(SIDING_SOURCE_ACCEPT, listener, 0, CROWD);
    for (int i = 0; i < CROWD; i++) {
        clients[i] = connect_new(listener);
    }
    for (uint32_t count = 0; count < CROWD;) {
        uint32_t came = next_connections(servers + count, peers + count, CROWD - count);
        REQUIRE(came > 0);
        count += came;
    }
    for (int i = 0; i < CROWD; i++) { /* in the order of the clients */
        EXPECT_EQ(peers[i].sin_port, address_of(clients[i]).sin_port);
        EXPECT(fcntl(servers[i], F_GETFL) & O_NONBLOCK);
        EXPECT(fcntl(servers[i], F_GETFD) & FD_CLOEXEC);
        send_text(servers[i], "x");
        EXPECT_EQ(receive_in_time(clients[i]), 1);
        close(servers[i]);
        close(clients[i]);
    }
    finish_reader(source);
    close(listener);
}

TEST("S12: a connection that is reset before it was accepted neither hangs nor fails the source") {
    REQUIRE(host_open(&host, CALLS_MAX));
    int listener = listening_socket(SOCK_NONBLOCK);
    uint64_t source = open_reader(SIDING_SOURCE_ACCEPT, listener, 0, 0);
    for (int i = 0; i < 8; i++) {
        close_with_reset(connect_new(listener));
        int elsewhere = accept(listener, NULL, NULL); /* a readiness that turns out false */
        close(elsewhere);
    }
    close_with_reset(connect_new(listener));
    int client = connect_new(listener);
    pull(&host, source, 8);
    int descriptors[2] = {-1, -1};
    struct sockaddr_in peers[2];
    uint32_t count = 0;
    while (count == 0 || peers[count - 1].sin_port != address_of(client).sin_port) {
        uint32_t came = next_connections(descriptors + count, peers + count, 2 - count);
        REQUIRE(came > 0); /* Linux gives the one that was reset, too */
        count += came;
    }
    for (uint32_t i = 0; i < count; i++) {
        int32_t error = 0;
        EXPECT_EQ(siding_descriptor_close(descriptors[i], &error), SIDING_OK);
        EXPECT_EQ(siding_descriptor_close(descriptors[i], &error), SIDING_ESYSTEM);
        EXPECT_EQ(error, EBADF);
    }
    EXPECT_EQ(receive_in_time(client), 0);
    finish_reader(source);
    close(client);
    close(listener);
}

static uint64_t process_ns(void) {
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

/* Takes every descriptor that there is. @return how many */
static uint32_t take_all(int *out_descriptors) {
    uint32_t count = 0;
    while (count < FILLERS_MAX) {
        int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) {
            break;
        }
        out_descriptors[count++] = descriptor;
    }
    return count;
}

TEST("S12: without free descriptors it waits, does not spin, and recovers") {
    static int fillers[FILLERS_MAX];
    struct rlimit before;
    REQUIRE(host_open(&host, CALLS_MAX) && getrlimit(RLIMIT_NOFILE, &before) == 0);
    int listener = listening_socket(SOCK_NONBLOCK);
    int client = new_socket(AF_INET, SOCK_STREAM);
    uint64_t source = open_reader(SIDING_SOURCE_ACCEPT, listener, 0, 4);
    struct rlimit few = {.rlim_cur = FILLERS_MAX / 2, .rlim_max = before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    uint32_t count = take_all(fillers);
    EXPECT(count > 0 && count < FILLERS_MAX);
    connect_to(client, listener);
    uint64_t start_ns = siding_clock_ns();
    uint64_t used_ns = process_ns();
    EXPECT(!is_readable(&host, 300)); /* it is not told for that long */
    used_ns = process_ns() - used_ns;
    EXPECT(used_ns < (siding_clock_ns() - start_ns) / 4);
    for (uint32_t i = 0; i < count; i++) {
        close(fillers[i]);
    }
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT(next_connection() >= 0);
    int late = connect_new(listener);
    EXPECT(next_connection() >= 0);
    finish_reader(source);
    close(late);
    close(client);
    close(listener);
}

TEST("S14: without credit nothing is accepted; connections wait in the listener") {
    REQUIRE(host_open(&host, CALLS_MAX));
    int listener = listening_socket(SOCK_NONBLOCK);
    uint64_t source = open_reader(SIDING_SOURCE_ACCEPT, listener, 0, 1);
    int first = connect_new(listener);
    EXPECT(next_connection() >= 0);
    int second = connect_new(listener);
    settle();
    EXPECT(has_none(&host));
    int taken = accept(listener, NULL, NULL); /* still there */
    EXPECT(taken >= 0);
    close(taken);
    int third = connect_new(listener);
    pull(&host, source, 1);
    EXPECT(next_connection() >= 0);
    finish_reader(source);
    close(first);
    close(second);
    close(third);
    close(listener);
}

TEST("connections that were accepted and never told are closed") {
    REQUIRE(host_open(&host, CALLS_MAX));
    int listener = listening_socket(SOCK_NONBLOCK);
    uint64_t source = open_reader(SIDING_SOURCE_ACCEPT, listener, 0, 4);
    int first = connect_new(listener);
    REQUIRE(is_readable(&host, WAIT_MS_MAX)); /* it is on its way */
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT_EQ(receive_in_time(first), 0);
    (void)discard_kicks(&host);
    open_reader(SIDING_SOURCE_ACCEPT, listener, 0, 4);
    int second = connect_new(listener);
    REQUIRE(is_readable(&host, WAIT_MS_MAX));
    host_close(&host); /* with the event in its inbox */
    EXPECT_EQ(receive_in_time(second), 0);
    settle(); /* the listener's number is not used again before the poller has let go of it */
    close(first);
    close(second);
    close(listener);
}

TEST("addresses of the local domain, and none at all") {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const struct siding_event *event = NULL;
    REQUIRE(host_open(&host, CALLS_MAX));
    int listener = new_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
    /* the system makes up an abstract name */
    EXPECT_EQ(bind(listener, (struct sockaddr *)&name, sizeof name.sun_family), 0);
    EXPECT_EQ(listen(listener, 4), 0);
    socklen_t size_bytes = sizeof name;
    EXPECT_EQ(getsockname(listener, (struct sockaddr *)&name, &size_bytes), 0);
    uint64_t source = open_reader(SIDING_SOURCE_ACCEPT, listener, 0, 4);
    int client = new_socket(AF_UNIX, SOCK_STREAM);
    EXPECT_EQ(connect(client, (struct sockaddr *)&name, size_bytes), 0);
    const uint64_t *payload = next_item(&event);
    REQUIRE(payload != NULL);
    EXPECT_EQ(payload[1], sizeof name.sun_family);
    close((int)payload[0]);
    finish_reader(source);
    close(client);
    close(listener);
}

TEST("S13: what is no listener is refused, and so is one whose accept would block") {
    int32_t error;
    REQUIRE(host_open(&host, CALLS_MAX));
    int blocking = listening_socket(0);
    int unconnected = new_socket(AF_INET, SOCK_STREAM);
    int counter = eventfd(0, 0);
    EXPECT_EQ(refused_reader(SIDING_SOURCE_ACCEPT, blocking, 0, &error), SIDING_EBLOCKS);
    EXPECT_EQ(refused_reader(SIDING_SOURCE_ACCEPT, unconnected, 0, &error), SIDING_EINVALID);
    EXPECT_EQ(refused_reader(SIDING_SOURCE_ACCEPT, counter, 0, &error), SIDING_EINVALID);
    EXPECT_EQ(refused_reader(SIDING_SOURCE_ACCEPT, -1, 0, &error), SIDING_ESYSTEM);
    EXPECT_EQ(error, EBADF);
    host_close(&host);
    close(blocking);
    close(counter);
    close(unconnected);
}

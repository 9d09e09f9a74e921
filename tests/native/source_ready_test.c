/*
 * source_ready_test.c - readiness of descriptors: level, edge and once, several watchers, what is
 * refused, composition.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "source_fixture.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u
#define CLIENTS 64u
#define CLIENT_BYTES (64u << 10)
#define BUFFER_BYTES 4096

static bool make_pair(int out_ends[2]) {
    const int small = BUFFER_BYTES;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, out_ends) == 0 &&
           setsockopt(out_ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0 &&
           setsockopt(out_ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0;
}

static void close_pair(const int ends[2]) {
    close(ends[0]);
    close(ends[1]);
}

/* ---- S1: transfers --------------------------------------------------------------------------- */

/* One end of a connection, and how far it is. */
struct end {
    int descriptor;
    uint32_t to_write;
    uint32_t to_read;
};

static uint8_t byte_at(uint32_t place) {
    return (uint8_t)(place * 31u + place / 251u);
}

/* @return whether anything was written */
static bool write_some(struct end *end) {
    uint8_t bytes[1500];
    uint32_t before = end->to_write;
    while (end->to_write > 0) {
        uint32_t count = end->to_write < sizeof bytes ? end->to_write : (uint32_t)sizeof bytes;
        for (uint32_t i = 0; i < count; i++) {
            bytes[i] = byte_at(CLIENT_BYTES - end->to_write + i);
        }
        ssize_t written = send(end->descriptor, bytes, count, MSG_NOSIGNAL);
        if (written < 0) {
            break;
        }
        end->to_write -= (uint32_t)written;
    }
    return end->to_write != before;
}

/* @return bytes that were not what the other end wrote */
static uint32_t read_some(struct end *end) {
    uint8_t bytes[1500];
    uint32_t wrong = 0;
    for (;;) {
        ssize_t got = recv(end->descriptor, bytes, sizeof bytes, 0);
        if (got <= 0) {
            return wrong;
        }
        for (ssize_t i = 0; i < got; i++) {
            wrong += bytes[i] != byte_at(CLIENT_BYTES - end->to_read + (uint32_t)i);
        }
        end->to_read -= (uint32_t)got;
    }
}

/* The clients, on a thread of their own, until all is done. */
static void *run_clients(void *argument) {
    struct end *ends = argument;
    uint32_t open = CLIENTS;
    uint64_t start_ns = siding_clock_ns();
    while (open > 0 && elapsed_ms(start_ns) < WAIT_MS_MAX) {
        struct pollfd looks[CLIENTS];
        for (uint32_t i = 0; i < CLIENTS; i++) {
            bool is_done = ends[i].to_read == 0 && ends[i].to_write == 0;
            looks[i] = (struct pollfd){.fd = is_done ? -1 : ends[i].descriptor};
            looks[i].events =
                (short)((ends[i].to_read > 0 ? POLLIN : 0) | (ends[i].to_write > 0 ? POLLOUT : 0));
        }
        (void)poll(looks, CLIENTS, 1000);
        open = 0;
        for (uint32_t i = 0; i < CLIENTS; i++) {
            EXPECT_EQ(read_some(&ends[i]), 0);
            (void)write_some(&ends[i]);
            open += ends[i].to_read > 0 || ends[i].to_write > 0;
        }
    }
    EXPECT_EQ(open, 0);
    return NULL;
}

struct transfer {
    struct end servers[CLIENTS];
    struct end clients[CLIENTS];
    uint64_t readers[CLIENTS];
    uint64_t writers[CLIENTS];
    uint32_t writables;
    uint32_t spurious; /* of them, without room */
    uint32_t open;     /* directions */
};

static struct transfer transfer;

static void begin_transfer(uint32_t flags, uint32_t credit, bool is_duplex) {
    transfer = (struct transfer){.open = CLIENTS * (is_duplex ? 2 : 1)};
    for (uint32_t i = 0; i < CLIENTS; i++) {
        int ends[2];
        EXPECT(make_pair(ends));
        uint32_t back = is_duplex ? CLIENT_BYTES : 0;
        transfer.servers[i] = (struct end){ends[0], CLIENT_BYTES, back};
        transfer.clients[i] = (struct end){ends[1], back, CLIENT_BYTES};
        transfer.writers[i] =
            open_ready(&host, CLIENTS + i, ends[0], SIDING_READY_WRITE | flags, credit);
        if (is_duplex) {
            transfer.readers[i] = open_ready(&host, i, ends[0], SIDING_READY_READ | flags, credit);
        }
    }
}

static void serve(const struct siding_event *event, bool is_level) {
    uint32_t i = event->token % CLIENTS;
    bool is_writer = event->token >= CLIENTS;
    struct end *end = &transfer.servers[i];
    uint32_t *left = is_writer ? &end->to_write : &end->to_read;
    if (*left == 0) {
        return; /* an edge that was on its way */
    }
    if (is_writer) {
        transfer.writables++;
        transfer.spurious += !write_some(end);
    } else {
        EXPECT_EQ(read_some(end), 0);
    }
    if (*left == 0) {
        transfer.open--;
        close_source(&host, is_writer ? transfer.writers[i] : transfer.readers[i]);
    } else if (is_level) {
        pull(&host, is_writer ? transfer.writers[i] : transfer.readers[i], 1);
    }
}

static void run_transfer(uint32_t flags, bool is_duplex) {
    REQUIRE(host_open(&host, 2 * CLIENTS));
    bool is_level = (flags & SIDING_SOURCE_EDGE) == 0;
    begin_transfer(flags, is_level ? 1 : UINT32_MAX, is_duplex);
    pthread_t thread;
    pthread_create(&thread, NULL, run_clients, transfer.clients);
    while (transfer.open > 0) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        if (!is_end(event)) {
            serve(event, is_level);
        }
    }
    pthread_join(thread, NULL);
    EXPECT(transfer.spurious * 20 <= transfer.writables);
    printf("     %u writables, %u spurious\n", transfer.writables, transfer.spurious);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        close(transfer.servers[i].descriptor);
        close(transfer.clients[i].descriptor);
    }
    host_close(&host);
}

TEST("S1: 64 duplex sockets, level: all complete, few writables without room") {
    run_transfer(0, true);
}

TEST("S1: 64 duplex sockets, edge: all complete, few writables without room") {
    run_transfer(SIDING_SOURCE_EDGE, true);
}

TEST("S1: 64 sockets written to, level: all complete, few writables without room") {
    run_transfer(0, false);
}

TEST("S1: 64 sockets written to, edge: all complete, few writables without room") {
    run_transfer(SIDING_SOURCE_EDGE, false);
}

/* ---- S1: ends and priority ------------------------------------------------------------------- */

#define MODES 4u
static const uint32_t modes[MODES] = {0, SIDING_SOURCE_EDGE, SIDING_SOURCE_ONCE,
                                      SIDING_SOURCE_EDGE | SIDING_SOURCE_ONCE};

static void close_if_open(uint64_t source, uint32_t mode) {
    if ((mode & SIDING_SOURCE_ONCE) == 0) {
        close_source(&host, source);
    }
    expect_end(&host, TOKEN, SIDING_OK, 0);
}

TEST("S1: a peer that shuts down or closes is seen, level, edge and once") {
    REQUIRE(host_open(&host, 64));
    for (uint32_t i = 0; i < MODES; i++) {
        int ends[2];
        REQUIRE(make_pair(ends));
        uint64_t source = open_ready(&host, TOKEN, ends[0], SIDING_READY_READ | modes[i], 1);
        shutdown(ends[1], SHUT_WR);
        EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ | SIDING_READY_SHUTDOWN);
        close_if_open(source, modes[i]);
        source = open_ready(&host, TOKEN, ends[0], SIDING_READY_PRIORITY | modes[i], 1);
        EXPECT(has_none(&host));
        close(ends[1]);
        EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_HANGUP);
        close_if_open(source, modes[i]);
        close(ends[0]);
    }
    host_close(&host);
}

/* A TCP connection on loopback. */
static bool connect_pair(int out_ends[2]) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size_bytes = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    out_ends[1] = socket(AF_INET, SOCK_STREAM, 0);
    bool made = bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                listen(listener, 1) == 0 &&
                getsockname(listener, (struct sockaddr *)&address, &size_bytes) == 0 &&
                connect(out_ends[1], (struct sockaddr *)&address, sizeof address) == 0;
    out_ends[0] = made ? accept(listener, NULL, NULL) : -1;
    close(listener);
    return made && out_ends[0] >= 0;
}

TEST("S1: priority data are not data") {
    REQUIRE(host_open(&host, 64));
    for (uint32_t i = 0; i < 2; i++) {
        int ends[2];
        REQUIRE(connect_pair(ends));
        uint64_t data = open_ready(&host, TOKEN, ends[0], SIDING_READY_READ | modes[i], 1);
        uint64_t priority =
            open_ready(&host, TOKEN + 1, ends[0], SIDING_READY_PRIORITY | modes[i], 1);
        EXPECT_EQ(send(ends[1], "!", 1, MSG_OOB), 1);
        EXPECT_EQ(next_word(&host, TOKEN + 1), SIDING_READY_PRIORITY);
        settle_poller(&host, TOKEN + 2);
        EXPECT(has_none(&host));
        char byte = 0;
        EXPECT_EQ(recv(ends[0], &byte, 1, MSG_OOB), 1);
        EXPECT_EQ(send(ends[1], "x", 1, 0), 1);
        EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
        close_source(&host, data);
        close_source(&host, priority);
        expect_end(&host, TOKEN, SIDING_OK, 0);
        expect_end(&host, TOKEN + 1, SIDING_OK, 0);
        close_pair(ends);
    }
    host_close(&host);
}

TEST("S1: an edge from before the host has asked is told when it asks") {
    REQUIRE(host_open(&host, 64));
    int descriptor = eventfd(0, EFD_NONBLOCK);
    uint64_t source =
        open_ready(&host, TOKEN, descriptor, SIDING_READY_READ | SIDING_SOURCE_EDGE, 0);
    signal_eventfd(descriptor);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    EXPECT_EQ(siding_source_pull(host.bridge, source, 2), 1);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host)); /* it is still readable, but nothing has changed */
    signal_eventfd(descriptor);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    close(descriptor);
    host_close(&host);
}

/* ---- S2 -------------------------------------------------------------------------------------- */

static void expect_refused(int descriptor, int32_t wanted) {
    int32_t error = 0;
    struct siding_source_options options = ready_options(TOKEN, descriptor, SIDING_READY_READ, 1);
    EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
    EXPECT_EQ(error, wanted);
}

TEST("S2: directories, files, closed and negative descriptors are refused, nothing is left") {
    REQUIRE(host_open(&host, 64));
    uint64_t before_bytes = stats_now().memory_bytes;
    FILE *file = tmpfile();
    REQUIRE(file != NULL);
    int directory = open("/", O_RDONLY | O_DIRECTORY);
    expect_refused(fileno(file), EPERM);
    expect_refused(directory, EPERM);
    int closed = dup(directory);
    close(closed);
    expect_refused(closed, EBADF);
    expect_refused(-1, EBADF);
    expect_refused(INT32_MIN, EBADF);
    struct siding_source_options far = ready_options(TOKEN, 0, SIDING_READY_READ, 1);
    int32_t error = 0;
    far.object = INT64_MAX;
    EXPECT_EQ(refused(&host, &far, &error), SIDING_ESYSTEM);
    EXPECT_EQ(error, EBADF);
    EXPECT_EQ(stats_now().sources, 0);
    EXPECT_EQ(stats_now().memory_bytes, before_bytes);
    /* the token is free */
    int descriptor = eventfd(1, EFD_NONBLOCK);
    uint64_t source = open_ready(&host, TOKEN, descriptor, SIDING_READY_READ, 1);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    close_source(&host, source);
    close(descriptor);
    close(directory);
    (void)fclose(file);
    host_close(&host);
}

/* ---- S3 -------------------------------------------------------------------------------------- */

TEST("S3: several watchers of one descriptor each get what they asked for") {
    REQUIRE(host_open(&host, 64));
    int ends[2];
    REQUIRE(make_pair(ends));
    uint64_t first = open_ready(&host, 1, ends[0], SIDING_READY_READ, 1);
    uint64_t second = open_ready(&host, 2, ends[0], SIDING_READY_READ, 1);
    (void)open_ready(&host, 3, ends[0], SIDING_READY_WRITE, 1);
    EXPECT_EQ(next_word(&host, 3), SIDING_READY_WRITE);
    settle_poller(&host, 9);
    EXPECT(has_none(&host));
    EXPECT_EQ(send(ends[1], "x", 1, 0), 1);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        seen |= 1u << event->token;
        EXPECT_EQ(event_payload(event)[0], SIDING_READY_READ);
    }
    EXPECT_EQ(seen, 6);
    close_source(&host, first);
    expect_end(&host, 1, SIDING_OK, 0);
    pull(&host, second, 1);
    EXPECT_EQ(next_word(&host, 2), SIDING_READY_READ);
    EXPECT(has_none(&host));
    close_pair(ends);
    host_close(&host);
}

TEST("S3: a dup'd descriptor keeps its own watchers") {
    REQUIRE(host_open(&host, 64));
    int ends[2];
    REQUIRE(make_pair(ends));
    int copy = dup(ends[0]);
    uint64_t first = open_ready(&host, 1, ends[0], SIDING_READY_READ, 1);
    uint64_t second = open_ready(&host, 2, copy, SIDING_READY_READ, 1);
    close_source(&host, first);
    expect_end(&host, 1, SIDING_OK, 0);
    close(ends[0]);
    EXPECT_EQ(send(ends[1], "x", 1, 0), 1);
    EXPECT_EQ(next_word(&host, 2), SIDING_READY_READ);
    close_source(&host, second);
    close(copy);
    close(ends[1]);
    host_close(&host);
}

/* ---- S4 -------------------------------------------------------------------------------------- */

TEST("S4: a watcher whose descriptor was closed ends when the number comes back, or is asked") {
    REQUIRE(host_open(&host, 64));
    int ends[2];
    REQUIRE(make_pair(ends));
    int copy = dup(ends[0]); /* the open file lives on */
    uint64_t old = open_ready(&host, 1, ends[0], SIDING_READY_READ | SIDING_READY_WRITE, 0);
    int descriptor = eventfd(0, EFD_NONBLOCK);
    REQUIRE(dup2(descriptor, ends[0]) == ends[0]);
    uint64_t fresh = open_ready(&host, 2, ends[0], SIDING_READY_READ, 1);
    expect_end(&host, 1, SIDING_ESYSTEM, EBADF);
    EXPECT_EQ(siding_source_close(host.bridge, old), SIDING_ESTALE);
    close(ends[1]); /* hangs up the predecessor */
    settle_poller(&host, 9);
    EXPECT(has_none(&host));
    signal_eventfd(descriptor);
    EXPECT_EQ(next_word(&host, 2), SIDING_READY_READ);
    close(ends[0]);
    pull(&host, fresh, 1);
    expect_end(&host, 2, SIDING_ESYSTEM, EBADF);
    close(copy);
    close(descriptor);
    host_close(&host);
}

TEST("S4: a number that comes back with the same open file is watched again") {
    REQUIRE(host_open(&host, 64));
    int descriptor = eventfd(0, EFD_NONBLOCK);
    int copy = dup(descriptor);
    uint64_t first = open_ready(&host, 1, descriptor, SIDING_READY_READ, 1);
    int other = eventfd(0, EFD_NONBLOCK);
    /* the source is closed while its number is another's: the system keeps the old one */
    REQUIRE(dup2(other, descriptor) == descriptor);
    close_source(&host, first);
    expect_end(&host, 1, SIDING_OK, 0);
    REQUIRE(dup2(copy, descriptor) == descriptor);
    (void)open_ready(&host, 2, descriptor, SIDING_READY_READ, 1);
    settle_poller(&host, 9);
    EXPECT(has_none(&host));
    signal_eventfd(copy);
    EXPECT_EQ(next_word(&host, 2), SIDING_READY_READ);
    close(descriptor);
    close(copy);
    close(other);
    host_close(&host);
}

/* ---- S10: foreign descriptors ---------------------------------------------------------------- */

static bool nest(int outer, int inner) {
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) == 0;
}

TEST("S10: epoll descriptors nested as deep as the system allows are watched") {
    REQUIRE(host_open(&host, 64));
    int descriptor = eventfd(0, EFD_NONBLOCK);
    int chain[10];
    int depth = 0;
    int inner = descriptor;
    bool nests = true;
    while (depth < 10 && nests) {
        chain[depth] = epoll_create1(0);
        nests = nest(chain[depth], inner);
        inner = chain[depth];
        depth += nests;
    }
    /* ours is one level more: the outermost that it takes */
    struct siding_source_options options = ready_options(TOKEN, 0, SIDING_READY_READ, 1);
    uint64_t source = 0;
    int32_t error = 0;
    int32_t status = SIDING_ESYSTEM;
    int at = depth;
    while (status < 0 && at > 0) {
        options.object = chain[--at];
        status = siding_source_open(host.bridge, &options, &source, &error);
        EXPECT(status >= 0 || error == ELOOP || error == EINVAL);
    }
    EXPECT(status >= 0);
    printf("     %d levels\n", at + 1);
    EXPECT(at >= 2);
    signal_eventfd(descriptor);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    reset_eventfd(descriptor);
    pull(&host, source, 1);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    signal_eventfd(descriptor);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    close_source(&host, source);
    for (int i = 0; i < depth; i++) {
        close(chain[i]);
    }
    if (!nests) {
        close(inner);
    }
    close(descriptor);
    host_close(&host);
}

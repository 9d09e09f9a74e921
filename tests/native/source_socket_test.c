/*
 * source_socket_test.c - sockets of Windows: readiness, and what reads, accepts and receives.
 */
#include "../../lib/platform/descriptor_io.h"
#include "source_fixture.h"

#include <winsock2.h>
#include <ws2tcpip.h>

static struct host host; /* each test opens and closes it */

#define TOKEN 5u

/* ---- sockets of the loopback device ---------------------------------------------------------- */

static SOCKET new_socket(int type) {
    WSADATA data;
    EXPECT_EQ(WSAStartup(MAKEWORD(2, 2), &data), 0); /* as often as anybody likes */
    SOCKET made = socket(AF_INET, type, 0);
    EXPECT(made != INVALID_SOCKET);
    return made;
}

static struct sockaddr_in address_of(SOCKET of) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    int size_bytes = sizeof address;
    EXPECT_EQ(getsockname(of, (struct sockaddr *)&address, &size_bytes), 0);
    return address;
}

static SOCKET bound_socket(int type) {
    SOCKET made = new_socket(type);
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(made, (const struct sockaddr *)&address, sizeof address), 0);
    return made;
}

static SOCKET listening_socket(void) {
    SOCKET listener = bound_socket(SOCK_STREAM);
    EXPECT_EQ(listen(listener, 100), 0);
    return listener;
}

static SOCKET connect_to(SOCKET listener) {
    SOCKET client = new_socket(SOCK_STREAM);
    struct sockaddr_in address = address_of(listener);
    EXPECT_EQ(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    return client;
}

static void make_pair(SOCKET out_ends[2]) {
    SOCKET listener = listening_socket();
    out_ends[1] = connect_to(listener);
    out_ends[0] = accept(listener, NULL, NULL);
    EXPECT(out_ends[0] != INVALID_SOCKET);
    EXPECT_EQ(closesocket(listener), 0);
}

static void close_pair(const SOCKET ends[2]) {
    EXPECT_EQ(closesocket(ends[0]), 0);
    EXPECT_EQ(closesocket(ends[1]), 0);
}

static void send_text(SOCKET to, const char *text) {
    EXPECT_EQ(send(to, text, (int)strlen(text), 0), (int)strlen(text));
}

/* Closes a connection so that its peer finds it reset. */
static void close_with_reset(SOCKET end) {
    const struct linger now = {.l_onoff = 1};
    EXPECT_EQ(setsockopt(end, SOL_SOCKET, SO_LINGER, (const char *)&now, sizeof now), 0);
    EXPECT_EQ(closesocket(end), 0);
}

/* ---- sources --------------------------------------------------------------------------------- */

static uint64_t open_conditions(uint32_t token, SOCKET of, uint32_t flags, uint32_t credit) {
    return open_ready(&host, token, number_of((HANDLE)of), flags, credit);
}

static uint64_t open_reader(uint32_t kind, SOCKET of, uint32_t limit_bytes, uint32_t credit) {
    struct siding_source_options options = plain_options(kind, TOKEN, (int64_t)of, credit);
    options.limit_bytes = limit_bytes;
    return open_source(&host, &options);
}

static void finish_source(uint64_t source, uint32_t token) {
    close_source(&host, source);
    expect_end(&host, token, SIDING_OK, 0);
}

/* The next event is an item. @return its payload, or NULL */
static const uint64_t *next_item(void) {
    const struct siding_event *event = host_next(&host);
    EXPECT(event != NULL && !is_end(event) && event->token == TOKEN);
    return event == NULL || is_end(event) ? NULL : event_payload(event);
}

static bool next_is(const char *text) {
    const uint64_t *payload = next_item();
    return payload != NULL && payload[0] == strlen(text) &&
           memcmp(payload + 1, text, strlen(text)) == 0;
}

/* ---- S1 -------------------------------------------------------------------------------------- */

TEST("S1: a connection is readable while there is something to read") {
    SOCKET ends[2];
    REQUIRE(host_open(&host, 64));
    make_pair(ends);
    uint64_t source = open_conditions(TOKEN, ends[0], SIDING_READY_READ, 1);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    send_text(ends[1], "x");
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    pull(&host, source, 1);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    char byte = 0;
    EXPECT_EQ(recv(ends[0], &byte, 1, 0), 1);
    pull(&host, source, 1);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    send_text(ends[1], "y");
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    finish_source(source, TOKEN);
    close_pair(ends);
    host_close(&host);
}

TEST("S1: a connection is writable while there is room, and both are told apart") {
    static char bytes[65536];
    SOCKET ends[2];
    u_long is_nonblocking = 1;
    REQUIRE(host_open(&host, 64));
    make_pair(ends);
    EXPECT_EQ(ioctlsocket(ends[0], (long)FIONBIO, &is_nonblocking), 0);
    uint64_t reads = open_conditions(1, ends[0], SIDING_READY_READ, 1);
    uint64_t writes = open_conditions(2, ends[0], SIDING_READY_WRITE, 1);
    EXPECT_EQ(next_word(&host, 2), SIDING_READY_WRITE);
    uint64_t sent = 0;
    int got = 0;
    while ((got = send(ends[0], bytes, sizeof bytes, 0)) > 0) {
        sent += (uint64_t)got;
    }
    pull(&host, writes, 1);
    settle_poller(&host, TOKEN);
    EXPECT(has_none(&host));
    while (sent > 0 && (got = recv(ends[1], bytes, sizeof bytes, 0)) > 0) {
        sent -= (uint64_t)got;
    }
    EXPECT_EQ(next_word(&host, 2), SIDING_READY_WRITE);
    send_text(ends[1], "x");
    EXPECT_EQ(next_word(&host, 1), SIDING_READY_READ);
    finish_source(reads, 1);
    finish_source(writes, 2);
    close_pair(ends);
    host_close(&host);
}

TEST("S1: a peer that shuts down or closes is seen, waited for or asked") {
    for (uint32_t pass = 0; pass < 2; pass++) {
        SOCKET ends[2];
        REQUIRE(host_open(&host, 64));
        make_pair(ends);
        uint64_t source = open_conditions(TOKEN, ends[0], SIDING_READY_READ, 1 - pass);
        settle_poller(&host, TOKEN + 1);
        EXPECT_EQ(shutdown(ends[1], SD_SEND), 0);
        for (uint32_t i = 0; i < 2; i++) {
            pull(&host, source, 1); /* the first time it may have been asked before */
            EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ | SIDING_READY_SHUTDOWN);
        }
        EXPECT_EQ(closesocket(ends[1]), 0);
        pull(&host, source, 1);
        EXPECT(next_word(&host, TOKEN) & SIDING_READY_READ);
        finish_source(source, TOKEN);
        EXPECT_EQ(closesocket(ends[0]), 0);
        host_close(&host);
    }
}

TEST("S1: a listener is readable when a connection waits") {
    REQUIRE(host_open(&host, 64));
    SOCKET listener = listening_socket();
    (void)open_conditions(TOKEN, listener, SIDING_READY_READ | SIDING_SOURCE_ONCE, 1);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    SOCKET client = connect_to(listener);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT_EQ(closesocket(client), 0);
    EXPECT_EQ(closesocket(listener), 0);
    host_close(&host);
}

/* ---- S2, S4 ---------------------------------------------------------------------------------- */

TEST("S2: edges are refused, and numbers that are closed") {
    REQUIRE(host_open(&host, 64));
    SOCKET made = new_socket(SOCK_STREAM);
    int32_t error = 0;
    struct siding_source_options options =
        ready_options(TOKEN, number_of((HANDLE)made), SIDING_READY_READ | SIDING_SOURCE_EDGE, 1);
    EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
    EXPECT_EQ(error, ENOTSUP);
    EXPECT_EQ(closesocket(made), 0);
    options = ready_options(TOKEN, number_of((HANDLE)made), SIDING_READY_READ, 1);
    EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
    EXPECT_EQ(error, EBADF);
    host_close(&host);
}

TEST("S4: a socket that is closed under its source is told") {
    SOCKET ends[2];
    REQUIRE(host_open(&host, 64));
    make_pair(ends);
    uint64_t source = open_conditions(TOKEN, ends[0], SIDING_READY_READ, 1);
    settle_poller(&host, TOKEN + 1);
    EXPECT_EQ(closesocket(ends[0]), 0);
    EXPECT(next_word(&host, TOKEN) & SIDING_READY_HANGUP);
    EXPECT(siding_source_pull(host.bridge, source, 1) >= 0);
    expect_end(&host, TOKEN, SIDING_ESYSTEM, EBADF);
    EXPECT_EQ(closesocket(ends[1]), 0);
    host_close(&host);
}

#define MANY 200u

TEST("S4: of 200 sockets watched and closed at once none tells anything afterwards") {
    static SOCKET ends[MANY][2];
    static uint64_t sources[MANY];
    REQUIRE(host_open(&host, 2 * MANY));
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < MANY; i++) {
            make_pair(ends[i]);
            sources[i] = open_conditions(i, ends[i][0], SIDING_READY_READ, 1);
        }
        for (uint32_t i = 0; i < MANY; i++) {
            send_text(ends[i][1], "x");
            close_source(&host, sources[i]);
        }
        uint32_t ended = 0;
        uint32_t told = 0;
        while (ended < MANY) {
            const struct siding_event *event = host_next(&host);
            REQUIRE(event != NULL);
            told += !is_end(event);
            ended += is_end(event);
        }
        EXPECT_EQ(told, 0); /* nothing was drained before the end */
        settle_poller(&host, MANY);
        EXPECT(has_none(&host));
        for (uint32_t i = 0; i < MANY; i++) {
            close_pair(ends[i]);
        }
    }
    EXPECT_EQ(stats_now().sources, 0);
    host_close(&host);
}

/* ---- S12: reading ---------------------------------------------------------------------------- */

TEST("S12: a read gives what there is, at most its limit, also from a socket that blocks") {
    SOCKET ends[2];
    REQUIRE(host_open(&host, 64));
    make_pair(ends);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], 4, 16);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    send_text(ends[1], "abcdef");
    EXPECT(next_is("abcd"));
    EXPECT(next_is("ef"));
    send_text(ends[1], "g");
    EXPECT(next_is("g"));
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    send_text(ends[1], "end");
    EXPECT_EQ(shutdown(ends[1], SD_SEND), 0);
    EXPECT(next_is("end"));
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT_EQ(siding_source_close(host.bridge, source), SIDING_ESTALE);
    close_pair(ends);
    host_close(&host);
}

TEST("S12: exact items are the stream in order, across single bytes") {
    SOCKET ends[2];
    REQUIRE(host_open(&host, 64));
    make_pair(ends);
    uint64_t source = open_reader(SIDING_SOURCE_EXACT, ends[0], 4, 16);
    for (const char *at = "abcdefgh"; *at != '\0'; at++) {
        EXPECT_EQ(send(ends[1], at, 1, 0), 1);
    }
    EXPECT(next_is("abcd"));
    EXPECT(next_is("efgh"));
    finish_source(source, TOKEN);
    close_pair(ends);
    host_close(&host);
}

TEST("S12: a reset connection ends its source with the error") {
    SOCKET ends[2];
    REQUIRE(host_open(&host, 64));
    make_pair(ends);
    (void)open_reader(SIDING_SOURCE_READ, ends[0], 64, 16);
    settle_poller(&host, TOKEN + 1);
    close_with_reset(ends[1]);
    expect_end(&host, TOKEN, SIDING_ESYSTEM, ECONNRESET);
    EXPECT_EQ(closesocket(ends[0]), 0);
    host_close(&host);
}

TEST("S14: without credit nothing is read, and nothing is lost") {
    SOCKET ends[2];
    REQUIRE(host_open(&host, 64));
    make_pair(ends);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], 64, 0);
    send_text(ends[1], "kept");
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    char bytes[8];
    EXPECT_EQ(recv(ends[0], bytes, sizeof bytes, MSG_PEEK), 4);
    pull(&host, source, 1);
    EXPECT(next_is("kept"));
    send_text(ends[1], "later");
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    pull(&host, source, 1);
    EXPECT(next_is("later"));
    finish_source(source, TOKEN);
    close_pair(ends);
    host_close(&host);
}

static enum siding_io_way way_of(SOCKET of) {
    struct siding_io_nature nature = {0};
    EXPECT_EQ(siding_io_look((int)of, &nature), 0);
    return nature.way;
}

TEST("S12: what is read never blocks may be read in the poller's place, what may block not") {
    SOCKET ends[2];
    make_pair(ends);
    SOCKET listener = listening_socket();
    SOCKET receiver = bound_socket(SOCK_DGRAM);
    SOCKET blocking = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, 0);
    EXPECT_EQ(way_of(ends[0]), SIDING_IO_SOCKET);
    EXPECT_EQ(way_of(receiver), SIDING_IO_SOCKET);
    EXPECT_EQ(way_of(listener), SIDING_IO_PLAIN);
    EXPECT_EQ(way_of(blocking), SIDING_IO_BLOCKS);
    EXPECT_EQ(closesocket(blocking), 0);
    EXPECT_EQ(closesocket(receiver), 0);
    EXPECT_EQ(closesocket(listener), 0);
    close_pair(ends);
}

#define SPIN_NS 1000000u /* the longest */
#define MESSAGES ROUNDS(1000u)

/* Sends back what comes until the peer closes. */
static void *echo(void *argument) {
    SOCKET end = *(SOCKET *)argument;
    uint32_t number;
    while (recv(end, (char *)&number, sizeof number, MSG_WAITALL) == sizeof number) {
        EXPECT_EQ(send(end, (const char *)&number, sizeof number, 0), sizeof number);
    }
    return NULL;
}

/* Waits on the spot, again and again, until there is an event. */
static const struct siding_event *await_event(void) {
    const uint64_t since_ns = siding_clock_ns();
    while (host.at_words == host.used_words) {
        int32_t words = siding_bridge_await(host.bridge, host.events,
                                            sizeof host.events / sizeof host.events[0], SPIN_NS);
        EXPECT(words >= 0);
        if (words < 0 || elapsed_ms(since_ns) > WAIT_MS_MAX) {
            return NULL;
        }
        host.at_words = 0;
        host.used_words = (uint32_t)words & ~(uint32_t)SIDING_DRAIN_MORE;
    }
    return host_take(&host);
}

TEST("a message and its answer go to and fro on the spot") {
    SOCKET ends[2];
    pthread_t thread;
    REQUIRE(host_open(&host, 64));
    make_pair(ends);
    pthread_create(&thread, NULL, echo, &ends[0]);
    uint64_t source = open_reader(SIDING_SOURCE_EXACT, ends[1], sizeof(uint32_t), 64);
    uint64_t start_ns = siding_clock_ns();
    for (uint32_t number = 0; number < MESSAGES; number++) {
        EXPECT_EQ(send(ends[1], (const char *)&number, sizeof number, 0), sizeof number);
        const struct siding_event *event = await_event();
        REQUIRE(event != NULL && !is_end(event));
        EXPECT_EQ((uint32_t)event_payload(event)[1], number);
        pull(&host, source, 1);
    }
    printf("     %u messages in %u ms\n", MESSAGES, (unsigned)elapsed_ms(start_ns));
    finish_source(source, TOKEN);
    EXPECT_EQ(shutdown(ends[1], SD_BOTH), 0);
    pthread_join(thread, NULL);
    close_pair(ends);
    host_close(&host);
}

/* ---- S12: accepting -------------------------------------------------------------------------- */

TEST("S12: connections are accepted with their addresses, non-blocking, from a blocking listener") {
    REQUIRE(host_open(&host, 64));
    SOCKET listener = listening_socket();
    uint64_t source = open_reader(SIDING_SOURCE_ACCEPT, listener, 0, 16);
    settle_poller(&host, TOKEN + 1);
    for (uint32_t i = 0; i < 3; i++) {
        SOCKET client = connect_to(listener);
        const uint64_t *payload = next_item();
        REQUIRE(payload != NULL && payload[1] >= sizeof(struct sockaddr_in));
        struct sockaddr_in from;
        memcpy(&from, payload + 2, sizeof from);
        EXPECT_EQ(from.sin_port, address_of(client).sin_port);
        SOCKET connection = (SOCKET)payload[0];
        char byte;
        EXPECT_EQ(recv(connection, &byte, 1, 0), SOCKET_ERROR);
        EXPECT_EQ(WSAGetLastError(), WSAEWOULDBLOCK);
        int32_t error = 0;
        EXPECT_EQ(siding_descriptor_close((int32_t)connection, &error), SIDING_OK);
        EXPECT_EQ(recv(client, &byte, 1, 0), 0);
        EXPECT_EQ(closesocket(client), 0);
    }
    finish_source(source, TOKEN);
    EXPECT_EQ(closesocket(listener), 0);
    host_close(&host);
}

TEST("S12: connections that nobody took are closed with their source") {
    REQUIRE(host_open(&host, 64));
    SOCKET listener = listening_socket();
    uint64_t source = open_reader(SIDING_SOURCE_ACCEPT, listener, 0, 16);
    SOCKET client = connect_to(listener);
    EXPECT(wake_await(&host.wake, (int)WAIT_MS_MAX)); /* it was accepted, and not drained */
    finish_source(source, TOKEN);
    char byte;
    EXPECT_EQ(recv(client, &byte, 1, 0), 0);
    EXPECT_EQ(closesocket(client), 0);
    EXPECT_EQ(closesocket(listener), 0);
    host_close(&host);
}

/* ---- S12: receiving -------------------------------------------------------------------------- */

TEST("S12: datagrams come whole, with their senders, and say what was cut off") {
    REQUIRE(host_open(&host, 64));
    SOCKET receiver = bound_socket(SOCK_DGRAM);
    SOCKET sender = bound_socket(SOCK_DGRAM);
    struct sockaddr_in to = address_of(receiver);
    uint64_t source = open_reader(SIDING_SOURCE_RECEIVE, receiver, 8, 16);
    settle_poller(&host, TOKEN + 1);
    const char *const texts[] = {"one", "", "much too long"};
    for (uint32_t i = 0; i < 3; i++) {
        int length = (int)strlen(texts[i]);
        EXPECT_EQ(sendto(sender, texts[i], length, 0, (const struct sockaddr *)&to, sizeof to),
                  length);
        const uint64_t *payload = next_item();
        REQUIRE(payload != NULL);
        uint64_t kept = length < 8 ? (uint64_t)length : 8;
        EXPECT(payload[0] == (uint64_t)length || (i == 2 && payload[0] == UINT64_MAX));
        EXPECT_EQ(payload[1], sizeof(struct sockaddr_in));
        EXPECT_EQ(((const struct sockaddr_in *)(payload + 2))->sin_port,
                  address_of(sender).sin_port);
        const uint64_t *tail = payload + 2 + sizeof(struct sockaddr_in) / 8;
        EXPECT_EQ(tail[0], kept);
        EXPECT_EQ(memcmp(tail + 1, texts[i], kept), 0);
    }
    finish_source(source, TOKEN);
    EXPECT_EQ(closesocket(receiver), 0);
    EXPECT_EQ(closesocket(sender), 0);
    host_close(&host);
}

/* Sends to where nobody is: the answer of the system is an error of the sender's next receive. */
static void send_in_vain(SOCKET sender) {
    SOCKET absent = bound_socket(SOCK_DGRAM);
    struct sockaddr_in to = address_of(absent);
    EXPECT_EQ(closesocket(absent), 0);
    EXPECT_EQ(sendto(sender, "x", 1, 0, (const struct sockaddr *)&to, sizeof to), 1);
}

static void outlives_unreachable(uint32_t kind) {
    REQUIRE(host_open(&host, 64));
    SOCKET receiver = bound_socket(SOCK_DGRAM);
    SOCKET sender = bound_socket(SOCK_DGRAM);
    struct sockaddr_in to = address_of(receiver);
    uint64_t source = open_reader(kind, receiver, 8, 16);
    settle_poller(&host, TOKEN + 1);
    send_in_vain(receiver);
    settle_poller(&host, TOKEN + 1);
    EXPECT_EQ(sendto(sender, "after", 5, 0, (const struct sockaddr *)&to, sizeof to), 5);
    EXPECT(next_item() != NULL);
    finish_source(source, TOKEN);
    EXPECT_EQ(closesocket(receiver), 0);
    EXPECT_EQ(closesocket(sender), 0);
    host_close(&host);
}

TEST("S12: a read of datagrams goes on where one that was sent found nobody") {
    outlives_unreachable(SIDING_SOURCE_READ);
}

TEST("S12: a receiver of datagrams goes on where one that was sent found nobody") {
    outlives_unreachable(SIDING_SOURCE_RECEIVE);
}

TEST("S12: kinds that do not fit a socket are refused") {
    SOCKET ends[2];
    REQUIRE(host_open(&host, 64));
    make_pair(ends);
    int32_t error = 0;
    struct siding_source_options options =
        plain_options(SIDING_SOURCE_ACCEPT, TOKEN, (int64_t)ends[0], 1);
    EXPECT_EQ(refused(&host, &options, &error), SIDING_EINVALID);
    options = plain_options(SIDING_SOURCE_RECEIVE, TOKEN, (int64_t)ends[0], 1);
    options.limit_bytes = 64;
    EXPECT_EQ(refused(&host, &options, &error), SIDING_EINVALID);
    SOCKET blocking = WSASocketW(AF_INET, SOCK_DGRAM, 0, NULL, 0, 0);
    options = plain_options(SIDING_SOURCE_READ, TOKEN, (int64_t)blocking, 1);
    options.limit_bytes = 64;
    EXPECT_EQ(refused(&host, &options, &error), SIDING_EBLOCKS);
    EXPECT_EQ(closesocket(blocking), 0);
    HANDLE event = new_event(false);
    options = plain_options(SIDING_SOURCE_READ, TOKEN, number_of(event), 1);
    options.limit_bytes = 64;
    EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
    EXPECT_EQ(error, EPERM);
    EXPECT(CloseHandle(event));
    close_pair(ends);
    host_close(&host);
}

/*
 * preread_receive_test.c - sources that receive datagrams: senders, sizes, many at once.
 */
#include <stddef.h>

#include "preread_fixture.h"

#define KIB 1024u
#define FLOOD 4000u
#define BURST 100u

struct received {
    uint64_t true_bytes;
    uint64_t size_bytes;
    uint64_t address_bytes;
    const uint8_t *address;
    const uint8_t *data;
};

/* The words of the last event, a block's or its own. */
static uint64_t page[4 * KIB * KIB / 8];
static uint64_t page_words;
static uint64_t page_at;

static bool next_page(void) {
    const struct siding_event *event = NULL;
    const uint64_t *payload = next_item(&event);
    page_at = page_words = 0;
    if (payload == NULL) {
        return false;
    }
    if (event->flags & SIDING_EVENT_BLOCK) {
        EXPECT(payload[1] <= sizeof page && payload[1] % 8 == 0);
        EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)payload[0], page, payload[1]),
                  SIDING_OK);
        page_words = payload[1] / 8;
    } else {
        page_words = event->words - SIDING_EVENT_WORDS;
        memcpy(page, payload, page_words * 8);
    }
    return true;
}

static const uint8_t *take_tail(uint64_t *out_size_bytes) {
    *out_size_bytes = page[page_at++];
    const uint8_t *bytes = (const uint8_t *)(page + page_at);
    page_at += (*out_size_bytes + 7) / 8;
    return bytes;
}

/* @return false, and the test fails: none came */
static bool next_datagram(struct received *out) {
    if (page_at == page_words && !next_page()) {
        return false;
    }
    out->true_bytes = page[page_at++];
    out->address = take_tail(&out->address_bytes);
    out->data = take_tail(&out->size_bytes);
    return harness_expect(page_at <= page_words, __FILE__, __LINE__, "the page is whole");
}

static void send_to(int from, int to, const void *bytes, size_t size_bytes) {
    struct sockaddr_in address = address_of(to);
    EXPECT_EQ(sendto(from, bytes, size_bytes, 0, (const struct sockaddr *)&address, sizeof address),
              (ssize_t)size_bytes);
}

TEST("S12: datagrams come whole, with their senders, an empty one too") {
    struct received got;
    REQUIRE(host_open(&host, CALLS_MAX));
    int inlet = bound_socket(SOCK_DGRAM);
    int sender = bound_socket(SOCK_DGRAM);
    uint64_t source = open_reader(SIDING_SOURCE_RECEIVE, inlet, 2 * KIB, 4);
    send_to(sender, inlet, "first", 5);
    send_to(sender, inlet, "", 0);
    REQUIRE(next_datagram(&got));
    EXPECT(got.true_bytes == 5 && got.size_bytes == 5 && memcmp(got.data, "first\0\0\0", 8) == 0);
    EXPECT_EQ(got.address_bytes, sizeof(struct sockaddr_in));
    struct sockaddr_in expected = address_of(sender);
    EXPECT(memcmp(got.address, &expected, offsetof(struct sockaddr_in, sin_zero)) == 0);
    REQUIRE(next_datagram(&got));
    EXPECT(got.true_bytes == 0 && got.size_bytes == 0);
    finish_reader(source);
    close(inlet);
    close(sender);
}

TEST("S12: one that is too long is cut off, and its true size told") {
    static const char text[100] = "0123456789";
    struct received got;
    REQUIRE(host_open(&host, CALLS_MAX));
    int inlet = bound_socket(SOCK_DGRAM);
    uint64_t source = open_reader(SIDING_SOURCE_RECEIVE, inlet, 9, 4);
    send_to(inlet, inlet, text, sizeof text);
    REQUIRE(next_datagram(&got));
    EXPECT_EQ(got.true_bytes, sizeof text);
    EXPECT_EQ(got.size_bytes, 9);
    EXPECT(memcmp(got.data, "012345678\0\0\0\0\0\0\0", 16) == 0);
    finish_reader(source);
    close(inlet);
}

TEST("S12: without credit datagrams wait; a page then holds many, and nothing is lost") {
    struct received got;
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    uint64_t source = open_reader(SIDING_SOURCE_RECEIVE, ends[0], 64, 0);
    uint64_t sent = 0;
    uint64_t data[8] = {0};
    while (sent < BURST && send(ends[1], data, sizeof data, MSG_DONTWAIT) == sizeof data) {
        data[0] = ++sent;
    }
    pull(&host, source, BURST);
    for (uint64_t i = 0; i < sent; i++) {
        REQUIRE(next_datagram(&got));
        uint64_t number;
        memcpy(&number, got.data, sizeof number);
        EXPECT_EQ(number, i);
        EXPECT_EQ(got.size_bytes, sizeof data);
        EXPECT_EQ(got.address_bytes, 0);
    }
    struct siding_source_stats stats = {.size_bytes = sizeof stats};
    EXPECT_EQ(siding_source_stats_read(host.bridge, source, &stats), SIDING_OK);
    EXPECT_EQ(stats.events, (sent + 63) / 64);
    EXPECT_EQ(stats.bytes, sent * sizeof data);
    finish_reader(source);
    close_both(ends);
}

TEST("long datagrams make a page that is a block") {
    static uint8_t data[60 * KIB];
    struct received got;
    REQUIRE(host_open(&host, CALLS_MAX));
    int inlet = bound_socket(SOCK_DGRAM);
    int sender = bound_socket(SOCK_DGRAM);
    uint64_t source = open_reader(SIDING_SOURCE_RECEIVE, inlet, 64 * KIB, 4);
    memset(data, 'x', sizeof data);
    for (int i = 0; i < 3; i++) {
        data[0] = (uint8_t)i;
        send_to(sender, inlet, data, sizeof data);
    }
    for (int i = 0; i < 3; i++) {
        REQUIRE(next_datagram(&got));
        EXPECT_EQ(got.size_bytes, sizeof data);
        EXPECT(got.data[0] == i && memcmp(got.data + 1, data + 1, sizeof data - 1) == 0);
    }
    finish_reader(source);
    close(inlet);
    close(sender);
}

TEST("a limit beyond all datagrams is served, and its memory given back") {
    struct received got;
    REQUIRE(host_open(&host, CALLS_MAX));
    uint64_t held_bytes = stats_now().memory_bytes;
    int inlet = bound_socket(SOCK_DGRAM);
    uint64_t source = open_reader(SIDING_SOURCE_RECEIVE, inlet, SIDING_PREREAD_BYTES_MAX, 4);
    send_to(inlet, inlet, "small", 5);
    REQUIRE(next_datagram(&got));
    EXPECT(got.size_bytes == 5 && memcmp(got.data, "small", 5) == 0);
    settle();
    EXPECT(stats_now().memory_bytes < held_bytes + 64 * KIB);
    finish_reader(source);
    close(inlet);
}

struct sender {
    int descriptor;
    uint32_t count;
};

/* A datagram of the local domain waits for room: none is dropped. */
static void *send_numbers(void *argument) {
    const struct sender *sender = argument;
    for (uint32_t i = 0; i < sender->count; i++) {
        uint32_t data[16] = {i};
        EXPECT_EQ(send(sender->descriptor, data, 4 + i % 60, 0), 4 + i % 60);
    }
    return NULL;
}

TEST("S14: a flood of datagrams comes in order, whatever the host's pace") {
    int ends[2];
    pthread_t thread;
    struct received got;
    REQUIRE(host_open(&host, CALLS_MAX) && socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    struct sender sender = {ends[1], ROUNDS(FLOOD)};
    uint64_t source = open_reader(SIDING_SOURCE_RECEIVE, ends[0], 64, 1);
    REQUIRE(pthread_create(&thread, NULL, send_numbers, &sender) == 0);
    for (uint32_t i = 0; i < sender.count; i++) {
        REQUIRE(next_datagram(&got));
        uint32_t number;
        memcpy(&number, got.data, sizeof number);
        EXPECT_EQ(number, i);
        EXPECT_EQ(got.size_bytes, 4 + i % 60);
        if (page_at == page_words) {
            pull(&host, source, 1);
        }
    }
    pthread_join(thread, NULL);
    finish_reader(source);
    close_both(ends);
}

TEST("S12: a sequence of packets ends, after the last one") {
    int ends[2];
    struct received got;
    REQUIRE(host_open(&host, CALLS_MAX) && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    open_reader(SIDING_SOURCE_RECEIVE, ends[0], 64, 4);
    send_text(ends[1], "one");
    send_text(ends[1], "two");
    close(ends[1]);
    for (int i = 0; i < 2; i++) {
        REQUIRE(next_datagram(&got));
        EXPECT(got.size_bytes == 3 && memcmp(got.data, i == 0 ? "one" : "two", 3) == 0);
    }
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
    close(ends[0]);
}

TEST("S12: an error of the socket ends it, with errno") {
    REQUIRE(host_open(&host, CALLS_MAX));
    int nobody = bound_socket(SOCK_DGRAM);
    int inlet = bound_socket(SOCK_DGRAM);
    connect_to(inlet, nobody);
    close(nobody);
    open_reader(SIDING_SOURCE_RECEIVE, inlet, 64, 4);
    EXPECT_EQ(send(inlet, "x", 1, 0), 1); /* to a port that is closed */
    expect_end(&host, TOKEN, SIDING_ESYSTEM, ECONNREFUSED);
    host_close(&host);
    close(inlet);
}

TEST("what has no datagrams, or no size, is refused") {
    int32_t error;
    int ends[2];
    int stream[2];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0);
    int inlet = bound_socket(SOCK_DGRAM);
    const struct {
        int64_t object;
        uint32_t limit_bytes;
        int32_t status;
    } cases[] = {
        {inlet, 0, SIDING_EINVALID},     {inlet, SIDING_PREREAD_BYTES_MAX + 1, SIDING_EINVALID},
        {ends[0], 64, SIDING_EINVALID},  {stream[0], 64, SIDING_EINVALID},
        {INT64_MIN, 64, SIDING_ESYSTEM}, {INT32_MAX, 64, SIDING_ESYSTEM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT_EQ(
            refused_reader(SIDING_SOURCE_RECEIVE, cases[i].object, cases[i].limit_bytes, &error),
            cases[i].status);
    }
    host_close(&host);
    close_both(ends);
    close_both(stream);
    close(inlet);
}

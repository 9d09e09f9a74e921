/*
 * preread_fixture.h - what the tests of sources that read share.
 */
#ifndef SIDING_TESTS_PREREAD_FIXTURE_H
#define SIDING_TESTS_PREREAD_FIXTURE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "source_fixture.h"

#define TOKEN 1
#define CALLS_MAX 16

static struct host host;

/* @return its handle; 0, and the test fails: it was refused */
static inline uint64_t open_reader(uint32_t kind, int descriptor, uint32_t limit_bytes,
                                   uint32_t credit) {
    struct siding_source_options options = plain_options(kind, TOKEN, descriptor, credit);
    options.limit_bytes = limit_bytes;
    return open_source(&host, &options);
}

/* @return the status with which it is refused */
static inline int32_t refused_reader(uint32_t kind, int64_t descriptor, uint32_t limit_bytes,
                                     int32_t *out_error) {
    struct siding_source_options options = plain_options(kind, TOKEN, descriptor, 1);
    options.limit_bytes = limit_bytes;
    return refused(&host, &options, out_error);
}

/* The next event of TOKEN, which is none but an item. @return its payload, or NULL */
static inline const uint64_t *next_item(const struct siding_event **out_event) {
    const struct siding_event *event = host_next(&host);
    EXPECT(event != NULL);
    if (event == NULL) {
        return NULL;
    }
    EXPECT_EQ(event->token, TOKEN);
    EXPECT_EQ(event->status, SIDING_OK);
    EXPECT(!is_end(event));
    *out_event = event;
    return is_end(event) ? NULL : event_payload(event);
}

/* Copies the bytes of the next item out. @return how many; UINT64_MAX: it was the wrong event */
static inline uint64_t next_bytes(void *out, uint64_t capacity_bytes) {
    const struct siding_event *event = NULL;
    const uint64_t *payload = next_item(&event);
    if (payload == NULL) {
        return UINT64_MAX;
    }
    bool is_block = (event->flags & SIDING_EVENT_BLOCK) != 0;
    uint64_t size_bytes = payload[is_block ? 1 : 0];
    EXPECT(size_bytes <= capacity_bytes);
    if (is_block) {
        EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 2);
        EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)payload[0], out, size_bytes), SIDING_OK);
    } else {
        EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 1 + (size_bytes + 7) / 8);
        memcpy(out, payload + 1, size_bytes);
    }
    return size_bytes;
}

/* @return whether the next item is this text */
static inline bool next_is(const char *text) {
    char bytes[64];
    uint64_t size_bytes = next_bytes(bytes, sizeof bytes);
    return size_bytes == strlen(text) && memcmp(bytes, text, size_bytes) == 0;
}

static inline void send_text(int descriptor, const char *text) {
    EXPECT_EQ(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
}

static inline void close_both(const int ends[2]) {
    close(ends[0]);
    close(ends[1]);
}

/* The poller has done all that was known to it before. The events of the host stay where they are:
   this one has a bridge of its own. */
static inline void settle(void) {
    static struct host aside;
    EXPECT(host_open(&aside, CALLS_MAX));
    settle_poller(&aside, TOKEN);
    host_close(&aside);
}

/* Ends the source, and the host, with nothing left behind. */
static inline void finish_reader(uint64_t source) {
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
}

/* ---- sockets of the loopback device ---------------------------------------------------------- */

static inline struct sockaddr_in address_of(int descriptor) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size_bytes = sizeof address;
    EXPECT_EQ(getsockname(descriptor, (struct sockaddr *)&address, &size_bytes), 0);
    return address;
}

/* Without one no test makes sense. */
static inline int new_socket(int domain, int type) {
    int descriptor = socket(domain, type | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        perror("socket");
        abort();
    }
    return descriptor;
}

/* @return a socket with a port of its own */
static inline int bound_socket(int type) {
    int descriptor = new_socket(AF_INET, type);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    EXPECT_EQ(bind(descriptor, (const struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

static inline int listening_socket(int flags) {
    int listener = bound_socket(SOCK_STREAM | flags);
    EXPECT_EQ(listen(listener, 256), 0);
    return listener;
}

static inline void connect_to(int client, int listener) {
    struct sockaddr_in address = address_of(listener);
    EXPECT_EQ(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
}

/* Closes a connection so that its peer finds it reset. */
static inline void close_with_reset(int descriptor) {
    const struct linger now = {.l_onoff = 1};
    EXPECT_EQ(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(descriptor);
}

#endif

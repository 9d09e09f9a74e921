/*
 * preread_bytes_test.c - sources that read bytes: as many as there are, or exactly so many; their
 * ends, their errors, and who asks for no more.
 */
#include <sys/inotify.h>

#include "preread_fixture.h"

#define KIB 1024u
#define LARGE_BYTES (300u * KIB)
#define FLOOD_BYTES (4u << 20)

/* Whatever is written at an offset of a stream can be checked at any other time. */
static uint8_t byte_at(uint64_t offset) {
    return (uint8_t)(offset * 31 + (offset >> 8) * 7);
}

static bool is_pattern(const uint8_t *bytes, uint64_t size_bytes, uint64_t from) {
    for (uint64_t i = 0; i < size_bytes; i++) {
        if (bytes[i] != byte_at(from + i)) {
            return false;
        }
    }
    return true;
}

/* ---- reads ----------------------------------------------------------------------------------- */

TEST("S12: a read gives what there is, at most its limit, and nothing else") {
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
    send_text(ends[1], "hello");
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], 8, 16);
    EXPECT(next_is("hello"));
    send_text(ends[1], "0123456789");
    EXPECT(next_is("01234567"));
    EXPECT(next_is("89"));
    struct siding_source_stats stats = {.size_bytes = sizeof stats};
    EXPECT_EQ(siding_source_stats_read(host.bridge, source, &stats), SIDING_OK);
    EXPECT_EQ(stats.events, 3);
    EXPECT_EQ(stats.bytes, 15);
    finish_reader(source);
    close_both(ends);
}

TEST("S12: what fills no word is followed by zeros") {
    int ends[2];
    const struct siding_event *event = NULL;
    REQUIRE(host_open(&host, CALLS_MAX) && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], 64 * KIB, 16);
    send_text(ends[1], "zzzzzzzzzzzzzzzz");
    EXPECT(next_is("zzzzzzzzzzzzzzzz"));
    send_text(ends[1], "abc");
    const uint64_t *payload = next_item(&event);
    REQUIRE(payload != NULL);
    EXPECT_EQ(payload[0], 3);
    EXPECT(memcmp(payload + 1, "abc\0\0\0\0\0", 8) == 0);
    finish_reader(source);
    close_both(ends);
}

TEST("S12: a read-out descriptor neither hangs nor fails: that was not yet") {
    int ends[2];
    char bytes[8];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], 64, 0);
    for (int i = 0; i < 100; i++) {
        send_text(ends[1], "gone");
        EXPECT_EQ(read(ends[0], bytes, sizeof bytes), 4); /* a blocking pipe: others read too */
    }
    pull(&host, source, 2);
    settle();
    send_text(ends[1], "here");
    EXPECT(next_is("here"));
    finish_reader(source);
    close_both(ends);
}

TEST("a long read is a block, of the page's own memory") {
    static uint8_t sent[LARGE_BYTES];
    static uint8_t got[LARGE_BYTES];
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
    REQUIRE(fcntl(ends[1], F_SETPIPE_SZ, 512 * KIB) >= (int)LARGE_BYTES);
    for (uint64_t i = 0; i < LARGE_BYTES; i++) {
        sent[i] = byte_at(i);
    }
    EXPECT_EQ(write(ends[1], sent, LARGE_BYTES), LARGE_BYTES);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], LARGE_BYTES, 2);
    EXPECT_EQ(next_bytes(got, sizeof got), LARGE_BYTES);
    EXPECT(is_pattern(got, LARGE_BYTES, 0));
    finish_reader(source);
    close_both(ends);
}

TEST("S12: an empty datagram is an item, not the end") {
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], 64, 4);
    EXPECT_EQ(send(ends[1], "", 0, 0), 0);
    EXPECT(next_is(""));
    send_text(ends[1], "more");
    EXPECT(next_is("more"));
    finish_reader(source);
    close_both(ends);
}

TEST("S12: the end of the stream is the end of the source, after all that was written") {
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
    open_reader(SIDING_SOURCE_READ, ends[0], 64, 4);
    send_text(ends[1], "last");
    close(ends[1]);
    EXPECT(next_is("last"));
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
    close(ends[0]);
}

TEST("S12: an error carries errno") {
    REQUIRE(host_open(&host, CALLS_MAX));
    int listener = listening_socket(0);
    int client = new_socket(AF_INET, SOCK_STREAM);
    connect_to(client, listener);
    int server = accept(listener, NULL, NULL);
    open_reader(SIDING_SOURCE_READ, server, 64, 4);
    close_with_reset(client);
    expect_end(&host, TOKEN, SIDING_ESYSTEM, ECONNRESET);
    host_close(&host);
    close(server);
    close(listener);
}

/* Sends a text with a descriptor, which nobody will take. */
static void send_with_descriptor(int descriptor, char *text) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    struct iovec data = {text, strlen(text)};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    EXPECT_EQ(sendmsg(descriptor, &message, 0), (ssize_t)strlen(text));
}

TEST("S12: descriptors that are passed along part a stream, and hide nothing behind them") {
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], 64, 0);
    send_with_descriptor(ends[1], (char[]){"one"});
    send_text(ends[1], "two");
    pull(&host, source, 8);
    EXPECT(next_is("one"));
    EXPECT(next_is("two"));
    finish_reader(source);
    close_both(ends);
}

TEST("S12: the mark of urgent data parts a stream, and hides nothing behind it") {
    REQUIRE(host_open(&host, CALLS_MAX));
    int listener = listening_socket(0);
    int client = new_socket(AF_INET, SOCK_STREAM);
    connect_to(client, listener);
    int server = accept(listener, NULL, NULL);
    uint64_t source = open_reader(SIDING_SOURCE_READ, server, 64, 8);
    for (int i = 0; i < ROUNDS(400); i++) {
        char bytes[8];
        uint64_t came = 0;
        send_text(client, "ab");
        EXPECT_EQ(send(client, "!", 1, MSG_OOB), 1);
        send_text(client, "cd");
        while (came < 4) {
            uint64_t got = next_bytes(bytes + came, sizeof bytes - came);
            REQUIRE(got <= 4);
            came += got;
            pull(&host, source, 1);
        }
        EXPECT(memcmp(bytes, "abcd", 4) == 0);
    }
    finish_reader(source);
    close(client);
    close(server);
    close(listener);
}

TEST("S12: a stream that ends right behind its last bytes has its end") {
    char bytes[8];
    REQUIRE(host_open(&host, CALLS_MAX));
    for (int i = 0; i < ROUNDS(800); i++) {
        int ends[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        open_reader(SIDING_SOURCE_READ, ends[0], 64, 8);
        send_text(ends[1], "end");
        close(ends[1]);
        EXPECT_EQ(next_bytes(bytes, sizeof bytes), 3);
        expect_end(&host, TOKEN, SIDING_OK, 0);
        close(ends[0]);
    }
    host_close(&host);
}

/* ---- exact reads ----------------------------------------------------------------------------- */

TEST("S12: an exact read gives whole items, written byte by byte") {
    static const char text[] = "exactly so";
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    uint64_t source = open_reader(SIDING_SOURCE_EXACT, ends[0], 5, 8);
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(write(ends[1], text + i, 1), 1);
        settle();
        if (i == 4) {
            EXPECT(next_is("exact"));
        }
        EXPECT(i == 9 || has_none(&host));
    }
    EXPECT(next_is("ly so"));
    finish_reader(source);
    close_both(ends);
}

struct writer {
    int descriptor;
    uint64_t total_bytes;
    uint64_t seed;
};

/* Writes the pattern in pieces of any size, and closes. */
static void *write_pieces(void *argument) {
    struct writer *writer = argument;
    static uint8_t piece[64 * KIB];
    uint64_t written = 0;
    while (written < writer->total_bytes) {
        uint64_t size_bytes = 1 + random_below(&writer->seed, sizeof piece);
        uint64_t left = writer->total_bytes - written;
        size_bytes = size_bytes < left ? size_bytes : left;
        for (uint64_t i = 0; i < size_bytes; i++) {
            piece[i] = byte_at(written + i);
        }
        ssize_t got = write(writer->descriptor, piece, size_bytes);
        if (got < 0) {
            break;
        }
        written += (uint64_t)got;
    }
    close(writer->descriptor);
    return NULL;
}

TEST("S12: exact items of any size, long ones as blocks, are the stream in order") {
    static uint8_t item[LARGE_BYTES];
    static const uint32_t sizes[] = {1000, 8192, 8193, LARGE_BYTES};
    uint64_t seed = print_seed();
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int ends[2];
        pthread_t thread;
        REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
        uint64_t items = ROUNDS(FLOOD_BYTES) / sizes[i] + 1;
        struct writer writer = {ends[1], items * sizes[i], random_next(&seed)};
        uint64_t source = open_reader(SIDING_SOURCE_EXACT, ends[0], sizes[i], 4);
        REQUIRE(pthread_create(&thread, NULL, write_pieces, &writer) == 0);
        for (uint64_t at = 0; at < items; at++) {
            EXPECT_EQ(next_bytes(item, sizeof item), sizes[i]);
            EXPECT(is_pattern(item, sizes[i], at * sizes[i]));
            (void)siding_source_pull(host.bridge, source, 1); /* its end may be drained already */
        }
        expect_end(&host, TOKEN, SIDING_OK, 0);
        pthread_join(thread, NULL);
        host_close(&host);
        close(ends[0]);
    }
}

TEST("S12: the end of the stream within an exact item is an error without a number") {
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
    open_reader(SIDING_SOURCE_EXACT, ends[0], 5, 4);
    send_text(ends[1], "wholepart");
    close(ends[1]);
    EXPECT(next_is("whole"));
    expect_end(&host, TOKEN, SIDING_ESYSTEM, 0);
    host_close(&host);
    close(ends[0]);
}

/* ---- back-pressure --------------------------------------------------------------------------- */

/* Fills a pipe. @return bytes written */
static uint64_t fill(int descriptor, uint64_t from) {
    uint8_t piece[KIB];
    uint64_t at = from;
    for (;;) {
        for (uint32_t i = 0; i < sizeof piece; i++) {
            piece[i] = byte_at(at + i);
        }
        ssize_t got = write(descriptor, piece, sizeof piece);
        if (got <= 0) {
            return at - from;
        }
        at += (uint64_t)got;
    }
}

TEST("S14: who takes nothing stops the reading; memory is bounded and nothing is lost") {
    static uint8_t item[4 * KIB];
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe2(ends, O_NONBLOCK) == 0);
    uint64_t held_bytes = stats_now().memory_bytes;
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], sizeof item, 2);
    uint64_t total = 0;
    for (uint64_t added = 1; added > 0; total += added) { /* until the reader takes no more */
        added = fill(ends[1], total);
        settle();
    }
    EXPECT(stats_now().memory_bytes - held_bytes < 4 * sizeof item);
    uint64_t seen = 0;
    while (seen < total) {
        uint64_t got = next_bytes(item, sizeof item);
        REQUIRE(got > 0 && got <= sizeof item);
        EXPECT(is_pattern(item, got, seen));
        seen += got;
        pull(&host, source, 1);
    }
    EXPECT_EQ(seen, total);
    EXPECT(has_none(&host));
    finish_reader(source);
    close_both(ends);
}

TEST("S14: the end comes after all that was read, as soon as it is asked for") {
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], 4, 1);
    send_text(ends[1], "onetwo");
    close(ends[1]);
    settle();
    EXPECT(next_is("onet"));
    pull(&host, source, 1);
    EXPECT(next_is("wo"));
    pull(&host, source, 1);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
    close(ends[0]);
}

static bool holds_at_most(void *bytes) {
    return stats_now().memory_bytes <= *(uint64_t *)bytes;
}

static bool has_no_source(void *unused) {
    (void)unused;
    return stats_now().sources == 0;
}

TEST("a source that is closed tells nothing more, whatever it has read") {
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe2(ends, O_NONBLOCK) == 0);
    uint64_t most_bytes = stats_now().memory_bytes + 65 * KIB; /* the poller keeps one page */
    uint64_t source = open_reader(SIDING_SOURCE_READ, ends[0], 64 * KIB, 4);
    (void)fill(ends[1], 0);
    finish_reader(source);
    EXPECT(wait_until(holds_at_most, &most_bytes));
    close_both(ends);
}

/* Writes until nobody reads. */
static void *write_forever(void *descriptor) {
    static uint8_t piece[64 * KIB];
    while (send(*(int *)descriptor, piece, sizeof piece, MSG_NOSIGNAL) > 0) {
    }
    return NULL;
}

TEST("S10: a stream that never ends leaves the others their turns") {
    int flood[2];
    int ends[2];
    pthread_t thread;
    REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, flood) == 0);
    struct siding_source_options quiet = plain_options(SIDING_SOURCE_READ, TOKEN + 1, ends[0], 1);
    quiet.limit_bytes = 8;
    uint64_t endless = open_reader(SIDING_SOURCE_READ, flood[0], KIB, 64);
    uint64_t other = open_source(&host, &quiet);
    REQUIRE(pthread_create(&thread, NULL, write_forever, &flood[1]) == 0);
    EXPECT_EQ(next_bytes((uint8_t[KIB]){0}, KIB), KIB); /* it runs */
    send_text(ends[1], "me too");
    const struct siding_event *event = host_next(&host);
    for (uint64_t at = 0; event != NULL && event->token == TOKEN && at < FLOOD_BYTES; at++) {
        pull(&host, endless, 1);
        event = host_next(&host);
    }
    REQUIRE(event != NULL);
    EXPECT_EQ(event->token, TOKEN + 1);
    close_source(&host, other);
    close_source(&host, endless);
    for (uint32_t ended = 0; event != NULL && ended < 2;) {
        event = host_next(&host);
        ended += event != NULL && is_end(event);
    }
    shutdown(flood[0], SHUT_RDWR);
    pthread_join(thread, NULL);
    host_close(&host);
    close_both(flood);
    close_both(ends);
}

/* ---- what cannot be read --------------------------------------------------------------------- */

TEST("S13: what has no way to read without blocking is refused, and nothing is read from it") {
    int32_t error;
    REQUIRE(host_open(&host, CALLS_MAX));
    int watch = inotify_init();
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    int file = open(__FILE__, O_RDONLY);
    EXPECT_EQ(refused_reader(SIDING_SOURCE_READ, watch, 64, &error), SIDING_EBLOCKS);
    EXPECT_EQ(refused_reader(SIDING_SOURCE_EXACT, terminal, 64, &error), SIDING_EBLOCKS);
    if (file >= 0) {
        EXPECT_EQ(refused_reader(SIDING_SOURCE_READ, file, 64, &error), SIDING_EBLOCKS);
        EXPECT_EQ(lseek(file, 0, SEEK_CUR), 0);
        close(file);
    }
    host_close(&host);
    close(watch);
    close(terminal);
}

TEST("S13: a blocking pipe, eventfd and socket are read without blocking, their flags unchanged") {
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX) && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    int counter = eventfd(7, 0);
    uint64_t source = open_reader(SIDING_SOURCE_EXACT, counter, 8, 4);
    uint64_t count = 0;
    EXPECT_EQ(next_bytes(&count, sizeof count), sizeof count);
    EXPECT_EQ(count, 7);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    source = open_reader(SIDING_SOURCE_READ, ends[0], 8, 4);
    send_text(ends[1], "x");
    EXPECT(next_is("x"));
    EXPECT_EQ(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(fcntl(counter, F_GETFL) & O_NONBLOCK, 0);
    finish_reader(source);
    close(counter);
    close_both(ends);
}

TEST("what is no descriptor to be read, or no size, is refused") {
    int32_t error;
    int ends[2];
    int messages[2];
    REQUIRE(host_open(&host, CALLS_MAX) && pipe(ends) == 0);
    REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM, 0, messages) == 0);
    int directory = open("/", O_RDONLY | O_DIRECTORY);
    int listener = listening_socket(SOCK_NONBLOCK);
    const struct {
        int64_t object;
        uint32_t kind;
        uint32_t limit_bytes;
        int32_t status;
        int32_t error;
    } cases[] = {
        {ends[0], SIDING_SOURCE_READ, 0, SIDING_EINVALID, 0},
        {ends[0], SIDING_SOURCE_READ, SIDING_PREREAD_BYTES_MAX + 1, SIDING_EINVALID, 0},
        {ends[0], SIDING_SOURCE_EXACT, 0, SIDING_EINVALID, 0},
        {ends[0], SIDING_SOURCE_EXACT, UINT32_MAX, SIDING_EINVALID, 0},
        {messages[0], SIDING_SOURCE_EXACT, 8, SIDING_EINVALID, 0},
        {listener, SIDING_SOURCE_READ, 8, SIDING_EINVALID, 0},
        {ends[1], SIDING_SOURCE_READ, 8, SIDING_ESYSTEM, EBADF},
        {-1, SIDING_SOURCE_READ, 8, SIDING_ESYSTEM, EBADF},
        {(int64_t)UINT32_MAX + ends[0] + 1, SIDING_SOURCE_READ, 8, SIDING_ESYSTEM, EBADF},
        {1 << 20, SIDING_SOURCE_READ, 8, SIDING_ESYSTEM, EBADF},
        {directory, SIDING_SOURCE_EXACT, 8, SIDING_ESYSTEM, EISDIR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT_EQ(refused_reader(cases[i].kind, cases[i].object, cases[i].limit_bytes, &error),
                  cases[i].status);
        EXPECT_EQ(error, cases[i].error);
    }
    EXPECT(wait_until(has_no_source, NULL));
    host_close(&host);
    close_both(ends);
    close_both(messages);
    close(directory);
    close(listener);
}

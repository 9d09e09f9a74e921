/*
 * result_test.c - what a call reports beside its value: errno, and texts of any length.
 */
#include "fixture.h"

#define TEXT_INLINE_BYTES 8192 /* the longest text that an event carries itself */
#define TEXT_BYTES_MAX 200000

static int32_t set_errno(int32_t error) {
    int32_t before = errno;
    errno = error;
    return before;
}

static char letters[TEXT_BYTES_MAX + 1]; /* immutable after write_letters */

__attribute__((constructor)) static void write_letters(void) {
    for (uint32_t i = 0; i < TEXT_BYTES_MAX; i++) {
        letters[i] = (char)('a' + i % 26);
    }
}

/* The last `length` letters; NULL when there are not so many. */
static const char *make_text(uint32_t length) {
    return length > TEXT_BYTES_MAX ? NULL : letters + TEXT_BYTES_MAX - length;
}

static void put_errno(union request *request, uint16_t flags, int32_t error) {
    request_start(request, SIGNATURE(I32, I32), FUNCTION(set_errno));
    request_put(request, (uint32_t)error);
    request->call.flags = flags;
}

TEST("C5: errno is cleared before a call that asks for it and reported after") {
    static union request request;
    static struct host host;
    uint64_t here[SIDING_EVENT_WORDS_MAX];
    const struct siding_event *event = (const struct siding_event *)here;
    REQUIRE(host_open(&host, 4));
    for (int round = 0; round < 2; round++) {
        put_errno(&request, SIDING_CALL_ERRNO, ENOENT);
        errno = EBADF;
        EXPECT(siding_call_here(0, request.words, request.call.words, here, SIDING_EVENT_WORDS_MAX,
                                NULL, NULL, NULL, NULL) > 0);
        EXPECT_EQ(event->error, ENOENT);
        EXPECT_EQ((int32_t)here[SIDING_EVENT_WORDS], 0);
        REQUIRE(host_submit(&host, &request, 0) == 1);
        const struct siding_event *queued = host_next(&host);
        REQUIRE(queued != NULL);
        EXPECT_EQ(queued->error, ENOENT);
        EXPECT_EQ((int32_t)event_payload(queued)[0], 0);
    }
    put_errno(&request, 0, ENOENT);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    const struct siding_event *unasked = host_next(&host);
    REQUIRE(unasked != NULL);
    EXPECT_EQ(unasked->error, 0);
    host_close(&host);
}

#define FAILING 8
#define FAILURES_EACH 500

TEST("C5: each of 8 contexts that fail at once reports its own errno") {
    static union request request;
    static struct host host;
    uint64_t contexts[FAILING];
    REQUIRE(host_open(&host, FAILING * FAILURES_EACH));
    for (int i = 0; i < FAILING; i++) {
        REQUIRE(acquire_context(host.bridge, NULL, &contexts[i]) == SIDING_OK);
    }
    for (uint32_t token = 0; token < FAILING * FAILURES_EACH; token++) {
        put_errno(&request, SIDING_CALL_ERRNO, 1 + (int32_t)(token % FAILING));
        request.call.context = contexts[token % FAILING];
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    for (uint32_t came = 0; came < FAILING * FAILURES_EACH; came++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        EXPECT_EQ(event->error, 1 + (int32_t)(event->token % FAILING));
        EXPECT_EQ((int32_t)event_payload(event)[0], 0);
    }
    host_close(&host);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool is_text(const void *bytes, uint32_t length) {
    return memcmp(bytes, make_text(length), length) == 0;
}

/* Expects the text in the event, or in the block that it names. */
static void expect_text(struct host *host, const struct siding_event *event, uint32_t length) {
    static uint64_t taken[TEXT_BYTES_MAX / 8 + 2];
    const uint64_t *payload = event_payload(event);
    bool is_block = (event->flags & SIDING_EVENT_BLOCK) != 0;
    EXPECT_EQ(event->status, SIDING_OK);
    EXPECT_EQ(is_block, length > TEXT_INLINE_BYTES);
    if (!is_block) {
        EXPECT_EQ(payload[1], length);
        EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 2 + (length + 7) / 8);
        EXPECT(is_text(payload + 2, length));
        return;
    }
    EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 3);
    EXPECT_EQ(payload[2], 8 + (length + 7) / 8 * 8);
    EXPECT_EQ(siding_block_take(host->bridge, (uint32_t)payload[1], taken, payload[2]), SIDING_OK);
    EXPECT_EQ(taken[0], length);
    EXPECT(is_text(taken + 1, length));
}

static void put_text_call(union request *request, uint32_t length) {
    request_start(request, SIGNATURE(TEXT, U32), FUNCTION(make_text));
    request_put(request, length);
}

static const uint32_t lengths[] = {
    0, 1, 7, 8, 9, TEXT_INLINE_BYTES - 1, TEXT_INLINE_BYTES, TEXT_INLINE_BYTES + 1, TEXT_BYTES_MAX};
#define LENGTHS (sizeof lengths / sizeof lengths[0])

TEST("a text result is inline while short and a block when long, on the pool and here") {
    static union request request;
    static struct host host;
    static uint64_t here[SIDING_EVENT_WORDS_MAX];
    uint64_t memory = stats_now().memory_bytes;
    REQUIRE(host_open(&host, 4));
    for (size_t i = 0; i < LENGTHS; i++) {
        put_text_call(&request, lengths[i]);
        REQUIRE(host_submit(&host, &request, 0) == 1);
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        expect_text(&host, event, lengths[i]);
        EXPECT(siding_call_here(host.bridge, request.words, request.call.words, here,
                                SIDING_EVENT_WORDS_MAX, NULL, NULL, NULL, NULL) > 0);
        expect_text(&host, (const struct siding_event *)here, lengths[i]);
    }
    host_close(&host);
    EXPECT_EQ(stats_now().memory_bytes, memory);
}

TEST("what lay in the event's memory before does not show behind a text") {
    static union request request;
    static uint64_t here[SIDING_EVENT_WORDS_MAX];
    for (uint32_t length = 1; length < 24; length++) {
        memset(here, 0xff, sizeof here);
        put_text_call(&request, length);
        int32_t words = siding_call_here(0, request.words, request.call.words, here,
                                         SIDING_EVENT_WORDS_MAX, NULL, NULL, NULL, NULL);
        REQUIRE(words > 0);
        const char *bytes = (const char *)(here + SIDING_EVENT_WORDS + 2);
        EXPECT(is_text(bytes, length));
        for (const char *at = bytes + length; at < (const char *)(here + words); at++) {
            EXPECT_EQ(*at, 0);
        }
    }
}

TEST("a text result that is NULL is told from an empty one") {
    static union request request;
    static struct host host;
    static uint64_t here[SIDING_EVENT_WORDS_MAX];
    REQUIRE(host_open(&host, 4));
    put_text_call(&request, UINT32_MAX);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 2);
    EXPECT(event_payload(event)[1] == SIDING_TAIL_NULL);
    EXPECT_EQ(siding_call_here(0, request.words, request.call.words, here, SIDING_EVENT_WORDS_MAX,
                               NULL, NULL, NULL, NULL),
              SIDING_EVENT_WORDS + 2);
    EXPECT(here[SIDING_EVENT_WORDS + 1] == SIDING_TAIL_NULL);
    host_close(&host);
}

TEST("a long text of a call here without a bridge has nowhere to go") {
    static union request request;
    static uint64_t here[SIDING_EVENT_WORDS_MAX];
    put_text_call(&request, TEXT_BYTES_MAX);
    EXPECT_EQ(siding_call_here(0, request.words, request.call.words, here, SIDING_EVENT_WORDS_MAX,
                               NULL, NULL, NULL, NULL),
              SIDING_EVENT_WORDS);
    EXPECT_EQ(((const struct siding_event *)here)->status, SIDING_ESPACE);
}

static const char *fill_text(uint32_t *cell, uint32_t length) {
    *cell = length;
    return make_text(length);
}

TEST("a text comes after the out cells") {
    static union request request;
    static struct host host;
    REQUIRE(host_open(&host, 4));
    request_start(&request, SIGNATURE(TEXT, OUT, U32, U32), FUNCTION(fill_text));
    request_put(&request, 0);
    request_put(&request, 0);
    request_put(&request, 9);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 1 + 1 + 3);
    EXPECT_EQ((uint32_t)event_payload(event)[1], 9);
    EXPECT_EQ(event_payload(event)[2], 9);
    EXPECT(is_text(event_payload(event) + 3, 9));
    host_close(&host);
}

#define PIPELINED ROUNDS(100000u)

static const char *print_number(uint32_t number) {
    static char text[16]; /* one for all calls, as strerror has it; owner: the context's thread */
    (void)snprintf(text, sizeof text, "%u", number);
    return text;
}

TEST("C15: 100,000 pipelined calls into one static text each bring their own") {
    static union request request;
    static struct host host;
    uint64_t context;
    REQUIRE(host_open(&host, PIPELINED));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    for (uint32_t token = 0; token < PIPELINED; token++) {
        request_start(&request, SIGNATURE(TEXT, U32), FUNCTION(print_number));
        request_put(&request, token);
        request.call.context = context;
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    for (uint32_t token = 0; token < PIPELINED; token++) {
        char expected[16];
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && event->status == SIDING_OK);
        uint64_t length = (uint64_t)snprintf(expected, sizeof expected, "%u", token);
        EXPECT_EQ(event->token, token);
        EXPECT(event_payload(event)[1] == length);
        EXPECT(memcmp(event_payload(event) + 2, expected, length) == 0);
    }
    host_close(&host);
}

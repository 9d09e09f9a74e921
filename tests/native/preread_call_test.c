/*
 * preread_call_test.c - sources that read by a bound call: what it returns, what it points to, when
 * it is run and when no more.
 */
#include "context_fixture.h"
#include "preread_fixture.h"

#define KIB 1024u
#define LOW(number) (uint8_t)(number), (uint8_t)((number) >> 8)
#define IN_RECORD(offset) 0, LOW(offset)
#define NOT_FREED 0
#define FREED_BY(function) 1, LOW64((uintptr_t)(function))
#define LOW32(number) LOW(number), LOW((number) >> 16)
#define LOW64(number) LOW32(number), LOW32((number) >> 32)

static union request request;
static atomic_int runs; /* of the library's function; atomic: the poller counts, the test looks */

/* ---- libraries ------------------------------------------------------------------------------- */

/* As many bytes as there are, one number of four bytes at a time; -1 with errno. */
static int32_t take_number(int32_t descriptor, int32_t *out_number) {
    atomic_fetch_add(&runs, 1);
    ssize_t got = recv(descriptor, out_number, sizeof *out_number, MSG_DONTWAIT);
    return (int32_t)got;
}

/* Leaves errno of an attempt inside behind, though all went well. */
static int32_t take_all_numbers(int32_t descriptor) {
    int32_t number = 0;
    int32_t sum = 0;
    atomic_fetch_add(&runs, 1);
    while (recv(descriptor, &number, sizeof number, MSG_DONTWAIT) == sizeof number) {
        sum += number;
    }
    return sum;
}

/* As functions do that were written for the main thread. */
static int32_t take_with_much_stack(int32_t descriptor) {
    volatile char much[1024 * KIB];
    for (size_t i = 0; i < sizeof much; i += KIB) {
        much[i] = (char)i;
    }
    char byte = 0;
    return recv(descriptor, &byte, 1, MSG_DONTWAIT) == 1 ? byte + much[0] : -1;
}

/* Does not read at all. */
static int32_t ignore(int32_t descriptor) {
    atomic_fetch_add(&runs, 1);
    return descriptor;
}

/* Waits for more to come. */
static int32_t want_more(int32_t descriptor) {
    (void)descriptor;
    atomic_fetch_add(&runs, 1);
    errno = EAGAIN;
    return -1;
}

/* A text as long as the number says, for the caller to free. */
static char *take_text(int32_t descriptor) {
    int32_t size_bytes = 0;
    if (recv(descriptor, &size_bytes, sizeof size_bytes, MSG_DONTWAIT) != sizeof size_bytes) {
        return NULL;
    }
    char *text = malloc((size_t)size_bytes + 1);
    memset(text, 'x', (size_t)size_bytes);
    text[size_bytes] = '\0';
    return text;
}

static double take_double(int32_t descriptor) {
    return descriptor;
}

/* ---- helpers --------------------------------------------------------------------------------- */

static uint64_t bind_request(uint16_t flags) {
    uint64_t bound = 0;
    request.call.flags = flags;
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, request.call.words, NULL, 0, &bound),
              SIDING_OK);
    return bound;
}

/* Binds an int32_t (*)(int32_t descriptor). */
static uint64_t bind_plain(uint64_t function, int descriptor, uint16_t flags) {
    request_start(&request, SIGNATURE(I32, I32), function);
    request_put(&request, (uint32_t)descriptor);
    return bind_request(flags);
}

static uint64_t bind_take_number(int descriptor, uint16_t flags) {
    request_start(&request, SIGNATURE(I32, I32, OUT, I32), FUNCTION(take_number));
    request_put(&request, (uint32_t)descriptor);
    request_put(&request, 0);
    request_put(&request, 0);
    return bind_request(flags);
}

static struct siding_source_options call_options(int descriptor, uint64_t bound, uint32_t credit) {
    struct siding_source_options options =
        plain_options(SIDING_SOURCE_CALL, TOKEN, descriptor, credit);
    options.bound = bound;
    return options;
}

static void send_number(int descriptor, int32_t number) {
    EXPECT_EQ(send(descriptor, &number, sizeof number, 0), (ssize_t)sizeof number);
}

/* The first may be told in the round whose turns are still to come. */
static void settle_turns(void) {
    settle();
    settle();
}

static bool open_pair(int ends[2]) {
    atomic_store(&runs, 0);
    return host_open(&host, CALLS_MAX) && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0;
}

/* ---- results --------------------------------------------------------------------------------- */

TEST("S12: a bound call that reads gives its result and its cells, once for each number") {
    int ends[2];
    REQUIRE(open_pair(ends));
    uint64_t bound = bind_take_number(ends[0], SIDING_CALL_ERRNO);
    struct siding_source_options options = call_options(ends[0], bound, 8);
    uint64_t source = open_source(&host, &options);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK); /* the source keeps it */
    for (int32_t i = 0; i < 3; i++) {
        send_number(ends[1], 100 + i);
    }
    for (int32_t i = 0; i < 3; i++) {
        const struct siding_event *event = NULL;
        const uint64_t *payload = next_item(&event);
        REQUIRE(payload != NULL);
        EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 2);
        EXPECT_EQ((int32_t)payload[0], sizeof(int32_t));
        EXPECT_EQ((int32_t)payload[1], 100 + i);
    }
    settle();
    EXPECT_EQ(atomic_load(&runs), 3); /* not readable any more: it was not run in vain */
    finish_reader(source);
    close_both(ends);
}

TEST("S12: a bound call has as much stack as on a thread of the pool") {
    int ends[2];
    const struct siding_event *event = NULL;
    REQUIRE(open_pair(ends));
    uint64_t bound = bind_plain(FUNCTION(take_with_much_stack), ends[0], SIDING_CALL_ERRNO);
    struct siding_source_options options = call_options(ends[0], bound, 1);
    uint64_t source = open_source(&host, &options);
    send_text(ends[1], "y");
    const uint64_t *payload = next_item(&event);
    REQUIRE(payload != NULL);
    EXPECT_EQ((int32_t)payload[0], 'y');
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    finish_reader(source);
    close_both(ends);
}

TEST("S14: without credit it does not run") {
    int ends[2];
    const struct siding_event *event = NULL;
    REQUIRE(open_pair(ends));
    struct siding_source_options options =
        call_options(ends[0], bind_take_number(ends[0], SIDING_CALL_ERRNO), 1);
    uint64_t source = open_source(&host, &options);
    send_number(ends[1], 1);
    send_number(ends[1], 2);
    const uint64_t *payload = next_item(&event);
    REQUIRE(payload != NULL);
    EXPECT_EQ((int32_t)payload[1], 1);
    settle();
    EXPECT_EQ(atomic_load(&runs), 1);
    pull(&host, source, 1);
    payload = next_item(&event);
    REQUIRE(payload != NULL);
    EXPECT_EQ((int32_t)payload[1], 2);
    finish_reader(source);
    close_both(ends);
}

TEST("S12: EAGAIN is not yet, whatever until says; its end is when the stream has one") {
    int ends[2];
    const struct siding_event *event = NULL;
    REQUIRE(open_pair(ends));
    struct siding_source_options options =
        call_options(ends[0], bind_take_number(ends[0], SIDING_CALL_ERRNO), 8);
    options.until_test = SIDING_TEST_DIFFERENT;
    options.until_expected = sizeof(int32_t);
    uint64_t source = open_source(&host, &options);
    int32_t number;
    for (int i = 0; i < 100; i++) { /* the poller and the test run for each */
        send_number(ends[1], i);
        (void)recv(ends[0], &number, sizeof number, MSG_DONTWAIT);
    }
    close(ends[1]);
    while ((event = host_next(&host)) != NULL && !is_end(event)) {
        EXPECT_EQ((int32_t)event_payload(event)[0], sizeof(int32_t));
        int32_t status = siding_source_pull(host.bridge, source, 1);
        EXPECT(status >= 0 || status == SIDING_ESTALE); /* its end may be drained already */
    }
    REQUIRE(event != NULL);
    EXPECT_EQ(event->status, SIDING_EENDED);
    host_close(&host);
    close(ends[0]);
}

TEST("errno left over from inside a call does not hide a result that emit selects") {
    int ends[2];
    const struct siding_event *event = NULL;
    REQUIRE(open_pair(ends));
    struct siding_source_options options = call_options(
        ends[0], bind_plain(FUNCTION(take_all_numbers), ends[0], SIDING_CALL_ERRNO), 8);
    options.emit_test = SIDING_TEST_DIFFERENT;
    uint64_t source = open_source(&host, &options);
    send_number(ends[1], 7);
    const uint64_t *payload = next_item(&event);
    REQUIRE(payload != NULL);
    EXPECT_EQ((int32_t)payload[0], 7);
    EXPECT_EQ(event->error, EAGAIN);
    finish_reader(source);
    close_both(ends);
}

TEST("an error is told with errno where it was asked for") {
    int ends[2];
    const struct siding_event *event = NULL;
    REQUIRE(open_pair(ends));
    int wrong[2]; /* no socket */
    REQUIRE(pipe(wrong) == 0);
    struct siding_source_options options =
        call_options(ends[0], bind_take_number(wrong[0], SIDING_CALL_ERRNO), 1);
    send_number(ends[1], 1);
    uint64_t source = open_source(&host, &options);
    const uint64_t *payload = next_item(&event);
    REQUIRE(payload != NULL);
    EXPECT_EQ((int32_t)payload[0], -1);
    EXPECT_EQ(event->error, ENOTSOCK);
    finish_reader(source);
    close_both(wrong);
    close_both(ends);
}

static bool has_run_often(void *often) {
    return atomic_load(&runs) >= *(int *)often;
}

TEST("S12: a call that leaves its descriptor readable and gives nothing is run ever less often") {
    int ends[2];
    int often = 40;
    REQUIRE(open_pair(ends));
    struct siding_source_options options =
        call_options(ends[0], bind_plain(FUNCTION(ignore), ends[0], 0), 1);
    options.emit_test = SIDING_TEST_EQUAL;
    options.emit_expected = UINT32_MAX;
    send_number(ends[1], 1);
    uint64_t source = open_source(&host, &options);
    EXPECT(wait_until(has_run_often, &often)); /* it is not forgotten */
    int before = atomic_load(&runs);
    EXPECT(!is_readable(&host, 300));
    EXPECT(atomic_load(&runs) - before < 300);
    EXPECT(has_none(&host));
    finish_reader(source);
    close_both(ends);
}

static uint64_t bind_take_text(int descriptor) {
    request_start(
        &request,
        SIGNATURE(PTR, I32, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT, IN_RECORD(0), FREED_BY(free)),
        FUNCTION(take_text));
    request_put(&request, (uint32_t)descriptor);
    return bind_request(0);
}

TEST("S12: a call that waits for more is run at once whenever more has come") {
    int ends[2];
    REQUIRE(open_pair(ends));
    uint64_t bound = bind_plain(FUNCTION(want_more), ends[0], SIDING_CALL_ERRNO);
    struct siding_source_options options = call_options(ends[0], bound, 1);
    uint64_t source = open_source(&host, &options);
    settle_turns();
    for (int pieces = 1; pieces <= 40; pieces++) {
        send_text(ends[1], "piece");
        settle_turns();
        EXPECT_EQ(atomic_load(&runs), pieces);
    }
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    finish_reader(source);
    close_both(ends);
}

TEST("what its result points to is copied and freed, a long one as a block behind the result") {
    static char text[200 * KIB];
    int ends[2];
    const struct siding_event *event = NULL;
    REQUIRE(open_pair(ends));
    struct siding_source_options options = call_options(ends[0], bind_take_text(ends[0]), 8);
    uint64_t source = open_source(&host, &options);
    send_number(ends[1], 11);
    const uint64_t *payload = next_item(&event);
    REQUIRE(payload != NULL);
    EXPECT_EQ(payload[1], 11);
    EXPECT(memcmp(payload + 2, "xxxxxxxxxxx\0\0\0\0\0", 16) == 0);
    send_number(ends[1], sizeof text - 8);
    payload = next_item(&event);
    REQUIRE(payload != NULL && (event->flags & SIDING_EVENT_BLOCK) != 0);
    EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 3);
    EXPECT_EQ(payload[2], sizeof text);
    EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)payload[1], text, sizeof text), SIDING_OK);
    uint64_t size_bytes;
    memcpy(&size_bytes, text, sizeof size_bytes);
    EXPECT_EQ(size_bytes, sizeof text - 8);
    EXPECT(text[8] == 'x' && text[sizeof text - 1] == 'x');
    finish_reader(source);
    close_both(ends);
}

TEST("a text that is not selected is freed too") {
    int ends[2];
    REQUIRE(open_pair(ends));
    struct siding_source_options options = call_options(ends[0], bind_take_text(ends[0]), 8);
    options.emit_test = SIDING_TEST_EQUAL; /* only NULL */
    options.until_test = SIDING_TEST_EQUAL;
    options.until_expected = 1;
    uint64_t source = open_source(&host, &options);
    send_number(ends[1], 100);
    close(ends[1]);
    const struct siding_event *event = NULL;
    const uint64_t *payload = next_item(&event);
    REQUIRE(payload != NULL);
    EXPECT_EQ(payload[0], 0);
    EXPECT_EQ(payload[1], SIDING_TAIL_NULL);
    close_source(&host, source);
    while ((event = host_next(&host)) != NULL && !is_end(event)) {
    }
    host_close(&host);
    close(ends[0]);
}

/* ---- what cannot be a reader ----------------------------------------------------------------- */

TEST("a bound call that does not fit is refused") {
    int32_t error;
    int ends[2];
    const uint8_t hole[] = {0, 0};
    uint64_t holey = 0;
    REQUIRE(open_pair(ends));
    uint64_t plain = bind_plain(FUNCTION(ignore), ends[0], 0);
    request_start(&request, SIGNATURE(F64, I32), FUNCTION(take_double));
    request_put(&request, 0);
    uint64_t floating = bind_request(0);
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, request.call.words, hole, 1, &holey),
              SIDING_OK);
    const struct {
        uint64_t bound;
        uint32_t emit_test;
        uint32_t until_test;
        int32_t status;
    } cases[] = {
        {0, 0, 0, SIDING_ESTALE},
        {plain + 1, 0, 0, SIDING_ESTALE},
        {holey, 0, 0, SIDING_EINVALID},
        {floating, SIDING_TEST_EQUAL, 0, SIDING_EINVALID},
        {floating, 0, SIDING_TEST_DIFFERENT, SIDING_EINVALID},
        {plain, SIDING_TEST_SUCCESS, 0, SIDING_EINVALID},
        {plain, 0, UINT32_MAX, SIDING_EINVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct siding_source_options options = call_options(ends[0], cases[i].bound, 1);
        options.emit_test = cases[i].emit_test;
        options.until_test = cases[i].until_test;
        EXPECT_EQ(refused(&host, &options, &error), cases[i].status);
    }
    struct siding_source_options closed = call_options(1 << 20, plain, 1);
    EXPECT_EQ(refused(&host, &closed, &error), SIDING_ESYSTEM);
    EXPECT_EQ(error, EBADF);
    struct siding_source_options unselected = call_options(ends[0], floating, 1);
    uint64_t source = open_source(&host, &unselected);
    finish_reader(source);
    close_both(ends);
}

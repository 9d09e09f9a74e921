/*
 * chain_test.c - several calls in one trip: a cursor that is stepped, read and ended, and what a
 * chain must refuse.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "fixture.h"

static union request request;
static struct host host;

/* ---- a cursor, as databases have them -------------------------------------------------------- */

#define ROW 100
#define DONE 101

struct cursor {
    uint32_t rows;
    uint32_t at;
    char text[16]; /* overwritten by each column */
};

static int32_t cursor_step(struct cursor *cursor) {
    errno = cursor->at == cursor->rows ? ENOENT : 0;
    return cursor->at == cursor->rows ? DONE : (cursor->at++, ROW);
}

static int64_t cursor_number(struct cursor *cursor, int32_t column) {
    return (int64_t)cursor->at * 1000 + column;
}

static const char *cursor_text(struct cursor *cursor, int32_t column) {
    if (cursor->at % 3 == 0) {
        return NULL;
    }
    (void)snprintf(cursor->text, sizeof cursor->text, "%u/%d", cursor->at, column);
    return cursor->text;
}

static int32_t twice(int64_t number, int32_t *out) {
    *out = 7;
    return (int32_t)(number * 2);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

struct writer {
    uint8_t bytes[1024];
    uint32_t size_bytes;
};

static void put(struct writer *writer, uint64_t number, uint32_t size_bytes) {
    for (uint32_t i = 0; i < size_bytes; i++) {
        writer->bytes[writer->size_bytes++] = (uint8_t)(number >> 8 * i);
    }
}

/* Inputs: rounds, the cursor. */
static struct writer start_chain(void) {
    static const uint8_t inputs[] = {SIDING_NOT_VARIADIC, VOID_T, U64, PTR};
    struct writer writer = {0};
    put(&writer, SIDING_CHAIN, 1);
    put(&writer, sizeof inputs, 2);
    memcpy(writer.bytes + writer.size_bytes, inputs, sizeof inputs);
    writer.size_bytes += sizeof inputs;
    return writer;
}

static void put_step(struct writer *writer, uint32_t signature, uint64_t function, uint32_t flags,
                     uint32_t test, uint64_t expected) {
    put(writer, signature, 4);
    put(writer, function, 8);
    put(writer, flags, 1);
    put(writer, test, 1);
    put(writer, expected, 8);
}

static void put_value(struct writer *writer, uint64_t value) {
    put(writer, 0, 1);
    put(writer, value, 8);
}

static void put_input(struct writer *writer, uint32_t word) {
    put(writer, 1, 1);
    put(writer, word, 2);
}

static void put_earlier(struct writer *writer, uint32_t step, uint32_t word) {
    put(writer, 2, 1);
    put(writer, step, 1);
    put(writer, word, 2);
}

/* step, unless it gives ROW: end; number of column 4; twice that number; text of column 5 */
static struct writer row_chain(void) {
    struct writer writer = start_chain();
    put_step(&writer, SIGNATURE(I32, PTR), FUNCTION(cursor_step), SIDING_STEP_ERRNO,
             SIDING_TEST_EQUAL, ROW);
    put_input(&writer, 1);
    put_step(&writer, SIGNATURE(I64, PTR, I32), FUNCTION(cursor_number), SIDING_STEP_EMIT,
             SIDING_TEST_NONE, 0);
    put_input(&writer, 1);
    put_value(&writer, 4);
    put_step(&writer, SIGNATURE(I32, I64, OUT, I32), FUNCTION(twice), SIDING_STEP_EMIT,
             SIDING_TEST_DIFFERENT, 0);
    put_earlier(&writer, 1, 0);
    put_value(&writer, 99); /* the cell's pointer and its word: ignored */
    put_value(&writer, 99);
    put_step(&writer, SIGNATURE(TEXT, PTR, I32), FUNCTION(cursor_text), SIDING_STEP_EMIT,
             SIDING_TEST_NONE, 0);
    put_input(&writer, 1);
    put_value(&writer, 5);
    return writer;
}

/* @return its event, or NULL */
static const struct siding_event *run_chain(const struct writer *chain, struct cursor *cursor,
                                            uint64_t rounds_max) {
    request_start(&request, prepare(chain->bytes, chain->size_bytes), FUNCTION(cursor_step));
    request_put(&request, rounds_max);
    request_put(&request, ADDRESS(cursor));
    return host_submit(&host, &request, 0) == 1 ? host_next(&host) : NULL;
}

/* Every payload has its size, and its errno, in front. @return the payload */
static const uint64_t *enter(const uint64_t **in_out_at) {
    const uint64_t *payload = *in_out_at + SIDING_EVENT_WORDS;
    EXPECT_EQ((*in_out_at)[1], 0);
    *in_out_at += (*in_out_at)[0];
    return payload;
}

/* Expects one row of row_chain. @return the word behind it */
static const uint64_t *expect_row(const uint64_t *at, uint32_t number) {
    char text[16];
    EXPECT_EQ(enter(&at)[0], number * 1000 + 4);
    const uint64_t *doubled = enter(&at);
    EXPECT_EQ((int32_t)doubled[0], (int32_t)(number * 1000 + 4) * 2);
    EXPECT_EQ((int32_t)doubled[1], 7);
    const uint64_t *told = enter(&at);
    if (number % 3 == 0) {
        EXPECT_EQ(told[0], 0);
        EXPECT(told[1] == SIDING_TAIL_NULL);
        return at;
    }
    int length = snprintf(text, sizeof text, "%u/5", number);
    EXPECT_EQ(told[1], length);
    EXPECT(memcmp(told + 2, text, (size_t)length) == 0);
    return at;
}

/* Takes the section of a chain, which starts with its size. */
static const uint64_t *take_rows(const struct siding_event *event) {
    static uint64_t section[1 << 20];
    const uint64_t *payload = event_payload(event);
    if ((event->flags & SIDING_EVENT_BLOCK) == 0) {
        return payload + 3;
    }
    bool fits = payload[4] <= sizeof section;
    EXPECT(fits);
    EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)payload[3], section,
                                fits ? payload[4] : sizeof section),
              SIDING_OK);
    return section;
}

static void expect_rows(uint32_t rows) {
    struct writer chain = row_chain();
    struct cursor cursor = {.rows = rows};
    const struct siding_event *event = run_chain(&chain, &cursor, UINT32_MAX);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    const uint64_t *payload = event_payload(event);
    EXPECT_EQ(payload[0], rows);
    EXPECT_EQ(payload[1], 0); /* the first step ended it */
    EXPECT_EQ((int32_t)payload[2], DONE);
    EXPECT_EQ(event->error, ENOENT);
    const uint64_t *section = take_rows(event);
    const uint64_t *row = section + 1;
    for (uint32_t number = 1; number <= rows; number++) {
        row = expect_row(row, number);
    }
    EXPECT_EQ(section[0], (row - section - 1) * 8);
}

TEST("C17: a chain that repeats gives every row, in order, until a step says stop") {
    static const uint32_t counts[] = {0, 1, 2, 7, 300, 30000};
    REQUIRE(host_open(&host, 4));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        expect_rows(counts[i]);
    }
    host_close(&host);
}

TEST("C17: a chain ends after the rounds it was allowed, and goes on where it was") {
    struct writer chain = row_chain();
    struct cursor cursor = {.rows = 5};
    REQUIRE(host_open(&host, 4));
    const struct siding_event *event = run_chain(&chain, &cursor, 3);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    EXPECT_EQ(event_payload(event)[0], 3);
    EXPECT(event_payload(event)[1] == UINT64_MAX);
    EXPECT_EQ(event->error, 0);
    event = run_chain(&chain, &cursor, 3);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    EXPECT_EQ(event_payload(event)[0], 2);
    (void)expect_row(take_rows(event) + 1, 4);
    event = run_chain(&chain, &cursor, 0);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    EXPECT_EQ(event_payload(event)[0], 0);
    host_close(&host);
}

TEST("a chain whose host has gone stops between two rounds") {
    struct writer chain = start_chain();
    struct gate gate = GATE_INITIALIZER;
    put_step(&chain, SIGNATURE(BOOL_T, PTR), FUNCTION(gate_pass), 0, SIDING_TEST_EQUAL, true);
    put_input(&chain, 1);
    REQUIRE(host_open(&host, 4));
    request_start(&request, prepare(chain.bytes, chain.size_bytes), FUNCTION(gate_pass));
    request_put(&request, UINT64_MAX);
    request_put(&request, ADDRESS(&gate));
    REQUIRE(host_submit(&host, &request, 0) == 1);
    REQUIRE(gate_await(&gate, 1));
    host_close(&host);
    gate_open(&gate);
    EXPECT(wait_until(pool_rests, NULL));
}

static _Atomic(int) freed; /* atomic: counted on the worker, read here after the event */

static void free_text(void *text) {
    atomic_fetch_add(&freed, 1);
    free(text);
}

static char *give_text(int32_t number) {
    char *text = malloc(16);
    if (text != NULL) {
        (void)snprintf(text, 16, "%d", number);
    }
    return text;
}

static uint32_t owned_text(void) {
    uint64_t address = FUNCTION(free_text);
    uint8_t descriptor[] = {SIDING_NOT_VARIADIC,
                            PTR,
                            I32,
                            SIDING_TYPE_TAILS,
                            SIDING_TAIL_TEXT,
                            0,
                            0,
                            0,
                            1,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0};
    memcpy(descriptor + 9, &address, sizeof address);
    return prepare(descriptor, sizeof descriptor);
}

TEST("a step that ends a chain has what it gave freed, as every other") {
    struct writer chain = start_chain();
    put_step(&chain, owned_text(), FUNCTION(give_text), 0, SIDING_TEST_NONE, 0);
    put_value(&chain, 1);
    put_step(&chain, owned_text(), FUNCTION(give_text), SIDING_STEP_EMIT, SIDING_TEST_EQUAL, 0);
    put_value(&chain, 2);
    REQUIRE(host_open(&host, 4));
    atomic_store(&freed, 0);
    const struct siding_event *event = run_chain(&chain, NULL, 5);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    EXPECT_EQ(event_payload(event)[0], 0);
    EXPECT_EQ(event_payload(event)[1], 1);
    EXPECT_EQ(atomic_load(&freed), 2);
    host_close(&host);
}

static int32_t fail_at(int64_t rounds) {
    static int32_t round; /* owner: the one thread that runs the chain */
    round = rounds == 0 ? 0 : round + 1;
    errno = round == 2 ? EIO : 0;
    return -1;
}

TEST("a test of errno ends a chain only where it is set") {
    static const uint32_t tests[] = {SIDING_TEST_SUCCESS, SIDING_TEST_NO_ERRNO};
    REQUIRE(host_open(&host, 4));
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        struct writer chain = start_chain();
        put_step(&chain, SIGNATURE(I32, I64), FUNCTION(fail_at), SIDING_STEP_ERRNO, tests[i],
                 UINT64_MAX);
        put_value(&chain, 1);
        (void)fail_at(0);
        const struct siding_event *event = run_chain(&chain, NULL, 5);
        REQUIRE(event != NULL && event->status == SIDING_OK);
        EXPECT_EQ(event_payload(event)[0], 1);
        EXPECT_EQ(event->error, EIO);
    }
    host_close(&host);
}

static int32_t give_number(int32_t error, uint64_t number) {
    errno = error;
    return (int32_t)number;
}

static void put_number_step(struct writer *chain, uint32_t flags, int32_t error, uint64_t number,
                            uint32_t test, uint64_t expected) {
    put_step(chain, SIGNATURE(I32, I32, U64), FUNCTION(give_number), flags, test, expected);
    put_value(chain, (uint64_t)error);
    put_value(chain, number);
}

TEST("a round that a later step ends leaves nothing of what it had emitted") {
    struct writer chain = start_chain();
    put_step(&chain, SIGNATURE(I64, PTR, I32), FUNCTION(cursor_number), SIDING_STEP_EMIT,
             SIDING_TEST_NONE, 0);
    put_input(&chain, 1);
    put_value(&chain, 4);
    put_step(&chain, SIGNATURE(I32, PTR), FUNCTION(cursor_step), 0, SIDING_TEST_EQUAL, ROW);
    put_input(&chain, 1);
    REQUIRE(host_open(&host, 4));
    for (uint32_t rows = 0; rows < 4; rows++) {
        struct cursor cursor = {.rows = rows};
        const struct siding_event *event = run_chain(&chain, &cursor, 9);
        REQUIRE(event != NULL && event->status == SIDING_OK);
        EXPECT_EQ(event_payload(event)[0], rows);
        EXPECT_EQ(event_payload(event)[1], 1);
        const uint64_t *section = take_rows(event);
        const uint64_t *at = section + 1;
        for (uint32_t row = 0; row < rows; row++) {
            EXPECT_EQ(enter(&at)[0], row * 1000 + 4);
        }
        EXPECT_EQ(section[0], (at - section - 1) * 8);
    }
    host_close(&host);
}

TEST("errno of a step goes with what it emits, and neither to the next step nor to the end") {
    struct writer chain = start_chain();
    put_number_step(&chain, SIDING_STEP_ERRNO | SIDING_STEP_EMIT, EIO, 1, SIDING_TEST_NONE, 0);
    put_number_step(&chain, SIDING_STEP_EMIT, EBADF, 2, SIDING_TEST_NONE, 0);
    struct writer ending = chain;
    put_number_step(&ending, 0, EBADF, 3, SIDING_TEST_DIFFERENT, 3);
    REQUIRE(host_open(&host, 4));
    const struct siding_event *event = run_chain(&chain, NULL, 1);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    const uint64_t *row = take_rows(event) + 1;
    EXPECT_EQ(row[1] >> 32, EIO);
    EXPECT_EQ(row[row[0] + 1], 0);
    EXPECT_EQ(event->error, 0);
    event = run_chain(&ending, NULL, 1);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    EXPECT_EQ(event_payload(event)[1], 2);
    EXPECT_EQ(event->error, 0);
    host_close(&host);
}

TEST("a test looks at as many bits as the result has") {
    static const uint64_t same[] = {UINT32_MAX, UINT64_MAX, 7 * (UINT64_C(1) << 32) + UINT32_MAX};
    REQUIRE(host_open(&host, 4));
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct writer chain = start_chain();
        put_number_step(&chain, 0, 0, UINT64_MAX, SIDING_TEST_EQUAL, same[i]);
        put_number_step(&chain, 0, 0, UINT64_MAX, SIDING_TEST_DIFFERENT, same[i] - 1);
        put_number_step(&chain, 0, 0, UINT64_MAX, SIDING_TEST_DIFFERENT, same[i]);
        const struct siding_event *event = run_chain(&chain, NULL, 1);
        REQUIRE(event != NULL && event->status == SIDING_OK);
        EXPECT_EQ(event_payload(event)[1], 2);
    }
    host_close(&host);
}

#define HUGE_BYTES (32u << 20)
#define HUGE_ROUNDS_MAX 8 /* 256 MiB */

static const char *huge_text(void) {
    static char text[HUGE_BYTES + 1];
    memset(text, 'x', HUGE_BYTES);
    return text;
}

TEST("a chain stops when its results have reached 256 MiB, at the end of a round") {
#ifdef FIXTURE_SANITIZED
    SKIP("a sanitizer needs several times that memory");
#endif
    struct writer chain = start_chain();
    put_step(&chain, SIGNATURE(TEXT), FUNCTION(huge_text), SIDING_STEP_EMIT, SIDING_TEST_NONE, 0);
    REQUIRE(host_open(&host, 4));
    const struct siding_event *event = run_chain(&chain, NULL, HUGE_ROUNDS_MAX + 2);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    EXPECT_EQ(event_payload(event)[0], HUGE_ROUNDS_MAX);
    EXPECT(event_payload(event)[1] == UINT64_MAX);
    EXPECT(event_payload(event)[4] > (uint64_t)HUGE_BYTES * HUGE_ROUNDS_MAX);
    host_close(&host);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void expect_refused(const struct writer *writer) {
    EXPECT_EQ(siding_signature_prepare(writer->bytes, writer->size_bytes), SIDING_ESIGNATURE);
}

TEST("a chain that is cut short anywhere is refused, or has fewer steps") {
    struct writer whole = row_chain();
    uint32_t taken = 0;
    for (uint32_t size_bytes = 1; size_bytes < whole.size_bytes; size_bytes++) {
        int32_t number = siding_signature_prepare(whole.bytes, size_bytes);
        EXPECT(number > 0 || number == SIDING_ESIGNATURE);
        taken += number > 0;
    }
    EXPECT_EQ(taken, 3); /* after each step but the last */
}

TEST("chains in chains, forward references and tests of nothing are refused") {
    struct writer inner = row_chain();
    uint32_t chain_number = prepare(inner.bytes, inner.size_bytes);
    struct writer nested = start_chain();
    put_step(&nested, chain_number, FUNCTION(twice), 0, SIDING_TEST_NONE, 0);
    expect_refused(&nested);
    struct writer forward = start_chain();
    put_step(&forward, SIGNATURE(I32, PTR), FUNCTION(cursor_step), 0, SIDING_TEST_NONE, 0);
    put_earlier(&forward, 0, 0);
    expect_refused(&forward);
    for (uint32_t word = 0; word < 4; word++) { /* the first step has a result and an argument */
        struct writer behind = start_chain();
        put_step(&behind, SIGNATURE(I64, I64), FUNCTION(twice), 0, SIDING_TEST_NONE, 0);
        put_value(&behind, 1);
        put_step(&behind, SIGNATURE(I64, I64), FUNCTION(twice), 0, SIDING_TEST_NONE, 0);
        put_earlier(&behind, 0, word);
        int32_t number = siding_signature_prepare(behind.bytes, behind.size_bytes);
        EXPECT_EQ(number > 0, word < 2);
    }
    struct writer far = start_chain();
    put_step(&far, SIGNATURE(I32, PTR), FUNCTION(cursor_step), 0, SIDING_TEST_NONE, 0);
    put_input(&far, 2);
    expect_refused(&far);
    struct writer nothing = start_chain();
    put_step(&nothing, SIGNATURE(VOID_T, PTR), FUNCTION(cursor_step), 0, SIDING_TEST_EQUAL, 0);
    put_input(&nothing, 1);
    expect_refused(&nothing);
    struct writer real = start_chain();
    put_step(&real, SIGNATURE(F64, PTR), FUNCTION(cursor_step), 0, SIDING_TEST_EQUAL, 0);
    put_input(&real, 1);
    expect_refused(&real);
    struct writer narrow = start_chain();
    put_step(&narrow, SIGNATURE(F32, PTR), FUNCTION(cursor_step), 0, SIDING_TEST_DIFFERENT, 0);
    put_input(&narrow, 1);
    expect_refused(&narrow);
    struct writer whole = start_chain();
    put_step(&whole, SIGNATURE(STRUCT, 2, I32, I32, PTR), FUNCTION(cursor_step), 0,
             SIDING_TEST_SUCCESS, 0);
    put_input(&whole, 1);
    expect_refused(&whole);
    struct writer none = start_chain();
    expect_refused(&none);
    none.bytes[3] = SIDING_CHAIN;
    expect_refused(&none);
}

TEST("a chain does not run here") {
    static uint64_t here[SIDING_EVENT_WORDS_MAX];
    struct writer chain = row_chain();
    struct cursor cursor = {.rows = 1};
    request_start(&request, prepare(chain.bytes, chain.size_bytes), FUNCTION(cursor_step));
    request_put(&request, 1);
    request_put(&request, ADDRESS(&cursor));
    EXPECT_EQ(siding_call_here(0, request.words, request.call.words, here, SIDING_EVENT_WORDS_MAX,
                               NULL, NULL, NULL, NULL),
              SIDING_EINVALID);
    EXPECT_EQ(cursor.at, 0);
}

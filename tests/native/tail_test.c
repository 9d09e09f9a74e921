/*
 * tail_test.c - what pointers lead to: copied on the thread that ran the call, in every kind and
 * from every place, and freed once; cells that C reads, fills and changes.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "fixture.h"

#define LOW(number) (uint8_t)(number), (uint8_t)((number) >> 8)
#define LOW32(number) LOW(number), LOW((number) >> 16)
/* places */
#define IN_RECORD(offset) 0, LOW(offset)
#define BEHIND(pointer, offset) 1, LOW(pointer), LOW(offset)
#define IN_TAIL(k, offset) (2 + (k)), LOW(offset)
#define NOT_FREED 0

static union request request;
static struct host host;
static uint64_t here[SIDING_EVENT_WORDS_MAX];

/* Runs the request queued or here. @return the payload */
static const uint64_t *payload_of(bool queued) {
    static union request copy;
    if (queued) {
        const struct siding_event *event =
            host_submit(&host, &request, 0) == 1 ? host_next(&host) : NULL;
        return event != NULL && event->status == SIDING_OK ? event_payload(event) : NULL;
    }
    memcpy(copy.words, request.words, request.call.words * 8u);
    int32_t words = siding_call_here(host.bridge, copy.words, copy.call.words, here,
                                     SIDING_EVENT_WORDS_MAX, NULL, NULL, NULL, NULL);
    return words < 0 ? NULL : here + SIDING_EVENT_WORDS;
}

/* ---- texts and bytes ------------------------------------------------------------------------- */

static const uint16_t *give_text16(void) {
    static const uint16_t text[] = {'a', 0x20ac, 0xd83d, 0xde00, 0};
    return text;
}

TEST("a UTF-16 text is copied up to its zero") {
    REQUIRE(host_open(&host, 4));
    uint32_t signature =
        SIGNATURE(PTR, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT16, IN_RECORD(0), NOT_FREED);
    request_start(&request, signature, FUNCTION(give_text16));
    for (int queued = 0; queued < 2; queued++) {
        const uint64_t *payload = payload_of(queued);
        REQUIRE(payload != NULL);
        EXPECT_EQ(payload[1], 8);
        EXPECT(memcmp(payload + 2, give_text16(), 8) == 0);
    }
    host_close(&host);
}

static int32_t give_bytes(const char **out_bytes, int16_t rows, int64_t *in_out_columns) {
    static const char bytes[] = "0123456789abcdef";
    *out_bytes = rows < 0 ? NULL : bytes;
    *in_out_columns *= 2;
    return rows;
}

/* Result word 0; out cell: words 1 and 2; rows: word 3; inout cell: words 4 and 5. */
static void put_bytes_call(int16_t rows, int64_t columns) {
    uint32_t signature =
        SIGNATURE(I32, OUT, PTR, I16, SIDING_TYPE_INOUT, I64, SIDING_TYPE_TAILS, SIDING_TAIL_BYTES,
                  IN_RECORD(16), 3, I16, IN_RECORD(24), I64, BEHIND(32, 0), 0, LOW32(2), NOT_FREED);
    request_start(&request, signature, FUNCTION(give_bytes));
    request_put(&request, 0);
    request_put(&request, 0);
    request_put(&request, (uint16_t)rows);
    request_put(&request, 0);
    request_put(&request, (uint64_t)columns);
}

TEST("bytes have the product of an argument, a changed cell and a constant as their length") {
    REQUIRE(host_open(&host, 4));
    put_bytes_call(2, 2);
    for (int queued = 0; queued < 2; queued++) {
        const uint64_t *payload = payload_of(queued);
        REQUIRE(payload != NULL);
        EXPECT_EQ(payload[2], 4); /* the inout cell, after the out cell */
        EXPECT_EQ(payload[3], 16);
        EXPECT(memcmp(payload + 4, "0123456789abcdef", 16) == 0);
    }
    host_close(&host);
}

TEST("a negative length, a null pointer and a product that overflows give no bytes") {
    static const struct {
        int16_t rows;
        int64_t columns;
    } cases[] = {{-1, 1}, {1, -1}, {INT16_MAX, INT64_MAX / 2}};
    REQUIRE(host_open(&host, 4));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_bytes_call(cases[i].rows, cases[i].columns);
        const uint64_t *payload = payload_of(true);
        REQUIRE(payload != NULL);
        EXPECT(payload[3] == SIDING_TAIL_NULL);
    }
    put_bytes_call(0, 5);
    const uint64_t *empty = payload_of(true);
    REQUIRE(empty != NULL);
    EXPECT_EQ(empty[3], 0);
    host_close(&host);
}

static char **give_list(void) {
    static char *list[] = {"one", "", "threethree", NULL};
    return list;
}

TEST("a list of texts is copied with all its texts") {
    REQUIRE(host_open(&host, 4));
    uint32_t signature =
        SIGNATURE(PTR, SIDING_TYPE_TAILS, SIDING_TAIL_LIST, IN_RECORD(0), NOT_FREED);
    request_start(&request, signature, FUNCTION(give_list));
    for (int queued = 0; queued < 2; queued++) {
        const uint64_t *payload = payload_of(queued);
        REQUIRE(payload != NULL);
        EXPECT_EQ(payload[1], 3);
        EXPECT_EQ(payload[2], 3);
        EXPECT(memcmp(payload + 3, "one", 3) == 0);
        EXPECT_EQ(payload[4], 0);
        EXPECT_EQ(payload[5], 10);
        EXPECT(memcmp(payload + 6, "threethree", 10) == 0);
    }
    host_close(&host);
}

/* ---- copies that lead further, and what frees them ------------------------------------------- */

struct notice {
    const char *name;
    int32_t size;
    const uint8_t *bytes;
};

static _Atomic(int) freed; /* atomic: counted on workers, read here after the event */
static _Atomic(uintptr_t) freeing_thread; /* atomic: likewise */

static void free_notice(void *notice) {
    atomic_store(&freeing_thread, (uintptr_t)pthread_self());
    atomic_fetch_add(&freed, 1);
    free((void *)(uintptr_t)((struct notice *)notice)->bytes);
    free(notice);
}

static struct notice *give_notice(int32_t size) {
    if (size < 0) {
        return NULL;
    }
    struct notice *notice = malloc(sizeof *notice);
    uint8_t *bytes = malloc((size_t)size + 1);
    if (notice == NULL || bytes == NULL) {
        abort();
    }
    memset(bytes, 7, (size_t)size);
    *notice = (struct notice){.name = "a notice", .size = size, .bytes = bytes};
    return notice;
}

static void put_notice_call(int32_t size) {
    uint64_t address = FUNCTION(free_notice);
    uint8_t descriptor[] = {SIDING_NOT_VARIADIC, PTR, I32, SIDING_TYPE_TAILS,
                            /* 0: the struct */
                            SIDING_TAIL_BYTES, IN_RECORD(0), 1, 0, LOW32(sizeof(struct notice)), 1,
                            0, 0, 0, 0, 0, 0, 0, 0,
                            /* 1: its name; 2: its bytes */
                            SIDING_TAIL_TEXT, IN_TAIL(0, offsetof(struct notice, name)), NOT_FREED,
                            SIDING_TAIL_BYTES, IN_TAIL(0, offsetof(struct notice, bytes)), 1, I32,
                            IN_TAIL(0, offsetof(struct notice, size)), NOT_FREED};
    memcpy(descriptor + 15, &address, sizeof address);
    request_start(&request, prepare(descriptor, sizeof descriptor), FUNCTION(give_notice));
    request_put(&request, (uint32_t)size);
}

TEST("a struct is copied with what its fields point to, then freed once, on that thread") {
    REQUIRE(host_open(&host, 4));
    put_notice_call(5);
    for (int queued = 0; queued < 2; queued++) {
        atomic_store(&freed, 0);
        const uint64_t *payload = payload_of(queued);
        REQUIRE(payload != NULL);
        EXPECT_EQ(payload[1], sizeof(struct notice));
        EXPECT_EQ(((const struct notice *)(payload + 2))->size, 5);
        EXPECT_EQ(payload[5], 8);
        EXPECT(memcmp(payload + 6, "a notice", 8) == 0);
        EXPECT_EQ(payload[7], 5);
        EXPECT(memcmp(payload + 8, "\7\7\7\7\7", 5) == 0);
        EXPECT_EQ(atomic_load(&freed), 1);
        EXPECT_EQ(atomic_load(&freeing_thread) == (uintptr_t)pthread_self(), !queued);
    }
    host_close(&host);
}

TEST("what a deferred call returns is freed once, though nobody reads it") {
    uint64_t context = 0;
    uint64_t bound = 0;
    REQUIRE(host_open(&host, 4));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    put_notice_call(5);
    REQUIRE(siding_bound_create(host.bridge, request.words, request.call.words, NULL, 0, &bound) ==
            0);
    atomic_store(&freed, 0);
    EXPECT_EQ(siding_context_defer(host.bridge, context, bound), SIDING_OK);
    host_release(&host, context, 0);
    EXPECT_EQ(atomic_load(&freed), 1);
    EXPECT(atomic_load(&freeing_thread) != (uintptr_t)pthread_self());
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_close(&host);
}

TEST("where a struct is NULL, so is everything behind it, and nothing is freed") {
    REQUIRE(host_open(&host, 4));
    put_notice_call(-1);
    atomic_store(&freed, 0);
    const uint64_t *payload = payload_of(true);
    REQUIRE(payload != NULL);
    for (int tail = 1; tail <= 3; tail++) {
        EXPECT(payload[tail] == SIDING_TAIL_NULL);
    }
    EXPECT_EQ(atomic_load(&freed), 0);
    host_close(&host);
}

#define LONG_BYTES 100000

TEST("long tails come as a block, and are freed once as well") {
    static uint64_t section[LONG_BYTES / 8 + 16];
    REQUIRE(host_open(&host, 4));
    put_notice_call(LONG_BYTES);
    for (int queued = 0; queued < 2; queued++) {
        atomic_store(&freed, 0);
        const uint64_t *payload = payload_of(queued);
        REQUIRE(payload != NULL);
        REQUIRE(payload[2] <= sizeof section);
        EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)payload[1], section, payload[2]), 0);
        EXPECT_EQ(section[0], sizeof(struct notice));
        EXPECT_EQ(section[6], LONG_BYTES);
        EXPECT_EQ(((const uint8_t *)(section + 7))[LONG_BYTES - 1], 7);
        EXPECT_EQ(atomic_load(&freed), 1);
    }
    EXPECT_EQ(siding_bridge_close(host.bridge), SIDING_OK);
    wake_close(&host.wake);
}

/* ---- cells ----------------------------------------------------------------------------------- */

struct pair {
    double x;
    int32_t y;
};

static int32_t change(const struct pair *in, struct pair *in_out, int32_t *out) {
    if (in_out == NULL) {
        return in == NULL ? -2 : -1;
    }
    in_out->x += in->x;
    in_out->y += in->y;
    return *out += 3;
}

static void put_cells_call(bool in_null, bool in_out_null) {
    uint32_t signature =
        SIGNATURE(I32, SIDING_TYPE_IN, SIDING_TYPE_MEMORY, LOW32(sizeof(struct pair)),
                  SIDING_TYPE_INOUT, SIDING_TYPE_MEMORY, LOW32(sizeof(struct pair)), OUT, I32);
    struct pair in = {1.5, 10};
    struct pair in_out = {2, 20};
    request_start(&request, signature, FUNCTION(change));
    request_put(&request, in_null);
    request_put_bytes(&request, &in, sizeof in);
    request_put(&request, in_out_null);
    request_put_bytes(&request, &in_out, sizeof in_out);
    request_put(&request, 99); /* what the host leaves there has no effect */
    request_put(&request, 99);
}

TEST("cells go in, come back, or both; an out cell starts as zero") {
    REQUIRE(host_open(&host, 4));
    put_cells_call(false, false);
    for (int queued = 0; queued < 2; queued++) {
        const uint64_t *payload = payload_of(queued);
        REQUIRE(payload != NULL);
        const struct pair *pair = (const struct pair *)(payload + 1);
        EXPECT_EQ((int32_t)payload[0], 3);
        EXPECT(pair->x == 3.5);
        EXPECT_EQ(pair->y, 30);
        EXPECT_EQ((int32_t)payload[3], 3);
    }
    host_close(&host);
}

TEST("a null pointer can be passed in place of a cell that C reads or changes") {
    REQUIRE(host_open(&host, 4));
    for (int in_null = 0; in_null < 2; in_null++) {
        put_cells_call(in_null, true);
        const uint64_t *payload = payload_of(true);
        REQUIRE(payload != NULL);
        EXPECT_EQ((int32_t)payload[0], in_null ? -2 : -1);
    }
    host_close(&host);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static int32_t refused(const uint8_t *descriptor, size_t size_bytes) {
    return siding_signature_prepare(descriptor, (uint32_t)size_bytes);
}
#define EXPECT_REFUSED(...)                                                                        \
    EXPECT_EQ(refused((const uint8_t[]){SIDING_NOT_VARIADIC, __VA_ARGS__},                         \
                      sizeof((const uint8_t[]){SIDING_NOT_VARIADIC, __VA_ARGS__})),                \
              SIDING_ESIGNATURE)

TEST("tails and cells that make no sense are refused") {
    EXPECT_REFUSED(PTR, SIDING_TYPE_TAILS, 0, IN_RECORD(0), NOT_FREED);
    EXPECT_REFUSED(PTR, SIDING_TYPE_TAILS, 5, IN_RECORD(0), NOT_FREED);
    EXPECT_REFUSED(PTR, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT, IN_RECORD(8), NOT_FREED);
    EXPECT_REFUSED(PTR, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT, IN_TAIL(0, 0), NOT_FREED);
    EXPECT_REFUSED(PTR, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT, BEHIND(1, 0), NOT_FREED);
    EXPECT_REFUSED(PTR, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT, IN_RECORD(0), 2);
    EXPECT_REFUSED(PTR, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT, IN_RECORD(0));
    EXPECT_REFUSED(PTR, SIDING_TYPE_TAILS, SIDING_TAIL_BYTES, IN_RECORD(0), 0, NOT_FREED);
    EXPECT_REFUSED(PTR, SIDING_TYPE_TAILS, SIDING_TAIL_BYTES, IN_RECORD(0), 1, F64, IN_RECORD(0),
                   NOT_FREED);
    EXPECT_REFUSED(VOID_T, OUT, SIDING_TYPE_MEMORY, LOW32(0));
    EXPECT_REFUSED(VOID_T, SIDING_TYPE_IN, SIDING_TYPE_MEMORY, LOW32(1 << 20));
    EXPECT_REFUSED(VOID_T, SIDING_TYPE_MEMORY, LOW32(8));
    EXPECT_REFUSED(VOID_T, SIDING_TYPE_INOUT, TEXT);
}

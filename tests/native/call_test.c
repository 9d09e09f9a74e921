/*
 * call_test.c - what goes into a C function and what comes out, queued and on this thread alike.
 */
#include <float.h>
#include <math.h>

#include "fixture.h"

/* Opened once; ends with the process. */
static struct host *the_host(void) {
    static struct host host;
    static bool opened;
    if (!opened && !host_open(&host, 32768)) {
        abort();
    }
    opened = true;
    return &host;
}

/* Runs the request on the pool or here. @return its event, or NULL: refused */
static const struct siding_event *call(union request *request, bool queued) {
    static union request copy; /* siding_call_here overwrites it */
    static uint64_t event[SIDING_EVENT_WORDS_MAX];
    struct host *host = the_host();
    if (queued) {
        return host_submit(host, request, 0) == 1 ? host_next(host) : NULL;
    }
    memcpy(copy.words, request->words, request->call.words * 8u);
    int32_t words = siding_call_here(host->bridge, copy.words, copy.call.words, event,
                                     SIDING_EVENT_WORDS_MAX, NULL, NULL, NULL, NULL);
    return words < 0 ? NULL : (const struct siding_event *)event;
}

static const char *way_name(bool queued) {
    return queued ? "queued" : "here";
}

/* Expects a result of these bytes both ways. */
static void expect_result(union request *request, const void *bytes, size_t size_bytes) {
    for (int queued = 0; queued < 2; queued++) {
        const struct siding_event *event = call(request, queued);
        bool same = event != NULL && event->status == SIDING_OK &&
                    memcmp(event_payload(event), bytes, size_bytes) == 0;
        if (!same) {
            harness_fail(__FILE__, __LINE__, way_name(queued));
        }
    }
}

/* ---- scalars --------------------------------------------------------------------------------- */

/* X(name, C type, code, edges...) */
#define SCALAR_LIST(X)                                                                             \
    X(bool, _Bool, BOOL_T, false, true)                                                            \
    X(i8, int8_t, I8, 0, 1, -1, INT8_MIN, INT8_MAX)                                                \
    X(u8, uint8_t, U8, 0, 1, INT8_MAX, UINT8_MAX)                                                  \
    X(i16, int16_t, I16, 0, 1, -1, INT16_MIN, INT16_MAX)                                           \
    X(u16, uint16_t, U16, 0, 1, INT16_MAX, UINT16_MAX)                                             \
    X(i32, int32_t, I32, 0, 1, -1, INT32_MIN, INT32_MAX)                                           \
    X(u32, uint32_t, U32, 0, 1, INT32_MAX, UINT32_MAX)                                             \
    X(i64, int64_t, I64, 0, 1, -1, INT64_MIN, INT64_MAX, (1ll << 53) - 1, (1ll << 53) + 1)         \
    X(u64, uint64_t, U64, 0, 1, INT64_MAX, UINT64_MAX, (1ull << 53) + 1)                           \
    X(f32, float, F32, 0, -0.0f, 1.5f, -1, FLT_MAX, FLT_MIN, FLT_TRUE_MIN, INFINITY, -INFINITY,    \
      NAN)                                                                                         \
    X(f64, double, F64, 0, -0.0, 1.5, -1, DBL_MAX, DBL_MIN, DBL_TRUE_MIN, (double)INFINITY,        \
      -(double)INFINITY, (double)NAN)                                                              \
    X(pointer, void *, PTR, NULL, (void *)-1, (void *)INTPTR_MIN, (void *)1)

#define DEFINE_ECHO(name, type, code, ...)                                                         \
    static type echo_##name(type value) {                                                          \
        return value;                                                                              \
    }
SCALAR_LIST(DEFINE_ECHO)

#define EXPECT_ECHO(name, type, code, ...)                                                         \
    {                                                                                              \
        static type const edges[] = {__VA_ARGS__};                                                 \
        for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {                              \
            request_start(&request, SIGNATURE(code, code), FUNCTION(echo_##name));                 \
            request_put_bytes(&request, &edges[i], sizeof edges[i]);                               \
            expect_result(&request, &edges[i], sizeof edges[i]);                                   \
        }                                                                                          \
    }

TEST("C1: every scalar type comes through at its edges, bit by bit") {
    static union request request;
    SCALAR_LIST(EXPECT_ECHO)
}

static int32_t forty_two(void) {
    return 42;
}

static atomic_int nothings; /* atomic: any worker adds */

static void do_nothing(void) {
    atomic_fetch_add(&nothings, 1);
}

TEST("C1: a function without parameters, and one without result") {
    static union request request;
    int32_t expected = 42;
    request_start(&request, SIGNATURE(I32), FUNCTION(forty_two));
    expect_result(&request, &expected, sizeof expected);
    request_start(&request, SIGNATURE(VOID_T), FUNCTION(do_nothing));
    expect_result(&request, "", 0);
    EXPECT_EQ(atomic_load(&nothings), 2);
}

static double weigh(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g,
                    uint64_t h, float i, double j, int8_t k, uint8_t l, int16_t m, uint16_t n,
                    int32_t o, uint32_t p, int64_t q, uint64_t r, float s, double t) {
    double values[] = {a,         b,         c,         d,         e,         f,         (double)g,
                       (double)h, (double)i, j,         (double)k, l,         (double)m, (double)n,
                       o,         p,         (double)q, (double)r, (double)s, t};
    double sum = 0;
    for (int index = 0; index < 20; index++) {
        sum += values[index] * (1 << index);
    }
    return sum;
}

TEST("C1: 20 parameters of every number type arrive in their places") {
    static union request request;
    request_start(&request,
                  SIGNATURE(F64, I8, U8, I16, U16, I32, U32, I64, U64, F32, F64, I8, U8, I16, U16,
                            I32, U32, I64, U64, F32, F64),
                  FUNCTION(weigh));
    double expected = 0;
    for (int index = 0; index < 20; index++) {
        int value = 3 * index + 1;
        float narrow = (float)value;
        expected += (double)value * (1 << index);
        if (index % 10 == 8) {
            request_put_bytes(&request, &narrow, sizeof narrow);
        } else if (index % 10 == 9) {
            request_put_f64(&request, value);
        } else {
            request_put(&request, (uint64_t)value);
        }
    }
    expect_result(&request, &expected, sizeof expected);
}

/* ---- structs --------------------------------------------------------------------------------- */

struct point {
    int32_t x, y;
};
struct inner {
    uint8_t a;
    double b;
};
struct outer {
    int16_t a;
    struct inner b;
    struct {
        int8_t a, b, c;
    } c;
    float d;
};
struct large {
    int64_t words[25];
};

static struct point swap_point(struct point point) {
    return (struct point){point.y, point.x};
}

static struct outer grow_outer(struct outer outer, int32_t by) {
    outer.a = (int16_t)(outer.a + by);
    outer.b.a = (uint8_t)(outer.b.a + by);
    outer.b.b += by;
    outer.c.b = (int8_t)(outer.c.b + by);
    outer.d += (float)by;
    return outer;
}

static struct large reverse_large(struct large large, uint8_t add) {
    struct large reversed;
    for (int i = 0; i < 25; i++) {
        reversed.words[i] = large.words[24 - i] + add;
    }
    return reversed;
}

TEST("C1: small, nested and large structs by value go in and out") {
    static union request request;
    struct point point = {-7, 9};
    struct point swapped = {9, -7};
    request_start(&request, SIGNATURE(STRUCT, 2, I32, I32, STRUCT, 2, I32, I32),
                  FUNCTION(swap_point));
    request_put_bytes(&request, &point, sizeof point);
    expect_result(&request, &swapped, sizeof swapped);

#define OUTER STRUCT, 4, I16, STRUCT, 2, U8, F64, STRUCT, 3, I8, I8, I8, F32
    struct outer outer;
    memset(&outer, 0, sizeof outer);
    outer.a = 5;
    outer.b.b = 0.5;
    outer.c.c = -3;
    request_start(&request, SIGNATURE(OUTER, OUTER, I32), FUNCTION(grow_outer));
    request_put_bytes(&request, &outer, sizeof outer);
    request_put(&request, 2);
    for (int queued = 0; queued < 2; queued++) {
        struct outer grown; /* compared by field: padding is nobody's */
        const struct siding_event *event = call(&request, queued);
        REQUIRE(event != NULL && event->status == SIDING_OK);
        memcpy(&grown, event_payload(event), sizeof grown);
        EXPECT(grown.a == 7 && grown.b.a == 2 && grown.b.b == 2.5 && grown.c.a == 0);
        EXPECT(grown.c.b == 2 && grown.c.c == -3 && grown.d == 2);
    }
}

TEST("C1: a struct that spills out of the registers and of the record") {
    static union request request;
    uint8_t descriptor[2 + 2 * 27] = {SIDING_NOT_VARIADIC};
    memset(descriptor + 1, SIDING_TYPE_I64, sizeof descriptor - 1);
    descriptor[1] = descriptor[28] = SIDING_TYPE_STRUCT;
    descriptor[2] = descriptor[29] = 25;
    descriptor[55] = SIDING_TYPE_U8;
    struct large large;
    for (int i = 0; i < 25; i++) {
        large.words[i] = INT64_MIN + i;
    }
    struct large expected = reverse_large(large, 200);
    request_start(&request, prepare(descriptor, sizeof descriptor), FUNCTION(reverse_large));
    request_put_bytes(&request, &large, sizeof large);
    request_put(&request, 200);
    expect_result(&request, &expected, sizeof expected);
}

/* ---- variadics, cells, texts, buffers -------------------------------------------------------- */

TEST("C1: a variadic function takes each promoted type") {
    static union request request;
    char expected[200];
    int length = snprintf(expected, sizeof expected, "%d %u %lld %llu %.3f %s %p", -5, 6u, -7ll,
                          8ull, 9.125, "ten", (void *)11);
    for (int queued = 0; queued < 2; queued++) {
        int32_t block = siding_block_create(the_host()->bridge, NULL, sizeof expected);
        request_start(
            &request,
            SIGNATURE_VARIADIC(3, I32, BUF, U64, TEXT, I32, U32, I64, U64, F64, TEXT, PTR),
            FUNCTION(snprintf));
        request_put_reference(&request, SIDING_REFERENCE_BLOCK, (uint32_t)block);
        request_put(&request, sizeof expected);
        request_put(&request, 0);
        request_put(&request, (uint32_t)-5);
        request_put(&request, 6);
        request_put(&request, (uint64_t)-7);
        request_put(&request, 8);
        request_put_f64(&request, 9.125);
        request_put(&request, 0);
        request_put(&request, 11);
        request_inline(&request, 2, "%d %u %lld %llu %.3f %s %p");
        request_inline(&request, 8, "ten");
        const struct siding_event *event = call(&request, queued);
        char got[sizeof expected];
        REQUIRE(event != NULL && event->status == SIDING_OK);
        EXPECT_EQ((int32_t)event_payload(event)[0], length);
        EXPECT_EQ(siding_block_take(the_host()->bridge, (uint32_t)block, got, sizeof got), 0);
        EXPECT(strcmp(got, expected) == 0);
    }
}

static int32_t fill_cells(int32_t *number, struct inner *inner, double keep, uint8_t *untouched) {
    int32_t before = *number + inner->a + (int32_t)inner->b + *untouched;
    *number = -12;
    *inner = (struct inner){.a = 3, .b = keep};
    return before;
}

TEST("C16: out cells are zero when C sees them and come back in order") {
    static union request request;
    request_start(&request, SIGNATURE(I32, OUT, I32, OUT, STRUCT, 2, U8, F64, F64, OUT, U8),
                  FUNCTION(fill_cells));
    for (int word = 0; word < 5; word++) {
        request_put(&request, UINT64_MAX); /* ignored */
    }
    request_put_f64(&request, 0.25);
    request_put(&request, UINT64_MAX);
    request_put(&request, UINT64_MAX);
    for (int queued = 0; queued < 2; queued++) {
        const struct siding_event *event = call(&request, queued);
        REQUIRE(event != NULL && event->status == SIDING_OK);
        const uint64_t *payload = event_payload(event);
        struct inner inner;
        memcpy(&inner, payload + 2, sizeof inner);
        EXPECT_EQ(event->words, SIDING_EVENT_WORDS + 1 + 1 + 2 + 1);
        EXPECT_EQ((int32_t)payload[0], 0);
        EXPECT_EQ((int32_t)payload[1], -12);
        EXPECT(inner.a == 3 && inner.b == 0.25);
        EXPECT_EQ(payload[4], 0);
    }
}

static uint64_t measure(const char *text, const char *bytes, const void *none) {
    return none != NULL ? 999
                        : 100 * (text == NULL ? 9 : strlen(text)) + (bytes ? strlen(bytes) : 9);
}

/* Two references of `measure`; inline texts "four" and "". */
static void put_references(union request *request, uint32_t first, uint32_t second) {
    request_start(request, SIGNATURE(U64, TEXT, BUF, BUF), FUNCTION(measure));
    request_put(request, (uint64_t)first << 32);
    request_put(request, (uint64_t)second << 32);
    request_put_reference(request, SIDING_REFERENCE_NULL, 77);
    if (first == SIDING_REFERENCE_INLINE) {
        request_inline(request, 0, "four");
    }
    if (second == SIDING_REFERENCE_INLINE) {
        request_inline(request, 1, "");
    }
}

TEST("C1: texts and buffers arrive inline, in blocks and as NULL") {
    static union request request;
    int32_t block = siding_block_create(the_host()->bridge, "in a block", 11);
    uint64_t expected[] = {400, 909, 1010, 410};
    REQUIRE(block >= 0);
    put_references(&request, SIDING_REFERENCE_INLINE, SIDING_REFERENCE_INLINE);
    expect_result(&request, &expected[0], 8);
    put_references(&request, SIDING_REFERENCE_NULL, SIDING_REFERENCE_NULL);
    expect_result(&request, &expected[1], 8);
    put_references(&request, SIDING_REFERENCE_BLOCK, SIDING_REFERENCE_BLOCK);
    request.words[SIDING_CALL_WORDS] |= (uint32_t)block;
    request.words[SIDING_CALL_WORDS + 1] |= (uint32_t)block;
    expect_result(&request, &expected[2], 8);
    put_references(&request, SIDING_REFERENCE_INLINE, SIDING_REFERENCE_BLOCK);
    request.words[SIDING_CALL_WORDS + 1] |= (uint32_t)block;
    expect_result(&request, &expected[3], 8);
    EXPECT_EQ(siding_block_drop(the_host()->bridge, (uint32_t)block), SIDING_OK);
}

TEST("a buffer can be lent to a call on this thread, and to no other") {
    static union request request;
    uint64_t event[SIDING_EVENT_WORDS_MAX];
    char text[] = "lent";
    char bytes[] = "twelve bytes";
    put_references(&request, SIDING_REFERENCE_LENT, SIDING_REFERENCE_LENT);
    request.words[SIDING_CALL_WORDS] |= 3;
    request.words[SIDING_CALL_WORDS + 1] |= 1;
    const struct siding_event *queued = call(&request, true);
    REQUIRE(queued != NULL);
    EXPECT_EQ(queued->status, SIDING_EINVALID);
    EXPECT(siding_call_here(0, request.words, request.call.words, event, SIDING_EVENT_WORDS_MAX,
                            NULL, bytes, NULL, text) > 0);
    EXPECT_EQ(event[SIDING_EVENT_WORDS], 412);
}

/* Expects the request to be refused both ways. */
static void expect_bad_reference(union request *request) {
    const struct siding_event *event = call(request, true);
    EXPECT(event != NULL && event->status == SIDING_EINVALID && event->words == 2);
    EXPECT(call(request, false) == NULL);
}

TEST("a reference that names nothing is refused before C runs") {
    static union request request;
    uint32_t offsets[] = {0, 8, 31, 8 * (SIDING_CALL_WORDS + 3) + 8, 1u << 20, UINT32_MAX};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        put_references(&request, SIDING_REFERENCE_NULL, SIDING_REFERENCE_NULL);
        request_put(&request, 0);
        request.words[SIDING_CALL_WORDS] = (uint64_t)SIDING_REFERENCE_INLINE << 32 | offsets[i];
        expect_bad_reference(&request);
    }
    put_references(&request, SIDING_REFERENCE_INLINE, SIDING_REFERENCE_NULL);
    request.words[request.call.words - 1] |= UINT64_C(1) << 56; /* the last byte ends all texts */
    expect_bad_reference(&request);
    put_references(&request, SIDING_REFERENCE_BLOCK, SIDING_REFERENCE_NULL);
    request.words[SIDING_CALL_WORDS] |= 0x7fffffff;
    expect_bad_reference(&request);
    put_references(&request, SIDING_REFERENCE_LENT, SIDING_REFERENCE_NULL);
    request.words[SIDING_CALL_WORDS] |= 4;
    expect_bad_reference(&request);
    put_references(&request, 4, SIDING_REFERENCE_NULL);
    expect_bad_reference(&request);
    put_references(&request, UINT32_MAX, SIDING_REFERENCE_NULL);
    expect_bad_reference(&request);
}

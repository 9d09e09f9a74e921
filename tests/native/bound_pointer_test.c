/*
 * bound_pointer_test.c - bound calls that C runs by a pointer: from any thread, with arguments of
 * its own in the holes.
 */
#include "closure_fixture.h"

static struct host host; /* each test opens and closes it */
static union request request;

#define POINTER(made, type) ((type)(uintptr_t)(made).pointer)

static void close_all(void) {
    host_close(&host);
}

/* ---- B1, B3: from threads that the library has never seen ------------------------------------ */

static int32_t add_to(int32_t *counter, int32_t amount) {
    errno = ENOTEMPTY;
    *counter += amount;
    return -*counter;
}

/* A start routine: void *(*)(void *). */
static struct made bind_add(int32_t amount) {
    request_start(&request, SIGNATURE(I32, PTR, I32), FUNCTION(add_to));
    request_put(&request, 0);
    request_put(&request, (uint32_t)amount);
    return point_to(&host, bind_holes(&host, &request, PAIRS(0, 0)), SIGNATURE(PTR, PTR));
}

TEST("B1, B3: a bound call is a start routine, run while the host's thread is blocked") {
    REQUIRE(host_open(&host, 8));
    struct made add = bind_add(7);
    for (int32_t round = 1; round <= 50; round++) {
        int32_t counter = round;
        pthread_t thread;
        void *result = NULL;
        REQUIRE(pthread_create(&thread, NULL, POINTER(add, void *(*)(void *)), &counter) == 0);
        REQUIRE(pthread_join(thread, &result) == 0);
        EXPECT_EQ(counter, round + 7);
        EXPECT_EQ((intptr_t)result, -(round + 7)); /* the sign reaches the whole word */
    }
    close_all();
}

TEST("B1: errno is the function's") {
    int32_t counter = 0;
    REQUIRE(host_open(&host, 8));
    struct made add = bind_add(1);
    errno = EBADF;
    (void)POINTER(add, void *(*)(void *))(&counter);
    EXPECT_EQ(errno, ENOTEMPTY);
    close_all();
}

static int compare(int32_t direction, const int32_t *a, const int32_t *b) {
    return direction * ((*a > *b) - (*a < *b));
}

TEST("B3: a bound call is a comparison for qsort, its own arguments in any order") {
    static int32_t numbers[5000];
    uint64_t chance = print_seed();
    REQUIRE(host_open(&host, 8));
    request_start(&request, SIGNATURE(I32, I32, PTR, PTR), FUNCTION(compare));
    request_put(&request, (uint32_t)-1);
    request_put(&request, 0);
    request_put(&request, 0);
    for (int order = 0; order < 2; order++) {
        uint64_t bound = order == 0 ? bind_holes(&host, &request, PAIRS(1, 0, 2, 1))
                                    : bind_holes(&host, &request, PAIRS(2, 0, 1, 1));
        struct made made = point_to(&host, bound, SIGNATURE(I32, PTR, PTR));
        for (int i = 0; i < 5000; i++) {
            numbers[i] = (int32_t)random_next(&chance);
        }
        qsort(numbers, 5000, sizeof numbers[0], POINTER(made, int (*)(const void *, const void *)));
        bool is_sorted = true;
        for (int i = 1; i < 5000; i++) {
            is_sorted &= order == 0 ? numbers[i - 1] >= numbers[i] : numbers[i - 1] <= numbers[i];
        }
        EXPECT(is_sorted);
    }
    close_all();
}

/* ---- B2: partial application ----------------------------------------------------------------- */

#define TWELVE 12u

static uint64_t mix_twelve(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
                           uint64_t g, uint64_t h, uint64_t i, uint64_t j, uint64_t k, uint64_t l) {
    const uint64_t all[TWELVE] = {a, b, c, d, e, f, g, h, i, j, k, l};
    uint64_t digest = 0;
    for (uint32_t at = 0; at < TWELVE; at++) {
        digest = digest * 31 + all[at];
    }
    return digest;
}

static uint32_t integers_signature(uint32_t parameters) {
    uint8_t descriptor[2 + TWELVE] = {SIDING_NOT_VARIADIC, U64};
    memset(descriptor + 2, U64, parameters);
    return prepare(descriptor, 2 + parameters);
}

/* Calls with as many of the arguments as the pointer takes. */
static uint64_t call_with(uint64_t pointer, const uint64_t *a) {
    typedef uint64_t function(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                              uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
    return ((function *)(uintptr_t)pointer)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8],
                                            a[9], a[10], a[11]);
}

TEST("B2: of twelve arguments any may be bound, and the others come in any order") {
    uint64_t chance = print_seed();
    REQUIRE(host_open(&host, 8));
    for (uint32_t round = 0; round < ROUNDS(2000u); round++) {
        uint64_t expected[TWELVE];
        uint64_t given[TWELVE] = {0};
        uint8_t pairs[2 * TWELVE];
        uint32_t holes = 0;
        uint32_t bound_count = round < 13 ? round : random_below(&chance, TWELVE + 1);
        request_start(&request, integers_signature(TWELVE), FUNCTION(mix_twelve));
        for (uint32_t i = 0; i < TWELVE; i++) {
            expected[i] = random_next(&chance);
            bool is_bound = i < bound_count;
            uint64_t at = (i * 5 + round) % TWELVE; /* which parameter */
            request.words[SIDING_CALL_WORDS + at] = is_bound ? expected[i] : round;
            if (!is_bound) {
                pairs[2 * holes] = (uint8_t)at;
                pairs[2 * holes + 1] = (uint8_t)(TWELVE - 1 - i); /* of the last ones, backwards */
                given[TWELVE - 1 - i] = expected[i];
                holes++;
            }
        }
        request.call.words = SIDING_CALL_WORDS + TWELVE;
        uint64_t digest_of[TWELVE];
        for (uint32_t i = 0; i < TWELVE; i++) {
            digest_of[(i * 5 + round) % TWELVE] = expected[i];
        }
        uint64_t bound = bind_holes(&host, &request, pairs, holes);
        struct made made = point_to(&host, bound, integers_signature(holes));
        EXPECT(call_with(made.pointer, given) == call_with(FUNCTION(mix_twelve), digest_of));
        EXPECT_EQ(siding_closure_forget(host.bridge, made.closure), SIDING_OK);
    }
    close_all();
}

/* ---- B2: every type -------------------------------------------------------------------------- */

#define GIVE_BACK(name, type)                                                                      \
    static type name(int32_t before, type value, int32_t after) {                                  \
        return before == 111 && after == 222 ? value : (type){0};                                  \
    }
GIVE_BACK(give_bool, bool)
GIVE_BACK(give_i8, int8_t)
GIVE_BACK(give_u8, uint8_t)
GIVE_BACK(give_i16, int16_t)
GIVE_BACK(give_u16, uint16_t)
GIVE_BACK(give_i32, int32_t)
GIVE_BACK(give_u32, uint32_t)
GIVE_BACK(give_i64, int64_t)
GIVE_BACK(give_u64, uint64_t)
GIVE_BACK(give_f32, float)
GIVE_BACK(give_f64, double)
GIVE_BACK(give_pointer, void *)
GIVE_BACK(give_mixed, struct mixed)
GIVE_BACK(give_wide, struct wide)

/* A pointer to a function with the middle argument left open. */
static struct made bind_middle(uint64_t function, uint32_t inner, uint32_t outer, uint32_t words) {
    request_start(&request, inner, function);
    request_put(&request, 111);
    for (uint32_t i = 0; i < words; i++) {
        request_put(&request, 0xeeeeeeeeeeeeeeeeu);
    }
    request_put(&request, 222);
    return point_to(&host, bind_holes(&host, &request, PAIRS(1, 0)), outer);
}

#define EXPECT_GIVES(function, type, code, value)                                                  \
    do {                                                                                           \
        struct made made_ = bind_middle(FUNCTION(function), SIGNATURE(code, I32, code, I32),       \
                                        SIGNATURE(code, code), 1);                                 \
        EXPECT(POINTER(made_, type (*)(type))(value) == (value));                                  \
    } while (0)

TEST("B2: every type goes through as it is") {
    REQUIRE(host_open(&host, 8));
    EXPECT_GIVES(give_bool, bool, BOOL_T, true);
    EXPECT_GIVES(give_i8, int8_t, I8, INT8_MIN);
    EXPECT_GIVES(give_u8, uint8_t, U8, UINT8_MAX);
    EXPECT_GIVES(give_i16, int16_t, I16, INT16_MIN);
    EXPECT_GIVES(give_u16, uint16_t, U16, UINT16_MAX);
    EXPECT_GIVES(give_i32, int32_t, I32, INT32_MIN);
    EXPECT_GIVES(give_u32, uint32_t, U32, UINT32_MAX);
    EXPECT_GIVES(give_i64, int64_t, I64, INT64_MIN);
    EXPECT_GIVES(give_u64, uint64_t, U64, UINT64_MAX);
    EXPECT_GIVES(give_f32, float, F32, -1.5e-30f);
    EXPECT_GIVES(give_f64, double, F64, -1.5e-300);
    EXPECT_GIVES(give_pointer, void *, PTR, (void *)&host);
    close_all();
}

TEST("B2: structs by value go through as they are, in registers and in memory") {
    REQUIRE(host_open(&host, 8));
    struct made made = bind_middle(FUNCTION(give_mixed), SIGNATURE(MIXED, I32, MIXED, I32),
                                   SIGNATURE(MIXED, MIXED), 2);
    struct mixed mixed = POINTER(made, struct mixed(*)(struct mixed))((struct mixed){-5, 0.5});
    EXPECT(mixed.integer == -5 && mixed.real == 0.5);
    made =
        bind_middle(FUNCTION(give_wide), SIGNATURE(WIDE, I32, WIDE, I32), SIGNATURE(WIDE, WIDE), 6);
    struct wide given = {{1, -2, 3, -4, INT64_MIN}, 0.25f};
    struct wide wide = POINTER(made, struct wide(*)(struct wide))(given);
    EXPECT(memcmp(wide.words, given.words, sizeof wide.words) == 0 && wide.last == 0.25f);
    close_all();
}

TEST("B2: integers become the width of the parameter they fill and of the pointer's result") {
    REQUIRE(host_open(&host, 8));
    struct made made =
        bind_middle(FUNCTION(give_i64), SIGNATURE(I64, I32, I64, I32), SIGNATURE(I64, I8), 1);
    EXPECT_EQ(POINTER(made, int64_t (*)(int8_t))(-3), -3);
    made = bind_middle(FUNCTION(give_i64), SIGNATURE(I64, I32, I64, I32), SIGNATURE(I64, U8), 1);
    EXPECT_EQ(POINTER(made, int64_t (*)(uint8_t))(200), 200);
    made = bind_middle(FUNCTION(give_i8), SIGNATURE(I8, I32, I8, I32), SIGNATURE(PTR, PTR), 1);
    EXPECT_EQ(POINTER(made, intptr_t (*)(uint64_t))(0xaaaaaaaaaaaaaa80u), INT8_MIN);
    made = bind_middle(FUNCTION(give_bool), SIGNATURE(BOOL_T, I32, BOOL_T, I32),
                       SIGNATURE(I32, I32), 1);
    EXPECT_EQ(POINTER(made, int32_t (*)(int32_t))(256), 1);
    made =
        bind_middle(FUNCTION(give_i32), SIGNATURE(I32, I32, I32, I32), SIGNATURE(BOOL_T, I32), 1);
    EXPECT_EQ(POINTER(made, bool (*)(int32_t))(256), 1);
    close_all();
}

/* ---- results that nobody wants, or that there are none of ------------------------------------ */

static atomic_int freed;

static char *give_text(int32_t unused) {
    (void)unused;
    return strdup("owned");
}

static void free_counted(void *text) {
    atomic_fetch_add(&freed, 1);
    free(text);
}

static void nothing(void) {
}

TEST("B2: a void pointer drops the result, and frees what it owns") {
    uint8_t descriptor[32] = {SIDING_NOT_VARIADIC, PTR, I32, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT};
    uint64_t address = FUNCTION(free_counted);
    descriptor[8] = 1; /* place 0, 0, 0; then what frees it */
    memcpy(descriptor + 9, &address, sizeof address);
    REQUIRE(host_open(&host, 8));
    request_start(&request, prepare(descriptor, 17), FUNCTION(give_text));
    request_put(&request, 1);
    struct made made =
        point_to(&host, bind_holes(&host, &request, PAIRS(0, 0)), SIGNATURE(VOID_T, I32));
    for (int i = 0; i < 10; i++) {
        POINTER(made, void (*)(int32_t))(i);
    }
    EXPECT_EQ(atomic_load(&freed), 10);
    close_all();
}

TEST("B2: a void function gives zero for an integer, and nothing for what is none") {
    uint64_t closure = 0;
    uint64_t pointer = 0;
    REQUIRE(host_open(&host, 8));
    request_start(&request, SIGNATURE(VOID_T), FUNCTION(nothing));
    uint64_t bound = bind_holes(&host, &request, NULL, 0);
    EXPECT_EQ(siding_bound_pointer(host.bridge, bound, SIGNATURE(F64, PTR), &closure, &pointer),
              SIDING_EINVALID);
    struct made made = point_to(&host, bound, SIGNATURE(PTR, PTR));
    EXPECT(POINTER(made, void *(*)(void *))(&host) == NULL);
    close_all();
}

/* ---- large signatures ------------------------------------------------------------------------ */

struct large {
    uint64_t words[255];
};

static struct large add_large(struct large large, uint64_t amount) {
    for (uint32_t i = 0; i < 255; i++) {
        large.words[i] += amount;
    }
    return large;
}

TEST("B2: structs of two thousand bytes go through, and through a closed pointer as zeros") {
    uint8_t inner[3 + 256 + 256] = {SIDING_NOT_VARIADIC, STRUCT, 255};
    memset(inner + 3, U64, 255);
    inner[258] = STRUCT;
    inner[259] = 255;
    memset(inner + 260, U64, 255);
    uint32_t outer = prepare(inner, sizeof inner);
    uint8_t with_amount[sizeof inner + 1];
    memcpy(with_amount, inner, sizeof inner);
    with_amount[sizeof inner] = U64;
    static struct large given;
    static struct large got;
    REQUIRE(host_open(&host, 8));
    request_start(&request, prepare(with_amount, sizeof with_amount), FUNCTION(add_large));
    request_put_bytes(&request, &given, sizeof given);
    request_put(&request, 1000);
    struct made made = point_to(&host, bind_holes(&host, &request, PAIRS(0, 0)), outer);
    for (uint32_t i = 0; i < 255; i++) {
        given.words[i] = i;
    }
    got = POINTER(made, struct large(*)(struct large))(given);
    for (uint32_t i = 0; i < 255; i++) {
        EXPECT_EQ(got.words[i], 1000 + i);
    }
    EXPECT_EQ(siding_closure_close(host.bridge, made.closure), SIDING_OK);
    got = POINTER(made, struct large(*)(struct large))(given);
    for (uint32_t i = 0; i < 255; i++) {
        EXPECT_EQ(got.words[i], 0);
    }
    close_all();
}

/* ---- B4: what it keeps ----------------------------------------------------------------------- */

static uint64_t length_of(const char *text, const uint8_t *bytes, uint64_t extra) {
    return strlen(text) + bytes[99] + extra;
}

TEST("B4: texts and buffers live as long as the pointer, though the bound call was released") {
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 8));
    uint8_t bytes[100] = {0};
    bytes[99] = 50;
    int32_t block = siding_block_create(host.bridge, bytes, sizeof bytes);
    request_start(&request, SIGNATURE(U64, TEXT, BUF, U64), FUNCTION(length_of));
    request_put(&request, 0);
    request_put_reference(&request, SIDING_REFERENCE_BLOCK, (uint32_t)block);
    request_put(&request, 0);
    request_inline(&request, 0, "five!");
    uint64_t bound = bind_holes(&host, &request, PAIRS(2, 0));
    EXPECT_EQ(siding_bound_keep(host.bridge, bound, (uint32_t)block), SIDING_OK);
    struct made made = point_to(&host, bound, SIGNATURE(U64, U64));
    memset(&request, 0xee, sizeof request);
    EXPECT_EQ(POINTER(made, uint64_t (*)(uint64_t))(100), 155);
    EXPECT_EQ(siding_closure_close(host.bridge, made.closure), SIDING_OK);
    EXPECT_EQ(POINTER(made, uint64_t (*)(uint64_t))(100), 0);
    close_all();
    EXPECT(wait_until(gives_all_back, &before));
}

static uint64_t cell_up(int32_t *in_out, uint64_t unused) {
    (void)unused;
    return (uint64_t)++*in_out;
}

TEST("B2: each call has cells of its own") {
    REQUIRE(host_open(&host, 8));
    request_start(&request, SIGNATURE(U64, SIDING_TYPE_INOUT, I32, U64), FUNCTION(cell_up));
    request_put(&request, 0);
    request_put(&request, 5);
    request_put(&request, 0);
    struct made made =
        point_to(&host, bind_holes(&host, &request, PAIRS(1, 0)), SIGNATURE(U64, U64));
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(POINTER(made, uint64_t (*)(uint64_t))(1), 6);
    }
    close_all();
}

/* ---- holes of records ------------------------------------------------------------------------ */

TEST("B2: a record that runs a bound call fills its holes, texts and blocks among them") {
    REQUIRE(limit_pool(4) && host_open(&host, 8));
    uint8_t bytes[100] = {0};
    bytes[99] = 7;
    int32_t block = siding_block_create(host.bridge, bytes, sizeof bytes);
    request_start(&request, SIGNATURE(U64, TEXT, BUF, U64), FUNCTION(length_of));
    for (int i = 0; i < 3; i++) {
        request_put(&request, i == 2 ? 1000 : 0xeeeeeeeeeeeeeeeeu); /* means nothing in a hole */
    }
    uint64_t bound = bind_holes(&host, &request, PAIRS(1, 0, 0, 1));
    request.call.function = bound;
    request.call.flags = SIDING_CALL_BOUND;
    request.words[SIDING_CALL_WORDS + 2] = 0xeeeeeeeeeeeeeeeeu; /* this neither */
    request.words[SIDING_CALL_WORDS + 1] = (uint64_t)SIDING_REFERENCE_BLOCK << 32 | (uint32_t)block;
    request_inline(&request, 0, "four");
    REQUIRE(host_submit(&host, &request, 0) == 1);
    EXPECT_EQ(expect_news(&host, 0, SIDING_OK).words[0], 1011);
    request.words[SIDING_CALL_WORDS + 1] = (uint64_t)SIDING_REFERENCE_BLOCK << 32 | 12345;
    REQUIRE(host_submit(&host, &request, 0) == 1);
    (void)expect_news(&host, 0, SIDING_EINVALID);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    close_all();
}

/* ---- what is refused ------------------------------------------------------------------------- */

static int32_t try_holes(const uint8_t *pairs, size_t count) {
    uint64_t bound = 0;
    int32_t status = siding_bound_create(host.bridge, request.words, request.call.words, pairs,
                                         (uint32_t)count, &bound);
    if (status == SIDING_OK) {
        EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    }
    return status;
}

TEST("B2: holes that are none are refused") {
    REQUIRE(host_open(&host, 8));
    request_start(&request, SIGNATURE(U64, U64, OUT, I32), FUNCTION(abort));
    request_put(&request, 0);
    request_put(&request, 0);
    request_put(&request, 0);
    EXPECT_EQ(try_holes(PAIRS(0, 255)), SIDING_OK);
    EXPECT_EQ(try_holes(PAIRS(1, 0)), SIDING_EINVALID);
    EXPECT_EQ(try_holes(PAIRS(2, 0)), SIDING_EINVALID);
    EXPECT_EQ(try_holes(PAIRS(0, 0, 0, 1)), SIDING_EINVALID);
    EXPECT_EQ(try_holes(NULL, 1), SIDING_EINVALID);
    static const uint8_t many[2 * (SIDING_PARAMETERS_MAX + 1)];
    EXPECT_EQ(try_holes(many, SIDING_PARAMETERS_MAX + 1), SIDING_EINVALID);
    close_all();
}

static int32_t try_pointer(uint64_t bound, uint32_t signature) {
    struct made made;
    return siding_bound_pointer(host.bridge, bound, signature, &made.closure, &made.pointer);
}

TEST("B2: a pointer's signature must fit, and a stale bound call has none") {
    uint64_t word = 0;
    REQUIRE(host_open(&host, 8));
    request_start(&request, SIGNATURE(F64, F64, MIXED, U64), FUNCTION(abort));
    for (int i = 0; i < 4; i++) {
        request_put(&request, 0);
    }
    uint64_t bound = bind_holes(&host, &request, PAIRS(0, 0, 1, 1));
    EXPECT_EQ(try_pointer(bound, SIGNATURE(F64, F64)), SIDING_EINVALID);
    EXPECT_EQ(try_pointer(bound, SIGNATURE(F64, F32, MIXED)), SIDING_EINVALID);
    EXPECT_EQ(try_pointer(bound, SIGNATURE(F64, U64, MIXED)), SIDING_EINVALID);
    EXPECT_EQ(try_pointer(bound, SIGNATURE(F64, F64, STRUCT, 2, F64, I64)), SIDING_EINVALID);
    EXPECT_EQ(try_pointer(bound, SIGNATURE(F64, F64, WIDE)), SIDING_EINVALID);
    EXPECT_EQ(try_pointer(bound, SIGNATURE(F32, F64, MIXED)), SIDING_EINVALID);
    EXPECT_EQ(try_pointer(bound, SIGNATURE(U64, F64, MIXED)), SIDING_EINVALID);
    EXPECT_EQ(try_pointer(bound, SIGNATURE(F64, F64, MIXED, OUT, I32)), SIDING_EINVALID);
    EXPECT_EQ(try_pointer(bound, 65535), SIDING_EINVALID);
    EXPECT_EQ(try_pointer(bound + 1, SIGNATURE(F64, F64, MIXED)), SIDING_ESTALE);
    EXPECT_EQ(siding_bound_pointer(host.bridge, bound, SIGNATURE(F64, F64, MIXED), NULL, &word),
              SIDING_EINVALID);
    EXPECT_EQ(siding_bound_pointer(0, bound, SIGNATURE(F64, F64, MIXED), &word, &word),
              SIDING_ESTALE);
    (void)point_to(&host, bound, SIGNATURE(F64, F64, MIXED, U64)); /* more arguments than holes */
    close_all();
}

TEST("B2: what has no caller takes no bound call with holes") {
    uint64_t repeat = 0;
    REQUIRE(limit_pool(4) && host_open(&host, 8));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    put_one(&request, FUNCTION(write_journal), 1, 0);
    uint64_t bound = bind_holes(&host, &request, PAIRS(0, 0));
    struct siding_interrupt interrupt = by_bound(bound);
    EXPECT_EQ(siding_context_defer(host.bridge, context, bound), SIDING_EINVALID);
    EXPECT_EQ(siding_context_interrupt_with(host.bridge, context, &interrupt), SIDING_EINVALID);
    struct siding_repeat_options options = {.size_bytes = sizeof options, .context = context};
    REQUIRE(siding_repeat_open(host.bridge, &options, &repeat) == SIDING_OK);
    REQUIRE(submit_bound(&host, bound, SIDING_CALL_BOUND, repeat, 0));
    (void)expect_news(&host, 0, SIDING_EINVALID);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_release(&host, context, 0);
    close_all();
}

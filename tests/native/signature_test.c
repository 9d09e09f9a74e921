/*
 * signature_test.c - descriptors: which are taken, which refused, and the layouts they give.
 */
#include "../../lib/core/signature.h"

#include "fixture.h"

#define FIXED SIDING_NOT_VARIADIC
#define DESCRIPTOR(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static bool is_taken(const uint8_t *descriptor, size_t size_bytes) {
    return siding_signature_prepare(descriptor, (uint32_t)size_bytes) > 0;
}

static bool is_refused(const uint8_t *descriptor, size_t size_bytes) {
    return siding_signature_prepare(descriptor, (uint32_t)size_bytes) == SIDING_ESIGNATURE;
}

TEST("every type is taken as parameter, as out cell and as result where it makes sense") {
    for (uint8_t type = SIDING_TYPE_VOID; type <= SIDING_TYPE_TEXT; type++) {
        bool is_void = type == SIDING_TYPE_VOID;
        bool by_reference = type == SIDING_TYPE_BUFFER || type == SIDING_TYPE_TEXT;
        EXPECT_EQ(is_taken(DESCRIPTOR(FIXED, type)), type != SIDING_TYPE_BUFFER);
        EXPECT_EQ(is_taken(DESCRIPTOR(FIXED, VOID_T, type)), !is_void);
        EXPECT_EQ(is_taken(DESCRIPTOR(FIXED, VOID_T, OUT, type)), !is_void && !by_reference);
        EXPECT_EQ(is_taken(DESCRIPTOR(FIXED, VOID_T, STRUCT, 1, type)),
                  !is_void && type != SIDING_TYPE_BUFFER);
    }
}

TEST("unknown codes are refused wherever a type stands") {
    for (unsigned code = SIDING_TYPE_OUT; code <= UINT8_MAX; code++) {
        uint8_t type = (uint8_t)code;
        EXPECT(is_refused(DESCRIPTOR(FIXED, type)));
        EXPECT(is_refused(DESCRIPTOR(FIXED, STRUCT, 1, type)));
        EXPECT(is_refused(DESCRIPTOR(FIXED, VOID_T, STRUCT, 2, I8, type)));
        EXPECT(is_refused(DESCRIPTOR(FIXED, VOID_T, OUT, type)));
        if (code > SIDING_TYPE_INOUT) {
            EXPECT(is_refused(DESCRIPTOR(FIXED, VOID_T, type, I32)));
        }
    }
}

TEST("a descriptor without result, and none at all, are refused") {
    EXPECT(is_refused(DESCRIPTOR(FIXED)));
    EXPECT(is_refused((const uint8_t *)"", 0));
    EXPECT_EQ(siding_signature_prepare(NULL, 2), SIDING_EINVALID);
}

TEST("a struct that is cut short anywhere is refused") {
    static const uint8_t whole[] = {FIXED, STRUCT, 3, I8, STRUCT, 2, F64, STRUCT, 1, U16, I64};
    EXPECT(is_taken(whole, sizeof whole));
    for (size_t size_bytes = 1; size_bytes < sizeof whole; size_bytes++) {
        EXPECT(is_refused(whole, size_bytes));
    }
    static const uint8_t cell[] = {FIXED, VOID_T, OUT, STRUCT, 2, I32, I32};
    EXPECT(is_taken(cell, sizeof cell));
    for (size_t size_bytes = 3; size_bytes < sizeof cell; size_bytes++) {
        EXPECT(is_refused(cell, size_bytes));
    }
}

TEST("a struct without fields is refused, also inside another") {
    EXPECT(is_refused(DESCRIPTOR(FIXED, STRUCT, 0)));
    EXPECT(is_refused(DESCRIPTOR(FIXED, VOID_T, STRUCT, 0)));
    EXPECT(is_refused(DESCRIPTOR(FIXED, VOID_T, STRUCT, 2, I32, STRUCT, 0)));
    EXPECT(is_refused(DESCRIPTOR(FIXED, VOID_T, OUT, STRUCT, 0)));
}

/* A scalar inside `depth` structs. */
static size_t nest(uint8_t *out, unsigned depth) {
    size_t used = 0;
    out[used++] = FIXED;
    out[used++] = SIDING_TYPE_VOID;
    for (unsigned i = 0; i < depth; i++) {
        out[used++] = SIDING_TYPE_STRUCT;
        out[used++] = 1;
    }
    out[used++] = SIDING_TYPE_I64;
    return used;
}

TEST("structs may be nested 16 deep and no deeper") {
    uint8_t descriptor[3 + 2 * 255];
    EXPECT(is_taken(descriptor, nest(descriptor, SIDING_STRUCT_DEPTH_MAX)));
    EXPECT(is_refused(descriptor, nest(descriptor, SIDING_STRUCT_DEPTH_MAX + 1)));
    EXPECT(is_refused(descriptor, nest(descriptor, 255)));
}

TEST("there may be 64 parameters and no more") {
    uint8_t descriptor[2 + 2 * SIDING_PARAMETERS_MAX + 2];
    memset(descriptor, SIDING_TYPE_I32, sizeof descriptor);
    descriptor[0] = FIXED;
    EXPECT(is_taken(descriptor, 2 + SIDING_PARAMETERS_MAX));
    EXPECT(is_refused(descriptor, 2 + SIDING_PARAMETERS_MAX + 1));
    EXPECT(is_refused(descriptor, sizeof descriptor));
    for (size_t i = 2; i < sizeof descriptor; i += 2) {
        descriptor[i] = SIDING_TYPE_OUT;
    }
    EXPECT(is_taken(descriptor, 2 + 2 * SIDING_PARAMETERS_MAX));
    EXPECT(is_refused(descriptor, sizeof descriptor));
}

TEST("a variadic function has no more fixed parameters than parameters, and promoted ones after") {
    EXPECT(is_taken(DESCRIPTOR(1, I32, PTR)));
    EXPECT(is_taken(DESCRIPTOR(1, I32, TEXT, I32, F64, I64, PTR)));
    EXPECT(is_taken(DESCRIPTOR(2, I32, I8, F32, F64)));
    EXPECT(is_refused(DESCRIPTOR(2, I32, PTR)));
    EXPECT(is_refused(DESCRIPTOR(254, I32, PTR)));
    for (uint8_t type = SIDING_TYPE_BOOL; type <= SIDING_TYPE_U16; type++) {
        EXPECT(is_refused(DESCRIPTOR(1, I32, PTR, type)));
    }
    EXPECT(is_refused(DESCRIPTOR(1, I32, PTR, F32)));
}

/* `structs` structs of 255 words each, then `words` words. @return whether they are taken */
static bool is_taken_with_words(unsigned structs, unsigned words) {
    static uint8_t descriptor[4096];
    size_t used = 0;
    descriptor[used++] = FIXED;
    descriptor[used++] = SIDING_TYPE_VOID;
    for (unsigned i = 0; i < structs; i++) {
        descriptor[used++] = SIDING_TYPE_STRUCT;
        descriptor[used++] = 255;
        memset(descriptor + used, SIDING_TYPE_I64, 255);
        used += 255;
    }
    memset(descriptor + used, SIDING_TYPE_F64, words);
    return is_taken(descriptor, used + words);
}

TEST("all arguments together may have 2048 words and no more") {
    EXPECT(is_taken_with_words(8, 2048 - 8 * 255));
    EXPECT(!is_taken_with_words(8, 2049 - 8 * 255));
    EXPECT(!is_taken_with_words(9, 0));
}

TEST("equal descriptors give equal numbers and different ones different numbers") {
    uint64_t signatures = stats_now().signatures;
    int32_t first = siding_signature_prepare(DESCRIPTOR(FIXED, I8, I16, I8, I16, U32));
    EXPECT(first > 0);
    EXPECT_EQ(siding_signature_prepare(DESCRIPTOR(FIXED, I8, I16, I8, I16, U32)), first);
    EXPECT(siding_signature_prepare(DESCRIPTOR(FIXED, I8, I16, I8, U32, I16)) != first);
    EXPECT(siding_signature_prepare(DESCRIPTOR(FIXED, I8, I16, I8, I16)) != first);
    EXPECT(is_refused(DESCRIPTOR(FIXED, I8, I16, I8, I16, U32, VOID_T)));
    EXPECT_EQ(stats_now().signatures, signatures + 3);
}

#define PREPARERS 8
#define PREPARED 200

static void *prepare_many(void *argument) {
    int32_t *numbers = argument;
    for (int i = 0; i < PREPARED; i++) {
        uint8_t low = (uint8_t)(1 + i % 12);
        uint8_t high = (uint8_t)(1 + i / 12 % 12);
        uint8_t more = (uint8_t)(1 + i / 144);
        numbers[i] =
            siding_signature_prepare(DESCRIPTOR(FIXED, F64, U8, STRUCT, 3, low, high, more));
    }
    return NULL;
}

TEST("8 threads that prepare the same descriptors at once get the same numbers") {
    static int32_t numbers[PREPARERS][PREPARED];
    pthread_t threads[PREPARERS];
    for (int i = 0; i < PREPARERS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, prepare_many, numbers[i]) == 0);
    }
    for (int i = 0; i < PREPARERS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < PREPARERS; i++) {
        EXPECT(memcmp(numbers[i], numbers[0], sizeof numbers[0]) == 0);
    }
}

/* ---- layouts --------------------------------------------------------------------------------- */

struct ending {
    double wide;
    uint8_t narrow;
};
struct trio {
    int8_t a, b, c;
};
struct deep {
    uint8_t a;
    struct ending b;
    struct trio c;
    float d;
};

/* X(what C says, what the descriptor says) */
#define LAYOUT_LIST(X)                                                                             \
    X(int8_t a;, STRUCT, 1, I8)                                                                    \
    X(_Bool a; uint16_t b;, STRUCT, 2, BOOL_T, U16)                                                \
    X(int8_t a; int8_t b; int8_t c;, STRUCT, 3, I8, I8, I8)                                        \
    X(uint8_t a; uint32_t b;, STRUCT, 2, U8, U32)                                                  \
    X(uint8_t a; int64_t b; uint8_t c;, STRUCT, 3, U8, I64, U8)                                    \
    X(float a; float b; float c;, STRUCT, 3, F32, F32, F32)                                        \
    X(double a; uint8_t b;, STRUCT, 2, F64, U8)                                                    \
    X(int16_t a; float b; uint8_t c; double d;, STRUCT, 4, I16, F32, U8, F64)                      \
    X(void *a; char *b; uint8_t c;, STRUCT, 3, PTR, TEXT, U8)                                      \
    X(struct ending a; uint8_t b;, STRUCT, 2, STRUCT, 2, F64, U8, U8)                              \
    X(uint8_t a; struct trio b; uint8_t c;, STRUCT, 3, U8, STRUCT, 3, I8, I8, I8, U8)              \
    X(struct deep a; int16_t b;                                                                    \
      , STRUCT, 2, STRUCT, 4, U8, STRUCT, 2, F64, U8, STRUCT, 3, I8, I8, I8, F32, I16)             \
    X(int64_t a; int64_t b; int64_t c; int32_t d;, STRUCT, 4, I64, I64, I64, I32)

struct layout {
    size_t size_bytes;
    size_t alignment;
    uint8_t descriptor[32];
    uint8_t descriptor_bytes;
};

#define LAYOUT_ROW(fields, ...)                                                                    \
    {sizeof(struct {fields}),                                                                      \
     _Alignof(struct {fields}),                                                                    \
     {FIXED, __VA_ARGS__},                                                                         \
     1 + sizeof((const uint8_t[]){__VA_ARGS__})},

/* clang-format would break the rows */
/* clang-format off */
static const struct layout layouts[] = {LAYOUT_LIST(LAYOUT_ROW)};
/* clang-format on */

TEST("C16: layouts of structs agree with the C compiler's") {
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        const struct layout *layout = &layouts[i];
        uint32_t number = prepare(layout->descriptor, layout->descriptor_bytes);
        const struct signature *signature = signature_find(number);
        REQUIRE(signature != NULL);
        EXPECT_EQ(signature->cif.rtype->size, layout->size_bytes);
        EXPECT_EQ(signature->cif.rtype->alignment, layout->alignment);
        EXPECT_EQ(signature->result_words, (layout->size_bytes + 7) / 8);
    }
}

TEST("a number that was never given has no signature") {
    EXPECT(signature_find(0) == NULL);
    EXPECT(signature_find(signature_count() + 1) == NULL);
    EXPECT(signature_find(SIGNATURES_MAX) == NULL);
    EXPECT(signature_find(UINT32_MAX) == NULL);
}

/* ---- fuzz ------------------------------------------------------------------------------------ */

#define FUZZED ROUNDS(30000u)
#define FUZZ_BYTES_MAX 96

/* A second reader of descriptors, written from siding.h alone. */
struct reading {
    const uint8_t *at;
    const uint8_t *end;
    bool valid;
    bool unsure; /* cells of given sizes and tails have tests of their own */
};

static uint8_t read_byte(struct reading *reading) {
    reading->valid = reading->valid && reading->at < reading->end;
    return reading->valid ? *reading->at++ : 0;
}

static void read_fields(struct reading *reading, unsigned depth) {
    unsigned count = read_byte(reading);
    reading->valid = reading->valid && count > 0 && depth <= SIDING_STRUCT_DEPTH_MAX;
    for (unsigned i = 0; i < count && reading->valid; i++) {
        uint8_t type = read_byte(reading);
        if (type == SIDING_TYPE_STRUCT) {
            read_fields(reading, depth + 1);
        } else if (type == SIDING_TYPE_VOID || type == SIDING_TYPE_BUFFER ||
                   type > SIDING_TYPE_STRUCT) {
            reading->valid = false;
        }
    }
}

static bool is_small(uint8_t type) {
    return (type >= SIDING_TYPE_BOOL && type <= SIDING_TYPE_U16) || type == SIDING_TYPE_F32;
}

static void read_argument(struct reading *reading, bool must_be_promoted) {
    uint8_t type = read_byte(reading);
    bool is_out = type >= SIDING_TYPE_OUT && type <= SIDING_TYPE_INOUT;
    if (is_out) {
        type = read_byte(reading);
    }
    reading->unsure |= type == SIDING_TYPE_MEMORY || type == SIDING_TYPE_TAILS;
    if (type == SIDING_TYPE_STRUCT) {
        read_fields(reading, 1);
        return;
    }
    bool fits = type != SIDING_TYPE_VOID && type <= SIDING_TYPE_TEXT;
    bool cell_fits = type != SIDING_TYPE_BUFFER && type != SIDING_TYPE_TEXT;
    reading->valid = reading->valid && fits && (is_out ? cell_fits : true) &&
                     (is_out || !must_be_promoted || !is_small(type));
}

/* Descriptors of the fuzz are too short for the limit of words. */
static bool should_be_taken(const uint8_t *descriptor, size_t size_bytes, bool *out_unsure) {
    struct reading reading = {descriptor, descriptor + size_bytes, true, false};
    uint8_t variadic = read_byte(&reading);
    uint8_t result = read_byte(&reading);
    if (result == SIDING_TYPE_STRUCT) {
        read_fields(&reading, 1);
    } else if (result == SIDING_TYPE_BUFFER || result > SIDING_TYPE_STRUCT) {
        return false;
    }
    unsigned count = 0;
    while (reading.valid && reading.at < reading.end) {
        read_argument(&reading, count >= variadic);
        count++;
    }
    *out_unsure = reading.unsure;
    return reading.valid && count <= SIDING_PARAMETERS_MAX &&
           (variadic == FIXED || variadic <= count);
}

/* Mostly plausible bytes: a descriptor of pure noise is refused at once. */
static size_t scribble(uint8_t *out, uint64_t *chance) {
    size_t size_bytes = random_below(chance, FUZZ_BYTES_MAX);
    uint32_t noise = random_below(chance, 4) == 0 ? 8 : 64;
    for (size_t i = 0; i < size_bytes; i++) {
        out[i] = (uint8_t)(1 + random_below(chance, SIDING_TYPE_INOUT));
        if (i > 0 && out[i - 1] == SIDING_TYPE_STRUCT) {
            out[i] = (uint8_t)(1 + random_below(chance, 3));
        }
        if (random_below(chance, noise) == 0) {
            out[i] = (uint8_t)random_next(chance);
        }
    }
    if (random_below(chance, 3) != 0) {
        out[0] = random_below(chance, 3) == 0 ? (uint8_t)random_below(chance, 4) : FIXED;
    }
    return size_bytes;
}

TEST("30,000 scribbled descriptors are taken or refused as the header says, always alike") {
    uint64_t chance = print_seed();
    uint32_t taken = 0;
    for (uint32_t i = 0; i < FUZZED; i++) {
        uint8_t scribbled[FUZZ_BYTES_MAX] = {0};
        size_t size_bytes = scribble(scribbled, &chance);
        /* of its exact size, so that a sanitizer sees a byte read too far */
        uint8_t *descriptor = malloc(size_bytes + (size_bytes == 0));
        memcpy(descriptor, scribbled, size_bytes);
        int32_t number = siding_signature_prepare(descriptor, (uint32_t)size_bytes);
        bool unsure = false;
        bool expected = should_be_taken(descriptor, size_bytes, &unsure);
        EXPECT(unsure || (number > 0) == expected);
        EXPECT(number > 0 || number == SIDING_ESIGNATURE);
        EXPECT_EQ(siding_signature_prepare(descriptor, (uint32_t)size_bytes), number);
        taken += number > 0;
        free(descriptor);
    }
    EXPECT(taken > FUZZED / 50 && taken < FUZZED);
}

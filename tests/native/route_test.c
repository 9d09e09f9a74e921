/*
 * route_test.c - calls without libffi: every argument arrives, every result comes back, as by it.
 */
#include <stdarg.h>

#include "../../lib/core/call.h"
#include "fixture.h"

/* Whether this machine has routes at all. */
#if defined(__x86_64__) && !defined(_WIN32)
#define HAS_ROUTES true
#else
#define HAS_ROUTES false
#endif

#define RECORD_WORDS 2100

/* A call of the signature with these argument words, checked to go by a route where there are. */
struct trial {
    const struct signature *signature;
    uint64_t arguments[RECORD_WORDS];
    uint32_t used_words;
    uint64_t result[RECORD_WORDS];
};

static struct trial *start(uint32_t number) {
    static struct trial trial;
    trial.signature = signature_find(number);
    trial.used_words = 0;
    memset(trial.result, 0xa5, sizeof trial.result);
    EXPECT_EQ(trial.signature->route != NULL, HAS_ROUTES);
    return &trial;
}

static void put(struct trial *trial, const void *bytes, size_t size_bytes) {
    memset(&trial->arguments[trial->used_words], 0xa5, (size_bytes + 7) / 8 * 8);
    memcpy(&trial->arguments[trial->used_words], bytes, size_bytes);
    trial->used_words += (uint32_t)((size_bytes + 7) / 8);
}

#define PUT(trial, type, ...) put((trial), &(type){__VA_ARGS__}, sizeof(type))
#define RUN(trial, function) run((trial), (void (*)(void))(function))

static void run(struct trial *trial, void (*function)(void)) {
    int32_t error = 0;
    EXPECT_EQ(trial->used_words, trial->signature->argument_words);
    call_invoke(trial->signature, function, 0, trial->arguments, trial->result, &error);
}

/* ---- widths ---------------------------------------------------------------------------------- */

static uint64_t give_word(uint64_t word) {
    return word;
}

struct widening {
    uint8_t type;
    uint64_t given;
    uint64_t expected;
};

static const struct widening widenings[] = {
    {BOOL_T, 0xffffffffffffff01, 1},
    {I8, 0xffffffffffffff7f, 0x7f},
    {I8, 0x80, UINT64_MAX - 0x7f},
    {U8, UINT64_MAX, UINT8_MAX},
    {I16, 0xffffffffffff7fff, 0x7fff},
    {I16, 0x8000, UINT64_MAX - 0x7fff},
    {U16, UINT64_MAX, UINT16_MAX},
    {I32, 0xffffffff7fffffff, 0x7fffffff},
    {I32, 0x80000000, UINT64_MAX - 0x7fffffff},
    {U32, UINT64_MAX, UINT32_MAX},
    {I64, INT64_MIN, INT64_MIN},
    {U64, UINT64_MAX, UINT64_MAX},
    {PTR, UINT64_MAX, UINT64_MAX},
};
#define WIDENINGS (sizeof widenings / sizeof widenings[0])

TEST("small integers are widened to a whole word on their way down and on their way up") {
    for (size_t i = 0; i < WIDENINGS; i++) {
        struct trial *down = start(SIGNATURE(U64, widenings[i].type));
        PUT(down, uint64_t, widenings[i].given);
        RUN(down, give_word);
        EXPECT(down->result[0] == widenings[i].expected);
        struct trial *up = start(SIGNATURE(widenings[i].type, U64));
        PUT(up, uint64_t, widenings[i].given);
        RUN(up, give_word);
        EXPECT(up->result[0] == widenings[i].expected);
    }
}

static void do_nothing(void) {
}

TEST("a void function leaves the result's word alone") {
    struct trial *trial = start(SIGNATURE(VOID_T));
    RUN(trial, do_nothing);
    EXPECT(trial->result[0] == 0xa5a5a5a5a5a5a5a5);
}

/* ---- registers and stack --------------------------------------------------------------------- */

static int64_t weigh_integers(int8_t a, uint16_t b, int32_t c, int64_t d, uint8_t e, int16_t f,
                              int8_t g, int64_t h) {
    return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8;
}

TEST("the 7th integer lies on the stack, whatever lies around it in its word") {
    struct trial *trial = start(SIGNATURE(I64, I8, U16, I32, I64, U8, I16, I8, I64));
    PUT(trial, int8_t, -1);
    PUT(trial, uint16_t, 65535);
    PUT(trial, int32_t, -3);
    PUT(trial, int64_t, -4);
    PUT(trial, uint8_t, 255);
    PUT(trial, int16_t, -6);
    PUT(trial, int8_t, -7);
    PUT(trial, int64_t, -8);
    RUN(trial, weigh_integers);
    EXPECT_EQ(trial->result[0], weigh_integers(-1, 65535, -3, -4, 255, -6, -7, -8));
}

static double weigh_vectors(double a, float b, double c, float d, double e, float f, double g,
                            float h, double i, float j, int32_t k) {
    return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10 + k * 11;
}

TEST("the 9th float lies on the stack, and integers still have registers") {
    struct trial *trial =
        start(SIGNATURE(F64, F64, F32, F64, F32, F64, F32, F64, F32, F64, F32, I32));
    for (int i = 0; i < 10; i++) {
        if (i % 2 == 0) {
            PUT(trial, double, 1.5 + i);
        } else {
            PUT(trial, float, 1.5f + (float)i);
        }
    }
    PUT(trial, int32_t, -11);
    RUN(trial, weigh_vectors);
    double expected = weigh_vectors(1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, -11);
    EXPECT(memcmp(trial->result, &expected, sizeof expected) == 0);
}

static float halve(float value) {
    return value / 2;
}

TEST("a float comes back in the low half of its word") {
    struct trial *trial = start(SIGNATURE(F32, F32));
    PUT(trial, float, -3);
    RUN(trial, halve);
    float expected = -1.5f;
    EXPECT(memcmp(trial->result, &expected, sizeof expected) == 0);
}

struct pair {
    int64_t a, b;
};

static int64_t refuse_pair(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, struct pair f,
                           int64_t g, int64_t h) {
    return a + b + c + d + e + f.a * 10 + f.b * 100 + g * 1000 + h * 10000;
}

TEST("a struct that finds one register of two goes to the stack, and the next integer has it") {
    struct trial *trial =
        start(SIGNATURE(I64, I64, I64, I64, I64, I64, STRUCT, 2, I64, I64, I64, I64));
    for (int i = 0; i < 5; i++) {
        PUT(trial, int64_t, 1);
    }
    PUT(trial, struct pair, 2, 3);
    PUT(trial, int64_t, 4);
    PUT(trial, int64_t, 5);
    RUN(trial, refuse_pair);
    EXPECT_EQ(trial->result[0], 5 + 20 + 300 + 4000 + 50000);
}

static int take_variadic(char *out, size_t size_bytes, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out, size_bytes, format, arguments);
    va_end(arguments);
    return length;
}

TEST("a variadic function finds its doubles") {
    char text[128];
    struct trial *trial =
        start(SIGNATURE_VARIADIC(3, I32, PTR, U64, PTR, F64, I32, F64, I64, I32, F64));
    PUT(trial, char *, text);
    PUT(trial, uint64_t, sizeof text);
    PUT(trial, const char *, "%g %d %g %lld %d %g");
    PUT(trial, double, 1.5);
    PUT(trial, int32_t, -2);
    PUT(trial, double, -3.5);
    PUT(trial, int64_t, 4);
    PUT(trial, int32_t, -5);
    PUT(trial, double, 6.5);
    RUN(trial, take_variadic);
    EXPECT(strcmp(text, "1.5 -2 -3.5 4 -5 6.5") == 0);
    EXPECT_EQ(trial->result[0], strlen(text));
}

/* ---- structs --------------------------------------------------------------------------------- */

/* Beside the struct, arguments that take registers before and after it. */
#define STRUCT_TEST(name, fields, ...)                                                             \
    struct name {                                                                                  \
        fields                                                                                     \
    };                                                                                             \
    static struct name turn_##name(int32_t before, struct name value, double after) {              \
        uint8_t *bytes = (uint8_t *)&value;                                                        \
        for (size_t i = 0; i < sizeof value; i++) {                                                \
            bytes[i] ^= (uint8_t)(before + (int32_t)after);                                        \
        }                                                                                          \
        return value;                                                                              \
    }                                                                                              \
    TEST("a struct of " #fields " goes down and comes up") {                                       \
        struct trial *trial =                                                                      \
            start(SIGNATURE(STRUCT, __VA_ARGS__, I32, STRUCT, __VA_ARGS__, F64));                  \
        struct name value;                                                                         \
        struct name result;                                                                        \
        memset(&value, 0x41, sizeof value);                                                        \
        PUT(trial, int32_t, 3);                                                                    \
        put(trial, &value, sizeof value);                                                          \
        PUT(trial, double, 4);                                                                     \
        RUN(trial, turn_##name);                                                                   \
        memset(&value, 0x41 ^ 7, sizeof value);                                                    \
        memcpy(&result, trial->result, sizeof result);                                             \
        EXPECT(memcmp(&result, &value, sizeof value) == 0);                                        \
    }

STRUCT_TEST(one_byte, int8_t a;, 1, I8)
STRUCT_TEST(three_bytes, int8_t a; int8_t b; int8_t c;, 3, I8, I8, I8)
STRUCT_TEST(one_float, float a;, 1, F32)
STRUCT_TEST(two_floats, float a; float b;, 2, F32, F32)
STRUCT_TEST(three_floats, float a; float b; float c;, 3, F32, F32, F32)
STRUCT_TEST(four_floats, float a; float b; float c; float d;, 4, F32, F32, F32, F32)
STRUCT_TEST(float_in_integer, int32_t a; float b;, 2, I32, F32)
STRUCT_TEST(integer_behind_floats, float a; float b; int32_t c;, 3, F32, F32, I32)
STRUCT_TEST(floats_behind_integer, int32_t a; float b; float c;, 3, I32, F32, F32)
STRUCT_TEST(two_doubles, double a; double b;, 2, F64, F64)
STRUCT_TEST(two_integers, int64_t a; int32_t b; int32_t c;, 3, I64, I32, I32)
STRUCT_TEST(integer_and_double, int64_t a; double b;, 2, I64, F64)
STRUCT_TEST(double_and_integer, double a; int64_t b;, 2, F64, I64)
STRUCT_TEST(
    nested, float a; struct { float b; } c; struct { double d; } e;
    , 3, F32, STRUCT, 1, F32, STRUCT, 1, F64)
STRUCT_TEST(three_words, int64_t a; double b; int64_t c;, 3, I64, F64, I64)
STRUCT_TEST(four_doubles, double a; double b; double c; double d;, 4, F64, F64, F64, F64)

/* ---- fuzz ------------------------------------------------------------------------------------ */

#define FUZZED ROUNDS(8000u)
#define FIELDS_MAX 16
#define DEPTH_MAX 4
#define PARAMETERS_FUZZED_MAX 24
#define DESCRIPTOR_MAX 4096

static void add_type(uint8_t *out, size_t *used, uint64_t *chance, unsigned depth) {
    bool is_full = *used > DESCRIPTOR_MAX / 2;
    if (depth == DEPTH_MAX || is_full || random_below(chance, 5) > 0) {
        bool is_float = random_below(chance, 3) == 0;
        out[(*used)++] = (uint8_t)(is_float ? F32 + random_below(chance, 2)
                                            : BOOL_T + random_below(chance, U64 - BOOL_T + 1));
        return;
    }
    /* mostly small: larger ones all go the same way */
    bool is_large = random_below(chance, 6) == 0;
    uint8_t count = (uint8_t)(1 + random_below(chance, is_large ? FIELDS_MAX : 4));
    out[(*used)++] = STRUCT;
    out[(*used)++] = count;
    for (uint8_t i = 0; i < count; i++) {
        add_type(out, used, chance, depth + 1);
    }
}

static size_t make_descriptor(uint8_t *out, uint64_t *chance) {
    size_t used = 0;
    uint32_t limit = random_below(chance, 4) == 0 ? PARAMETERS_FUZZED_MAX : 8;
    uint32_t count = random_below(chance, limit + 1);
    out[used++] = SIDING_NOT_VARIADIC;
    if (random_below(chance, 16) == 0) {
        out[used++] = VOID_T;
    } else {
        add_type(out, &used, chance, random_below(chance, 2) == 0 ? DEPTH_MAX : 0);
    }
    for (uint32_t i = 0; i < count; i++) {
        add_type(out, &used, chance, 0);
    }
    return used;
}

static void fill(uint64_t *words, uint32_t count, uint64_t *chance) {
    for (uint32_t i = 0; i < count; i++) {
        words[i] = random_next(chance);
    }
}

/* What a callee saw and what it gives back. */
struct witness {
    uint64_t seen[RECORD_WORDS];
    uint64_t gives[RECORD_WORDS];
};

/* Called by a closure of libffi; each argument begins a word. */
static void bear_witness(ffi_cif *cif, void *result, void **arguments, void *user) {
    struct witness *witness = user;
    size_t words = 0;
    memset(witness->seen, 0, sizeof witness->seen);
    for (unsigned i = 0; i < cif->nargs; i++) {
        memcpy(&witness->seen[words], arguments[i], cif->arg_types[i]->size);
        words += (cif->arg_types[i]->size + 7) / 8;
    }
    bool is_small = cif->rtype->type != FFI_TYPE_STRUCT && cif->rtype->type != FFI_TYPE_VOID;
    memcpy(result, witness->gives, is_small ? 8 : cif->rtype->size);
}

/* Padding need not arrive. */
static bool is_equal(const ffi_type *type, const void *one, const void *other) {
    if (type->type != FFI_TYPE_STRUCT) {
        return memcmp(one, other, type->type == FFI_TYPE_VOID ? 0 : type->size) == 0;
    }
    bool equal = true;
    size_t offset = 0;
    for (ffi_type **field = type->elements; *field != NULL && equal; field++) {
        size_t align = (*field)->alignment;
        offset = (offset + align - 1) / align * align;
        equal = is_equal(*field, (const char *)one + offset, (const char *)other + offset);
        offset += (*field)->size;
    }
    return equal;
}

static bool has_seen(const struct witness *witness, const struct signature *signature,
                     const uint64_t *arguments) {
    bool equal = true;
    for (uint32_t i = 0; i < signature->parameters_count && equal; i++) {
        uint16_t offset = signature->parameters[i].offset;
        equal = is_equal(signature->cif.arg_types[i], &witness->seen[offset], &arguments[offset]);
    }
    return equal;
}

/* Small integers fill their word. */
static bool is_equal_result(const ffi_type *type, const uint64_t *one, const uint64_t *other) {
    bool is_part = type->type == FFI_TYPE_STRUCT || type->type == FFI_TYPE_FLOAT ||
                   type->type == FFI_TYPE_VOID;
    return is_part ? is_equal(type, one, other) : one[0] == other[0];
}

static void call_by_libffi(const struct signature *signature, void (*function)(void),
                           uint64_t *arguments, uint64_t *out_result) {
    void *values[SIDING_PARAMETERS_MAX];
    for (uint32_t i = 0; i < signature->parameters_count; i++) {
        values[i] = arguments + signature->parameters[i].offset;
    }
    ffi_call((ffi_cif *)(uintptr_t)&signature->cif, function, out_result, values);
}

/* @return whether it goes by a route */
static bool compare(const struct signature *signature, ffi_closure *closure, void (*code)(void),
                    uint64_t *chance) {
    static struct witness witness;
    static uint64_t arguments[RECORD_WORDS];
    static uint64_t expected[RECORD_WORDS];
    static uint64_t result[RECORD_WORDS];
    int32_t error = 0;
    fill(arguments, signature->argument_words, chance);
    fill(witness.gives, signature->result_words, chance);
    ffi_cif *cif = (ffi_cif *)(uintptr_t)&signature->cif;
    void *entry = (void *)(uintptr_t)code;
    EXPECT_EQ(ffi_prep_closure_loc(closure, cif, bear_witness, &witness, entry), FFI_OK);
    call_by_libffi(signature, code, arguments, expected);
    bool libffi_errs = !has_seen(&witness, signature, arguments); /* 3.4.4 does, rarely */
    call_invoke(signature, code, 0, arguments, result, &error);
    bool may_err = libffi_errs && signature->route == NULL;
    EXPECT(may_err || has_seen(&witness, signature, arguments));
    EXPECT(is_equal_result(signature->cif.rtype, result, expected));
    return signature->route != NULL;
}

TEST(
    "8,000 random signatures: the callee sees its arguments, the caller the result, as by libffi") {
    uint64_t chance = print_seed();
    uint32_t routed = 0;
    void *code = NULL;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    if (closure == NULL) {
        SKIP("no memory that is executable");
    }
    for (uint32_t i = 0; i < FUZZED; i++) {
        static uint8_t descriptor[DESCRIPTOR_MAX];
        const struct signature *signature =
            signature_find(prepare(descriptor, make_descriptor(descriptor, &chance)));
        routed += compare(signature, closure, (void (*)(void))(uintptr_t)code, &chance);
    }
    ffi_closure_free(closure);
    printf("%u of %u by routes\n", routed, FUZZED);
    EXPECT(HAS_ROUTES ? routed > FUZZED / 2 && routed < FUZZED : routed == 0);
}

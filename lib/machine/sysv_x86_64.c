/*
 * sysv_x86_64.c - routes of the System V ABI for x86-64: Linux, BSD, macOS.
 *
 * Its callees find their arguments in 6 integer registers, in 8 vector registers, and in words on
 * the stack. So a call with enough of each reaches every function, whatever its type in C is: what
 * a callee does not expect, it does not look at. In the same way a caller finds results, in rax and
 * rdx, in xmm0 and xmm1, or in one of each. The types of the calls below are variadic, because such
 * a caller tells how many vector registers it uses (in al), and other callees do not look there.
 *
 * "System V Application Binary Interface, AMD64 Architecture Processor Supplement", 3.2.3.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "../base/sanitize.h"
#include "route.h"

#define INTEGERS 6u
#define VECTORS 8u
#define REGISTERS (INTEGERS + VECTORS)
#define STACK_WORDS_MAX 16u /* libffi serves calls with more */
#define PLACES (REGISTERS + STACK_WORDS_MAX)
#define IN_REGISTERS_MAX 2u /* words of a struct; larger ones are passed in memory */

_Static_assert(sizeof(void *) == 8 && sizeof(double) == 8, "a word holds each");

union word {
    uint64_t bits;
    double vector;
};

/* Cuts a word to the size of its type and extends its sign, if it has one. */
struct width {
    uint64_t mask;
    uint64_t sign;
};

struct move {
    struct width width;
    uint16_t from; /* argument word */
    uint16_t to;   /* integer registers, vector registers, words on the stack */
};

typedef void call_function(const struct route *route, void (*function)(void),
                           const uint64_t *arguments, uint64_t *out_result);

struct route {
    call_function *call;
    uint8_t moves_count;
    uint8_t result_words; /* in registers; 0: void, or in memory */
    uint8_t result_first; /* which of the two registers of the call has its first word */
    struct width result[IN_REGISTERS_MAX];
    struct move moves[];
};

/* ---- calling --------------------------------------------------------------------------------- */

static inline uint64_t cut(uint64_t word, struct width width) {
    return ((word & width.mask) ^ width.sign) - width.sign;
}

/* The first place is for the address of a result in memory; else an argument takes it. */
static inline void load(const struct route *route, const uint64_t *arguments,
                        const uint64_t *result, union word *places) {
    places[0].bits = (uint64_t)(uintptr_t)result;
    for (uint32_t i = 0; i < route->moves_count; i++) {
        const struct move *move = &route->moves[i];
        places[move->to].bits = cut(arguments[move->from], move->width);
    }
}

static inline void store(const struct route *route, const void *registers, uint64_t *out_result) {
    uint64_t words[IN_REGISTERS_MAX];
    memcpy(words, registers, sizeof words);
    if (route->result_words > 0) {
        out_result[0] = cut(words[route->result_first], route->result[0]);
    }
    if (route->result_words > 1) {
        out_result[1] = cut(words[1 - route->result_first], route->result[1]);
    }
}

/* What a callee that returns such a struct returns it in. */
struct rax_xmm0 {
    uint64_t first;
    double second;
};
struct rax_rdx {
    uint64_t first;
    uint64_t second;
};
struct xmm0_xmm1 {
    double first;
    double second;
};

#define INTEGER_TYPES uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t
#define VECTOR_TYPES double, double, double, double, double, double, double, double

#define INTEGERS_OF(w) w[0].bits, w[1].bits, w[2].bits, w[3].bits, w[4].bits, w[5].bits
#define VECTORS_OF(w)                                                                              \
    w[6].vector, w[7].vector, w[8].vector, w[9].vector, w[10].vector, w[11].vector, w[12].vector,  \
        w[13].vector
#define STACK_0(w)
#define STACK_4(w) , w[14].bits, w[15].bits, w[16].bits, w[17].bits
#define STACK_8(w) STACK_4(w), w[18].bits, w[19].bits, w[20].bits, w[21].bits
#define STACK_16(w)                                                                                \
    STACK_8(w), w[22].bits, w[23].bits, w[24].bits, w[25].bits, w[26].bits, w[27].bits,            \
        w[28].bits, w[29].bits

typedef struct rax_xmm0 integers_function(INTEGER_TYPES, ...);

/* Most calls. Results of two words in registers of one kind are not among them. */
SIDING_CALLS_OTHER_TYPE
static void call_with_integers(const struct route *route, void (*function)(void),
                               const uint64_t *arguments, uint64_t *out_result) {
    union word w[INTEGERS] = {0};
    load(route, arguments, out_result, w);
    struct rax_xmm0 result = ((integers_function *)function)(INTEGERS_OF(w));
    store(route, &result, out_result);
}

#define DEFINE_CALL(results, words)                                                                \
    SIDING_CALLS_OTHER_TYPE static void call_for_##results##_##words(                              \
        const struct route *route, void (*function)(void), const uint64_t *arguments,              \
        uint64_t *out_result) {                                                                    \
        union word w[REGISTERS + (words)] = {0};                                                   \
        load(route, arguments, out_result, w);                                                     \
        struct results result =                                                                    \
            ((results##_function *)function)(INTEGERS_OF(w), VECTORS_OF(w) STACK_##words(w));      \
        store(route, &result, out_result);                                                         \
    }

#define DEFINE_CALLS(results)                                                                      \
    typedef struct results results##_function(INTEGER_TYPES, VECTOR_TYPES, ...);                   \
    DEFINE_CALL(results, 0)                                                                        \
    DEFINE_CALL(results, 4)                                                                        \
    DEFINE_CALL(results, 8)                                                                        \
    DEFINE_CALL(results, 16)

DEFINE_CALLS(rax_xmm0)
DEFINE_CALLS(rax_rdx)
DEFINE_CALLS(xmm0_xmm1)

void route_call(const struct route *route, void (*function)(void), const uint64_t *arguments,
                uint64_t *out_result) {
    route->call(route, function, arguments, out_result);
}

/* ---- classes --------------------------------------------------------------------------------- */

/* Of a word. Ordered: of two parts in one word, the higher class decides. */
enum class { CLASS_NONE, CLASS_VECTOR, CLASS_INTEGER };

static bool is_float(const ffi_type *type) {
    return type->type == FFI_TYPE_FLOAT || type->type == FFI_TYPE_DOUBLE;
}

static uint32_t words_of(const ffi_type *type) {
    return (uint32_t)((type->size + 7) / 8);
}

static void classify(const ffi_type *type, size_t offset_bytes, enum class *classes) {
    if (type->type != FFI_TYPE_STRUCT) {
        enum class *class = &classes[offset_bytes / 8];
        enum class own = is_float(type) ? CLASS_VECTOR : CLASS_INTEGER;
        *class = own > *class ? own : *class;
        return;
    }
    for (ffi_type **field = type->elements; *field != NULL; field++) {
        size_t align = (*field)->alignment;
        offset_bytes = (offset_bytes + align - 1) / align * align;
        classify(*field, offset_bytes, classes);
        offset_bytes += (*field)->size;
    }
}

static uint64_t mask_of(size_t size_bytes) {
    return size_bytes < 8 ? (UINT64_C(1) << size_bytes * 8) - 1 : UINT64_MAX;
}

static struct width width_of(const ffi_type *type, uint32_t word) {
    bool is_signed = type->type == FFI_TYPE_SINT8 || type->type == FFI_TYPE_SINT16 ||
                     type->type == FFI_TYPE_SINT32;
    uint64_t mask = mask_of(type->size - word * 8);
    return (struct width){.mask = mask, .sign = is_signed ? mask ^ mask >> 1 : 0};
}

/* ---- making ---------------------------------------------------------------------------------- */

struct draft {
    uint32_t integers; /* registers taken */
    uint32_t vectors;
    uint32_t stack_words;
    uint32_t moves_count;
    struct move moves[PLACES];
};

static void add_move(struct draft *draft, struct width width, uint32_t from, uint32_t to) {
    siding_assert(draft->moves_count < PLACES && to < PLACES);
    draft->moves[draft->moves_count++] =
        (struct move){.width = width, .from = (uint16_t)from, .to = (uint16_t)to};
}

/* All of an argument is in registers, or nothing. @return whether there are so many left */
static bool fits_registers(const struct draft *draft, const ffi_type *type, enum class *classes) {
    uint32_t words = words_of(type);
    if (words > IN_REGISTERS_MAX) {
        return false;
    }
    classify(type, 0, classes);
    uint32_t vectors = 0;
    for (uint32_t word = 0; word < words; word++) {
        vectors += classes[word] == CLASS_VECTOR;
    }
    return draft->integers + words - vectors <= INTEGERS && draft->vectors + vectors <= VECTORS;
}

/* @return false: too many words on the stack */
static bool add_argument(struct draft *draft, const ffi_type *type, uint32_t from) {
    enum class classes[IN_REGISTERS_MAX] = {CLASS_NONE};
    uint32_t words = words_of(type);
    bool fits = fits_registers(draft, type, classes);
    if (!fits && draft->stack_words + words > STACK_WORDS_MAX) {
        return false;
    }
    for (uint32_t word = 0; word < words; word++) {
        uint32_t to = !fits                           ? REGISTERS + draft->stack_words++
                      : classes[word] == CLASS_VECTOR ? INTEGERS + draft->vectors++
                                                      : draft->integers++;
        add_move(draft, width_of(type, word), from + word, to);
    }
    return true;
}

/* Indices: classes of the two words of a result, and the size of the stack. */
static call_function *choose_call(const struct draft *draft, const enum class *result) {
    static call_function *const calls[][4] = {
        {call_for_rax_xmm0_0, call_for_rax_xmm0_4, call_for_rax_xmm0_8, call_for_rax_xmm0_16},
        {call_for_rax_rdx_0, call_for_rax_rdx_4, call_for_rax_rdx_8, call_for_rax_rdx_16},
        {call_for_xmm0_xmm1_0, call_for_xmm0_xmm1_4, call_for_xmm0_xmm1_8, call_for_xmm0_xmm1_16},
    };
    bool is_uniform = result[0] == result[1] && result[0] != CLASS_NONE;
    if (!is_uniform && draft->vectors == 0 && draft->stack_words == 0) {
        return call_with_integers;
    }
    uint32_t words = draft->stack_words;
    uint32_t size = words == 0 ? 0 : words <= 4 ? 1 : words <= 8 ? 2 : 3;
    return calls[!is_uniform ? 0 : result[0] == CLASS_INTEGER ? 1 : 2][size];
}

static struct route *make(const struct draft *draft, const ffi_type *type,
                          const enum class *result) {
    size_t moves_bytes = draft->moves_count * sizeof draft->moves[0];
    struct route *route = calloc(1, sizeof *route + moves_bytes);
    if (route == NULL) {
        return NULL;
    }
    route->call = choose_call(draft, result);
    route->moves_count = (uint8_t)draft->moves_count;
    memcpy(route->moves, draft->moves, moves_bytes);
    for (uint32_t word = 0; word < IN_REGISTERS_MAX && result[word] != CLASS_NONE; word++) {
        route->result[word] = width_of(type, word);
        route->result_words++;
    }
    /* in rax and xmm0 a vector comes second */
    route->result_first = result[0] == CLASS_VECTOR && result[1] != CLASS_VECTOR;
    return route;
}

const struct route *route_make(const ffi_cif *cif, const uint16_t *offsets) {
    struct draft draft = {0};
    enum class result[IN_REGISTERS_MAX] = {CLASS_NONE};
    const ffi_type *type = cif->rtype;
    bool is_in_memory = type->type != FFI_TYPE_VOID && words_of(type) > IN_REGISTERS_MAX;
    if (is_in_memory) {
        draft.integers = 1; /* its address */
    } else if (type->type != FFI_TYPE_VOID) {
        classify(type, 0, result);
    }
    for (uint32_t i = 0; i < cif->nargs; i++) {
        if (!add_argument(&draft, cif->arg_types[i], offsets[i])) {
            return NULL;
        }
    }
    return make(&draft, type, result);
}

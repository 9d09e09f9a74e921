#include "signature.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "../include/siding.h"
#include "../machine/route.h"
#include "../platform/platform.h"
#include "chain.h"
#include "descriptor.h"

#define BUCKETS 65536u /* twice the load at the limit is still short chains */

/* libffi writes into struct types while it prepares them: one preparation at a time. */
static struct siding_mutex registry_mutex = SIDING_MUTEX_INITIALIZER;
static uint32_t registry_count SIDING_GUARDED_BY(&registry_mutex);
static uint16_t bucket_heads[BUCKETS] SIDING_GUARDED_BY(&registry_mutex);
static uint16_t bucket_next[SIGNATURES_MAX] SIDING_GUARDED_BY(&registry_mutex);
/* atomic: the release store in publish pairs with the acquire load in signature_find */
static _Atomic(const struct signature *) registry[SIGNATURES_MAX];

static ffi_type *scalar_type(uint8_t type) {
    static ffi_type *const types[] = {
        [SIDING_TYPE_VOID] = &ffi_type_void,       [SIDING_TYPE_BOOL] = &ffi_type_uint8,
        [SIDING_TYPE_I8] = &ffi_type_sint8,        [SIDING_TYPE_U8] = &ffi_type_uint8,
        [SIDING_TYPE_I16] = &ffi_type_sint16,      [SIDING_TYPE_U16] = &ffi_type_uint16,
        [SIDING_TYPE_I32] = &ffi_type_sint32,      [SIDING_TYPE_U32] = &ffi_type_uint32,
        [SIDING_TYPE_I64] = &ffi_type_sint64,      [SIDING_TYPE_U64] = &ffi_type_uint64,
        [SIDING_TYPE_F32] = &ffi_type_float,       [SIDING_TYPE_F64] = &ffi_type_double,
        [SIDING_TYPE_POINTER] = &ffi_type_pointer, [SIDING_TYPE_BUFFER] = &ffi_type_pointer,
        [SIDING_TYPE_TEXT] = &ffi_type_pointer,
    };
    return type < sizeof types / sizeof types[0] ? types[type] : NULL;
}

static void free_type(ffi_type *type) {
    if (type == NULL || type->type != FFI_TYPE_STRUCT) {
        return;
    }
    for (ffi_type **field = type->elements; *field != NULL; field++) {
        free_type(*field);
    }
    free(type);
}

static ffi_type *read_type(struct reader *reader, uint8_t type, unsigned depth);

/* The elements lie behind the type in one allocation. */
static ffi_type *read_struct(struct reader *reader, unsigned depth) {
    uint32_t count = next_byte(reader);
    ffi_type *type = calloc(1, sizeof *type + (count + 1) * sizeof(ffi_type *));
    if (type == NULL) {
        reader->failed = true;
        return NULL;
    }
    type->type = FFI_TYPE_STRUCT;
    type->elements = (ffi_type **)(type + 1);
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        uint8_t field = next_byte(reader);
        bool by_reference = field == SIDING_TYPE_BUFFER || field == SIDING_TYPE_VOID;
        type->elements[i] = by_reference ? NULL : read_type(reader, field, depth + 1);
        reader->failed |= type->elements[i] == NULL;
    }
    if (reader->failed || count == 0) {
        free_type(type);
        reader->failed = true;
        return NULL;
    }
    return type;
}

static ffi_type *read_type(struct reader *reader, uint8_t type, unsigned depth) {
    if (type == SIDING_TYPE_STRUCT && depth < SIDING_STRUCT_DEPTH_MAX) {
        return read_struct(reader, depth);
    }
    ffi_type *scalar = scalar_type(type);
    reader->failed |= scalar == NULL;
    return scalar;
}

/* Bytes of a type; a struct's are computed by a preparation of its own. */
static uint32_t type_bytes(ffi_type *type) {
    if (type->type == FFI_TYPE_STRUCT && type->size == 0) {
        ffi_cif scratch;
        if (ffi_prep_cif(&scratch, FFI_DEFAULT_ABI, 0, type, NULL) != FFI_OK) {
            return UINT32_MAX;
        }
    }
    return type->size > UINT32_MAX / 2 ? UINT32_MAX : (uint32_t)type->size;
}

static uint32_t type_words(ffi_type *type) {
    uint32_t size_bytes = type_bytes(type);
    return size_bytes <= 8 ? 1 : size_bytes / 8 + (size_bytes % 8 != 0);
}

/* Everything one signature needs while it is being read. */
struct draft {
    uint8_t variadic; /* fixed parameters, or SIDING_NOT_VARIADIC */
    ffi_type *result;
    uint32_t count;
    uint32_t argument_words;
    uint32_t cells_words;
    uint32_t tails_count;
    bool references;
    bool has_cells;
    ffi_type *types[SIDING_PARAMETERS_MAX];
    struct parameter parameters[SIDING_PARAMETERS_MAX];
    struct tail tails[SIDING_TAILS_MAX];
};

static void draft_discard(struct draft *draft) {
    free_type(draft->result);
    for (uint32_t i = 0; i < draft->count; i++) {
        free_type(draft->types[i]);
    }
}

static bool is_cell(uint8_t code) {
    return code == SIDING_TYPE_OUT || code == SIDING_TYPE_IN || code == SIDING_TYPE_INOUT;
}

/* @return its size, or UINT32_MAX */
static uint32_t read_cell_words(struct reader *reader) {
    uint8_t code = next_byte(reader);
    if (code == SIDING_TYPE_MEMORY) {
        uint64_t size_bytes = next_number(reader, sizeof(uint32_t));
        return size_bytes == 0 ? UINT32_MAX : (uint32_t)((size_bytes + 7) / 8);
    }
    if (code == SIDING_TYPE_BUFFER || code == SIDING_TYPE_TEXT || code == SIDING_TYPE_VOID) {
        return UINT32_MAX;
    }
    ffi_type *type = read_type(reader, code, 0);
    uint32_t words = type == NULL ? UINT32_MAX : type_words(type);
    free_type(type);
    return words;
}

static void read_parameter(struct reader *reader, struct draft *draft, uint8_t code) {
    struct parameter *parameter = &draft->parameters[draft->count];
    uint32_t words = 1;
    ffi_type *type = &ffi_type_pointer;
    parameter->type = code;
    parameter->cell_words = 0;
    parameter->offset = (uint16_t)draft->argument_words;
    if (is_cell(code)) {
        uint32_t cell_words = read_cell_words(reader);
        reader->failed |= cell_words > SIGNATURE_WORDS_MAX;
        parameter->cell_words = (uint16_t)cell_words;
        draft->cells_words += code == SIDING_TYPE_IN ? 0u : parameter->cell_words;
        words += parameter->cell_words;
    } else {
        type = code == SIDING_TYPE_VOID ? NULL : read_type(reader, code, 0);
        words = type == NULL ? UINT32_MAX : type_words(type);
    }
    draft->types[draft->count++] = type;
    reader->failed |= words > SIGNATURE_WORDS_MAX;
    draft->argument_words += reader->failed ? 0 : words;
    draft->has_cells |= is_cell(code);
    draft->references |= code == SIDING_TYPE_BUFFER || code == SIDING_TYPE_TEXT;
}

/* Places that say nothing sensible are refused here, so that nobody has to look again. */
static struct place read_place(struct reader *reader, const struct draft *draft,
                               size_t size_bytes) {
    struct place place = {.base = next_byte(reader)};
    if (place.base == 1) {
        place.pointer_bytes = (uint16_t)next_number(reader, sizeof(uint16_t));
    }
    place.offset_bytes = (uint16_t)next_number(reader, sizeof(uint16_t));
    uint32_t record_bytes = (type_words(draft->result) + draft->argument_words) * 8;
    uint32_t in_record = place.base == 1 ? place.pointer_bytes : place.offset_bytes;
    uint32_t end = in_record + (uint32_t)(place.base == 1 ? sizeof(void *) : size_bytes);
    bool fits = place.base > 1 ? place.base - 2u < draft->tails_count : end <= record_bytes;
    reader->failed |= !fits;
    return place;
}

static bool is_integer(uint8_t code) {
    return code >= SIDING_TYPE_BOOL && code <= SIDING_TYPE_U64;
}

static struct factor read_factor(struct reader *reader, const struct draft *draft) {
    struct factor factor = {.code = next_byte(reader)};
    if (factor.code == 0) {
        factor.constant = (uint32_t)next_number(reader, sizeof(uint32_t));
    } else {
        bool valid = is_integer(factor.code);
        reader->failed |= !valid;
        factor.place = read_place(reader, draft, valid ? scalar_type(factor.code)->size : 1);
    }
    return factor;
}

static uint32_t constant_bytes(const struct tail *tail) {
    uint64_t bytes = tail->kind == SIDING_TAIL_BYTES ? 1 : UINT32_MAX;
    for (uint32_t i = 0; i < tail->factors_count && bytes < UINT32_MAX; i++) {
        bytes = tail->factors[i].code == 0 ? bytes * tail->factors[i].constant : UINT32_MAX;
    }
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

static void read_tail(struct reader *reader, struct draft *draft) {
    struct tail tail = {.kind = next_byte(reader)};
    tail.place = read_place(reader, draft, sizeof(void *));
    reader->failed |= tail.kind < SIDING_TAIL_TEXT || tail.kind > SIDING_TAIL_LIST ||
                      draft->tails_count == SIDING_TAILS_MAX;
    if (tail.kind == SIDING_TAIL_BYTES) {
        tail.factors_count = next_byte(reader);
        reader->failed |= tail.factors_count == 0 || tail.factors_count > SIDING_FACTORS_MAX;
    }
    for (uint32_t i = 0; i < tail.factors_count && !reader->failed; i++) {
        tail.factors[i] = read_factor(reader, draft);
    }
    uint8_t has_free = next_byte(reader);
    reader->failed |= has_free > 1;
    if (has_free == 1) {
        tail.free = (void (*)(void *))(uintptr_t)next_number(reader, sizeof(uint64_t));
    }
    if (!reader->failed) {
        tail.constant_bytes = constant_bytes(&tail);
        draft->tails[draft->tails_count++] = tail;
    }
}

static void read_parameters(struct reader *reader, struct draft *draft) {
    while (!reader->failed && reader->at != reader->end) {
        uint8_t code = next_byte(reader);
        if (code == SIDING_TYPE_TAILS) {
            return;
        }
        if (draft->count == SIDING_PARAMETERS_MAX) {
            reader->failed = true;
            return;
        }
        read_parameter(reader, draft, code);
    }
}

static bool read_draft(struct reader *reader, struct draft *draft) {
    draft->variadic = next_byte(reader);
    uint8_t result = next_byte(reader);
    draft->result = result == SIDING_TYPE_BUFFER ? NULL : read_type(reader, result, 0);
    if (draft->result == NULL) {
        return false;
    }
    if (result == SIDING_TYPE_TEXT) {
        draft->tails[draft->tails_count++] = (struct tail){.kind = SIDING_TAIL_TEXT};
    }
    read_parameters(reader, draft);
    while (!reader->failed && reader->at != reader->end) {
        read_tail(reader, draft);
    }
    return !reader->failed && draft->argument_words <= SIGNATURE_WORDS_MAX &&
           draft->cells_words + type_words(draft->result) <= SIGNATURE_WORDS_MAX;
}

static bool prepare_cif(const struct draft *draft, ffi_cif *cif, ffi_type **types) {
    if (draft->variadic == SIDING_NOT_VARIADIC) {
        return ffi_prep_cif(cif, FFI_DEFAULT_ABI, draft->count, draft->result, types) == FFI_OK;
    }
    return draft->variadic <= draft->count &&
           ffi_prep_cif_var(cif, FFI_DEFAULT_ABI, draft->variadic, draft->count, draft->result,
                            types) == FFI_OK;
}

/* One allocation: the signature, its types, tails, parameters, descriptor. */
static struct signature *make_signature(const struct draft *draft, const uint8_t *descriptor,
                                        uint32_t size_bytes) {
    uint32_t count = draft->count;
    struct signature *signature =
        calloc(1, sizeof *signature + count * (sizeof(ffi_type *) + sizeof(struct parameter)) +
                      draft->tails_count * sizeof(struct tail) + size_bytes);
    if (signature == NULL) {
        return NULL;
    }
    ffi_type **types = (ffi_type **)(signature + 1);
    struct tail *tails = (struct tail *)(types + count);
    struct parameter *parameters = (struct parameter *)(tails + draft->tails_count);
    uint8_t *copy = (uint8_t *)(parameters + count);
    memcpy(types, draft->types, count * sizeof(ffi_type *));
    memcpy(tails, draft->tails, draft->tails_count * sizeof *tails);
    memcpy(parameters, draft->parameters, count * sizeof *parameters);
    memcpy(copy, descriptor, size_bytes);
    if (!prepare_cif(draft, &signature->cif, types)) {
        free(signature);
        return NULL;
    }
    signature->parameters_count = (uint16_t)count;
    signature->argument_words = (uint16_t)draft->argument_words;
    signature->cells_words = (uint16_t)draft->cells_words;
    signature->result_words = (uint16_t)type_words(draft->result);
    signature->references = draft->references;
    signature->has_cells = draft->has_cells;
    signature->descriptor_bytes = size_bytes;
    signature->descriptor = copy;
    signature->parameters = parameters;
    signature->tails_count = (uint16_t)draft->tails_count;
    signature->tails = tails;
    return signature;
}

static struct signature *read_signature(const uint8_t *descriptor, uint32_t size_bytes);

/* Its own bytes are its inputs' descriptor; the steps come behind them. */
static struct signature *read_chain(const uint8_t *descriptor, uint32_t size_bytes) {
    struct reader reader = {.at = descriptor + 1, .end = descriptor + size_bytes, .failed = false};
    uint32_t inputs_bytes = (uint32_t)next_number(&reader, sizeof(uint16_t));
    bool fits =
        !reader.failed && inputs_bytes > 0 && inputs_bytes <= (uint32_t)(reader.end - reader.at);
    if (!fits || *reader.at == SIDING_CHAIN) {
        return NULL;
    }
    struct signature *signature = read_signature(reader.at, inputs_bytes);
    reader.at += inputs_bytes;
    struct chain *chain = signature == NULL ? NULL : chain_read(&reader, signature);
    if (chain == NULL) {
        free(signature);
        return NULL;
    }
    signature->result_words = CHAIN_RESULT_WORDS;
    signature->chain = chain;
    return signature;
}

static struct signature *read_signature(const uint8_t *descriptor, uint32_t size_bytes) {
    if (size_bytes > 0 && descriptor[0] == SIDING_CHAIN) {
        return read_chain(descriptor, size_bytes);
    }
    struct reader reader = {.at = descriptor, .end = descriptor + size_bytes, .failed = false};
    struct draft draft = {0};
    struct signature *signature = NULL;
    if (read_draft(&reader, &draft)) {
        signature = make_signature(&draft, descriptor, size_bytes);
    }
    if (signature == NULL) {
        draft_discard(&draft);
    }
    return signature;
}

static const struct route *find_route(const struct signature *signature) {
    uint16_t offsets[SIDING_PARAMETERS_MAX];
    for (uint32_t i = 0; i < signature->parameters_count; i++) {
        offsets[i] = signature->parameters[i].offset;
    }
    return route_make(&signature->cif, offsets);
}

/* FNV-1a, 32 bits (Fowler, Noll, Vo), folded to the table's size. */
static uint32_t bucket_of(const uint8_t *descriptor, uint32_t size_bytes) {
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < size_bytes; i++) {
        hash = (hash ^ descriptor[i]) * 16777619u;
    }
    return (hash ^ hash >> 16) % BUCKETS;
}

static uint32_t find_equal(uint32_t bucket, const uint8_t *descriptor, uint32_t size_bytes)
    SIDING_REQUIRES(&registry_mutex) {
    for (uint32_t number = bucket_heads[bucket]; number != 0; number = bucket_next[number]) {
        const struct signature *signature = signature_find(number);
        if (signature->descriptor_bytes == size_bytes &&
            memcmp(signature->descriptor, descriptor, size_bytes) == 0) {
            return number;
        }
    }
    return 0;
}

static int32_t publish(uint32_t bucket, const uint8_t *descriptor, uint32_t size_bytes)
    SIDING_REQUIRES(&registry_mutex) {
    if (registry_count + 1 == SIGNATURES_MAX) {
        return SIDING_ELIMIT;
    }
    struct signature *signature = read_signature(descriptor, size_bytes);
    if (signature == NULL) {
        return SIDING_ESIGNATURE;
    }
    signature->route = signature->chain == NULL ? find_route(signature) : NULL;
    uint32_t number = ++registry_count;
    bucket_next[number] = bucket_heads[bucket];
    bucket_heads[bucket] = (uint16_t)number;
    /* pairs with the acquire load in signature_find */
    atomic_store_explicit(&registry[number], signature, memory_order_release);
    return (int32_t)number;
}

int32_t signature_prepare(const uint8_t *descriptor, uint32_t size_bytes) {
    uint32_t bucket = bucket_of(descriptor, size_bytes);
    siding_mutex_lock(&registry_mutex);
    uint32_t known = find_equal(bucket, descriptor, size_bytes);
    int32_t number = known != 0 ? (int32_t)known : publish(bucket, descriptor, size_bytes);
    siding_mutex_unlock(&registry_mutex);
    return number;
}

const struct signature *signature_find(uint32_t number) {
    /* pairs with the release store in publish */
    return number < SIGNATURES_MAX ? atomic_load_explicit(&registry[number], memory_order_acquire)
                                   : NULL;
}

uint32_t signature_count(void) {
    siding_mutex_lock(&registry_mutex);
    uint32_t count = registry_count;
    siding_mutex_unlock(&registry_mutex);
    return count;
}

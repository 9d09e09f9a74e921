#include "calls.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "../../../lib/include/siding.h"
#include "handles.h"

#define DESCRIPTOR_BYTES_MAX 1024u
#define NUMBERS 65536u
#define PREPARED_MAX 40000u /* the library takes no more than 65,535 */
#define STEPS_KEPT 16u
#define ROUNDS_MASK 31u
#define TOKENS 24u

/* ---- functions ------------------------------------------------------------------------------- */

/* A list of texts, and also a text of either kind, and eight bytes. */
static const char *const texts[] = {"ab", "", NULL};

static const void *give_nothing(void) {
    return NULL;
}

static const void *give_texts(void) {
    return texts;
}

static const void *fail(void) {
    errno = EBADF;
    return NULL;
}

static const void *nap(void) {
    (void)poll(NULL, 0, 1);
    return NULL;
}

static const void *linger(void) {
    (void)poll(NULL, 0, 8);
    return NULL;
}

static const void *(*const functions[])(void) = {
    give_nothing, give_texts, fail, give_nothing, give_texts, nap, give_nothing, linger,
};
#define FUNCTIONS (sizeof functions / sizeof functions[0])

static uint64_t function_at(uint64_t choice) {
    return (uint64_t)(uintptr_t)functions[choice % FUNCTIONS];
}

uint64_t calls_function(struct bytes *bytes) {
    return function_at(take(bytes, 1));
}

static bool is_function(uint64_t address) {
    bool found = false;
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        found |= address == function_at(i);
    }
    return found;
}

/* ---- signatures ------------------------------------------------------------------------------ */

enum use { USE_NOT, USE_CALL, USE_CHAIN };

struct step_signature {
    uint32_t number;
    uint32_t parameters; /* one word each */
};

struct descriptor {
    uint8_t bytes[DESCRIPTOR_BYTES_MAX];
    uint32_t size;
};

static uint8_t uses[NUMBERS]; /* enum use, by the signature's number */
static uint32_t usable[NUMBERS];
static uint32_t usable_count;
static struct step_signature step_signatures[STEPS_KEPT];
static uint32_t step_signatures_count;

static void put(struct descriptor *descriptor, uint64_t number, uint32_t size_bytes) {
    for (uint32_t i = 0; i < size_bytes && descriptor->size < DESCRIPTOR_BYTES_MAX; i++) {
        descriptor->bytes[descriptor->size++] = (uint8_t)(number >> 8 * i);
    }
}

static void put_type(struct bytes *bytes, struct descriptor *descriptor, uint32_t depth) {
    uint32_t choice = take_below(bytes, 16);
    if (choice < 12 || depth > 3) {
        put(descriptor, SIDING_TYPE_BOOL + choice % 12, 1);
        return;
    }
    uint32_t fields = 1 + take_below(bytes, 4);
    put(descriptor, SIDING_TYPE_STRUCT, 1);
    put(descriptor, fields, 1);
    for (uint32_t i = 0; i < fields; i++) {
        put_type(bytes, descriptor, depth + 1);
    }
}

static void put_parameter(struct bytes *bytes, struct descriptor *descriptor) {
    static const uint8_t specials[] = {SIDING_TYPE_BUFFER, SIDING_TYPE_TEXT, SIDING_TYPE_OUT,
                                       SIDING_TYPE_IN, SIDING_TYPE_INOUT};
    uint32_t choice = take_below(bytes, 12);
    if (choice >= sizeof specials) {
        put_type(bytes, descriptor, 0);
        return;
    }
    put(descriptor, specials[choice], 1);
    if (choice < 2) {
        return;
    }
    if (take_below(bytes, 4) == 0) {
        put(descriptor, SIDING_TYPE_MEMORY, 1);
        put(descriptor, 1 + take_below(bytes, 64), sizeof(uint32_t));
    } else {
        put_type(bytes, descriptor, 0);
    }
}

static void free_nothing(void *unused) {
    (void)unused;
}

/* Of a pointer result, which is NULL or good for each. */
static void put_tail(struct bytes *bytes, struct descriptor *descriptor) {
    uint32_t kind = 1 + take_below(bytes, 4);
    put(descriptor, kind, 1);
    put(descriptor, 0, 1 + sizeof(uint16_t));
    if (kind == SIDING_TAIL_BYTES) {
        put(descriptor, 1, 1);
        put(descriptor, 0, 1);
        put(descriptor, take_below(bytes, 9), sizeof(uint32_t));
    }
    bool is_freed = take_below(bytes, 2) == 1;
    put(descriptor, is_freed, 1);
    put(descriptor, (uint64_t)(uintptr_t)free_nothing, is_freed ? sizeof(uint64_t) : 0);
}

static void build_signature(struct bytes *bytes, struct descriptor *descriptor) {
    uint32_t parameters = take_below(bytes, take_rarely(bytes) ? 80 : 6);
    uint32_t result = take_below(bytes, 8);
    put(descriptor, take_rarely(bytes) ? take(bytes, 1) : SIDING_NOT_VARIADIC, 1);
    if (result == 0) {
        put_type(bytes, descriptor, 0);
    } else {
        static const uint8_t results[] = {SIDING_TYPE_VOID, SIDING_TYPE_I32, SIDING_TYPE_POINTER,
                                          SIDING_TYPE_TEXT};
        put(descriptor, results[result % 4], 1);
    }
    for (uint32_t i = 0; i < parameters; i++) {
        put_parameter(bytes, descriptor);
    }
    if (result % 4 == 2) {
        put(descriptor, SIDING_TYPE_TAILS, 1);
        put_tail(bytes, descriptor);
    }
}

static void put_source(struct bytes *bytes, struct descriptor *descriptor, uint32_t step) {
    uint32_t kind = take_below(bytes, 3);
    put(descriptor, kind, 1);
    if (kind == 0) {
        put(descriptor, take_number(bytes), sizeof(uint64_t));
    } else {
        put(descriptor, kind == 2 ? take_below(bytes, step + 1) : 0, kind == 2 ? 1 : 0);
        put(descriptor, take_below(bytes, 2), sizeof(uint16_t));
    }
}

static void build_chain(struct bytes *bytes, struct descriptor *descriptor) {
    uint32_t steps = 1 + take_below(bytes, 4);
    put(descriptor, SIDING_CHAIN, 1);
    put(descriptor, 4, sizeof(uint16_t));
    put(descriptor, SIDING_NOT_VARIADIC, 1);
    put(descriptor, SIDING_TYPE_VOID, 1);
    put(descriptor, SIDING_TYPE_U64, 1);
    put(descriptor, SIDING_TYPE_POINTER, 1);
    for (uint32_t i = 0; i < steps; i++) {
        const struct step_signature *step =
            &step_signatures[take_below(bytes, step_signatures_count)];
        put(descriptor, step->number, sizeof(uint32_t));
        put(descriptor, calls_function(bytes), sizeof(uint64_t));
        put(descriptor, take_below(bytes, 5), 1);
        put(descriptor, take_below(bytes, 6), 1);
        put(descriptor, take_below(bytes, 2), sizeof(uint64_t));
        for (uint32_t word = 0; word < step->parameters; word++) {
            put_source(bytes, descriptor, i);
        }
    }
}

/* Exactly as long as it is said to be, so that a read beyond its end is noticed. */
static int32_t prepare(const struct descriptor *descriptor) {
    uint8_t *copy = malloc(descriptor->size + 1);
    memcpy(copy, descriptor->bytes, descriptor->size);
    uint8_t *exact = realloc(copy, descriptor->size == 0 ? 1 : descriptor->size);
    int32_t number = siding_signature_prepare(exact, descriptor->size);
    free(exact);
    return number;
}

static int32_t keep(int32_t number, enum use use) {
    if (number > 0 && (uint32_t)number < NUMBERS && uses[number] == USE_NOT) {
        uses[number] = (uint8_t)use;
        usable[usable_count++] = (uint32_t)number;
    }
    return number;
}

int32_t calls_prepare(struct bytes *bytes) {
    struct descriptor descriptor = {.size = 0};
    uint32_t kind = take_below(bytes, 4);
    if (usable_count > PREPARED_MAX) {
        return SIDING_ELIMIT;
    }
    if (kind == 0) {
        build_chain(bytes, &descriptor);
        return keep(prepare(&descriptor), USE_CHAIN);
    }
    build_signature(bytes, &descriptor);
    if (kind != 1) {
        return keep(prepare(&descriptor), USE_CALL);
    }
    /* anything may come of this, so it is not called */
    uint32_t at = take_below(bytes, descriptor.size);
    descriptor.bytes[at] = (uint8_t)take(bytes, 1);
    descriptor.size -= take_rarely(bytes) ? take_below(bytes, descriptor.size) : 0;
    return prepare(&descriptor);
}

uint32_t calls_signature(struct bytes *bytes) {
    return take_rarely(bytes) ? (uint32_t)take_number(bytes)
                              : usable[take(bytes, 2) % usable_count];
}

void calls_init(void) {
    for (uint32_t parameters = 0; parameters < STEPS_KEPT / 2; parameters++) {
        for (uint32_t is_text = 0; is_text < 2; is_text++) {
            struct descriptor descriptor = {.size = 0};
            put(&descriptor, SIDING_NOT_VARIADIC, 1);
            put(&descriptor, is_text ? SIDING_TYPE_TEXT : SIDING_TYPE_I64, 1);
            for (uint32_t i = 0; i < parameters; i++) {
                put(&descriptor, i % 2 == 0 ? SIDING_TYPE_I32 : SIDING_TYPE_POINTER, 1);
            }
            int32_t number = keep(prepare(&descriptor), USE_CALL);
            step_signatures[step_signatures_count++] =
                (struct step_signature){(uint32_t)number, parameters};
        }
    }
}

/* ---- records --------------------------------------------------------------------------------- */

static uint64_t take_argument(struct bytes *bytes) {
    uint32_t kind = take_below(bytes, 8);
    if (kind < 4) { /* a reference */
        return (uint64_t)take_below(bytes, 5) << 32 | (take(bytes, 1) * (kind < 3 ? 1 : 997));
    }
    return kind == 4 ? take_number(bytes) : take(bytes, 1);
}

static void fill_header(struct bytes *bytes, struct siding_call *call, uint32_t words) {
    bool is_bound = take_below(bytes, 8) == 1;
    uint32_t flags = take_below(bytes, 8) | (take_rarely(bytes) ? (uint32_t)take(bytes, 2) : 0);
    *call = (struct siding_call){
        .token = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, TOKENS),
        .signature = usable[take(bytes, 2) % usable_count],
        .words = (uint16_t)(take_rarely(bytes) ? take(bytes, 2) : words),
        .flags = (uint16_t)(is_bound ? flags | SIDING_CALL_BOUND : flags),
        .timeout_ms = take_below(bytes, 4) == 0 ? (uint32_t)take_number(bytes) : 0,
    };
    if (take_rarely(bytes)) {
        call->signature = (uint32_t)take_number(bytes);
    }
    call->function = is_bound ? handles_pick(bytes, KIND_BOUND) : calls_function(bytes);
    uint32_t target = take_below(bytes, 4);
    call->context = target == 0   ? 0
                    : target == 1 ? handles_pick(bytes, KIND_REPEAT)
                                  : handles_pick(bytes, KIND_CONTEXT);
}

/* Wherever the library may find a record, it finds one whose function can be called so. */
static void tame(uint64_t *words, uint32_t count) {
    uint32_t size = 0;
    for (uint32_t at = 0; at + SIDING_CALL_WORDS <= count; at += size) {
        struct siding_call *call = (struct siding_call *)(words + at);
        if (call->signature < NUMBERS && uses[call->signature] == USE_NOT) {
            call->signature |= NUMBERS;
        }
        if ((call->flags & SIDING_CALL_BOUND) == 0 && !is_function(call->function)) {
            call->function = function_at(call->function);
        }
        if (call->signature < NUMBERS && uses[call->signature] == USE_CHAIN &&
            at + SIDING_CALL_WORDS < count) {
            words[at + SIDING_CALL_WORDS] &= ROUNDS_MASK;
            call->words = (uint16_t)(count - at); /* nothing else may begin there */
        }
        size = call->words;
        if (size < SIDING_CALL_WORDS) {
            return;
        }
    }
}

uint32_t calls_fill(struct bytes *bytes, uint64_t *words, uint32_t capacity_words) {
    uint32_t at = 0;
    uint32_t records = 1 + take_below(bytes, 4);
    for (uint32_t i = 0; i < records; i++) {
        uint32_t arguments = take_below(bytes, take_rarely(bytes) ? 80 : 12);
        uint32_t size = SIDING_CALL_WORDS + arguments;
        if (at + size > capacity_words) {
            break;
        }
        fill_header(bytes, (struct siding_call *)(words + at), size);
        for (uint32_t word = SIDING_CALL_WORDS; word < size; word++) {
            words[at + word] = take_argument(bytes);
        }
        at += size;
    }
    at -= take_rarely(bytes) ? take_below(bytes, at + 1) : 0;
    tame(words, at);
    return at;
}

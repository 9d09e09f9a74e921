#include "tail_foreign.h"

#include <stdbool.h>
#include <stddef.h>

#include "../platform/platform.h"

#define FLAT_BYTES_MAX 512u /* of one tail: more is not worth a place of its own */
#define PAGE_BYTES_MIN 4096u

/* ---- finding --------------------------------------------------------------------------------- */

/* How far a walk has come; a fault leaves it there. */
struct search {
    struct tails *tails;
    const struct frame *frame;
    volatile uint32_t at;
    volatile uint64_t words; /* of the tails before */
};

/* Texts and lists were read to measure them. */
static void touch(const uint8_t *from, uint64_t size_bytes) {
    for (uint64_t offset = 0; offset < size_bytes; offset += PAGE_BYTES_MIN) {
        (void)*(const volatile uint8_t *)(from + offset);
    }
    (void)*(const volatile uint8_t *)(from + size_bytes - 1);
}

static void find_on(void *argument) {
    struct search *search = argument;
    struct tails *tails = search->tails;
    for (; search->at < tails->count; search->at++) {
        uint32_t index = search->at;
        search->words = tails->words;
        tail_find_one(tails, index, search->frame);
        uint64_t size = tails->items[index].size;
        if (tails->list[index].kind == SIDING_TAIL_BYTES && size != SIDING_TAIL_NULL && size > 0) {
            touch(tails->items[index].from, size);
        }
    }
}

enum tail_verdict tail_find_foreign(const struct tail *list, uint32_t count,
                                    const struct frame *frame, uint64_t bytes_max,
                                    struct tails *out_tails) {
    struct search search = {.tails = out_tails, .frame = frame};
    tail_find_begin(list, count, bytes_max, out_tails);
    while (!siding_fault_guard(find_on, &search)) {
        out_tails->words = search.words;
        tail_lose(out_tails, search.at++);
    }
    return out_tails->has_bad_size      ? TAIL_BAD_SIZE
           : out_tails->has_bad_pointer ? TAIL_BAD_POINTER
                                        : TAIL_FINE;
}

/* ---- flat lists ------------------------------------------------------------------------------ */

/* @return bytes, or UINT64_MAX: they are not known before the call */
static uint64_t known_bytes(const struct tail *tail) {
    uint64_t bytes = 1;
    for (uint32_t i = 0; i < tail->factors_count; i++) {
        if (tail->factors[i].code != 0) {
            return UINT64_MAX;
        }
        bytes *= tail->factors[i].constant;
    }
    return bytes;
}

uint32_t tail_flat_words(const struct tail *list, uint32_t count) {
    uint64_t words = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bytes = known_bytes(&list[i]);
        if (list[i].kind != SIDING_TAIL_BYTES || list[i].place.base != 0 ||
            bytes > FLAT_BYTES_MAX) {
            return 0;
        }
        words += 1 + tail_words_for(bytes);
    }
    return (uint32_t)words;
}

/* How far a copy has come; a fault leaves it there. */
struct flat_copy {
    const struct tail *list;
    uint32_t count;
    const struct frame *frame;
    uint64_t *out;
    volatile uint32_t at;
    volatile uint32_t words; /* of the tails before */
    bool has_bad_pointer;
};

static uint32_t lose_flat(struct flat_copy *copy) {
    copy->has_bad_pointer = true;
    copy->out[copy->words] = SIDING_TAIL_NULL;
    return 1;
}

static uint32_t copy_one(struct flat_copy *copy, const struct tail *tail) {
    const uint8_t *from = tail_pointer(tail, copy->frame);
    uint64_t *out = copy->out + copy->words;
    if (from != NULL && !tail_is_plausible(from)) {
        return lose_flat(copy);
    }
    *out = from == NULL ? SIDING_TAIL_NULL : known_bytes(tail);
    return from == NULL ? 1 : 1 + (uint32_t)tail_copy_bytes(from, *out, out + 1);
}

static void copy_on(void *argument) {
    struct flat_copy *copy = argument;
    for (; copy->at < copy->count; copy->at++) {
        copy->words += copy_one(copy, &copy->list[copy->at]);
    }
}

enum tail_verdict tail_copy_flat(const struct tail *list, uint32_t count, const struct frame *frame,
                                 uint64_t *out, uint32_t *out_words) {
    struct flat_copy copy = {.list = list, .count = count, .frame = frame, .out = out};
    while (!siding_fault_guard(copy_on, &copy)) {
        copy.words += lose_flat(&copy);
        copy.at++;
    }
    *out_words = copy.words;
    return copy.has_bad_pointer ? TAIL_BAD_POINTER : TAIL_FINE;
}

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

uint32_t tail_flat_words(const struct tail *list, uint32_t count) {
    uint64_t words = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].place.base != 0 || list[i].constant_bytes > FLAT_BYTES_MAX) {
            return 0;
        }
        words += 1 + tail_words_for(list[i].constant_bytes);
    }
    return (uint32_t)words;
}

/* @return words written */
static uint32_t copy_one(const struct tail *tail, const uint8_t *from, uint64_t *out) {
    uint32_t bytes = tail->constant_bytes;
    uint32_t words = (uint32_t)tail_words_for(bytes);
    out[words] = 0; /* nothing of what lay there before goes to the host */
    *out = bytes;
    return siding_fault_read(out + 1, from, bytes) ? 1 + words : 0;
}

enum tail_verdict tail_copy_flat(const struct tail *list, uint32_t count, const struct frame *frame,
                                 uint64_t *out, uint32_t *out_words) {
    enum tail_verdict verdict = TAIL_FINE;
    uint32_t words = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *from = tail_pointer(&list[i], frame);
        uint32_t copied =
            from == NULL || !tail_is_plausible(from) ? 0 : copy_one(&list[i], from, out + words);
        if (copied == 0) {
            out[words] = SIDING_TAIL_NULL;
            verdict = from == NULL ? verdict : TAIL_BAD_POINTER;
        }
        words += copied == 0 ? 1 : copied;
    }
    *out_words = words;
    return verdict;
}

#include "tail.h"

#include <stddef.h>
#include <string.h>

#define ADDRESS_MIN UINT64_C(4096)
#define ADDRESS_MAX ((UINT64_C(1) << 56) - 1)
#define LIMIT_MAX (UINT64_C(1) << 62) /* of a size: there is none */

static const uint8_t *pointer_at(const uint8_t *place) {
    void *pointer;
    memcpy(&pointer, place, sizeof pointer);
    return pointer;
}

static const uint8_t *in_frame(const struct frame *frame, uint32_t offset_bytes) {
    uint32_t result_bytes = frame->result_words * 8;
    return offset_bytes < result_bytes
               ? (const uint8_t *)frame->result + offset_bytes
               : (const uint8_t *)frame->arguments + (offset_bytes - result_bytes);
}

bool tail_is_plausible(const uint8_t *pointer) {
    uint64_t address = (uint64_t)(uintptr_t)pointer;
    return address >= ADDRESS_MIN && address <= ADDRESS_MAX;
}

/* @return the pointer, or NULL for one that cannot be one, if such are looked for */
static const uint8_t *believe(const uint8_t *pointer, struct tails *tails) {
    if (pointer == NULL || tails->bytes_left == UINT64_MAX || tail_is_plausible(pointer)) {
        return pointer;
    }
    tails->has_bad_pointer = true;
    return NULL;
}

/* @return the place's address, or NULL: a pointer on the way is */
static const uint8_t *find_place(const struct place *place, const struct frame *frame,
                                 struct tails *tails) {
    if (place->base == 0) {
        return in_frame(frame, place->offset_bytes);
    }
    const uint8_t *base = place->base == 1
                              ? believe(pointer_at(in_frame(frame, place->pointer_bytes)), tails)
                              : tails->items[place->base - 2].from;
    return base == NULL ? NULL : base + place->offset_bytes;
}

/* @return the number, as wide as it gets; a negative one has its sign */
static int64_t number_at(uint8_t code, const uint8_t *place) {
    uint64_t bits = 0;
    switch (code) {
    case SIDING_TYPE_BOOL:
    case SIDING_TYPE_U8:
        return *place;
    case SIDING_TYPE_I8:
        return (int8_t)*place;
    case SIDING_TYPE_U16:
        memcpy(&bits, place, sizeof(uint16_t));
        return (int64_t)bits;
    case SIDING_TYPE_I16:
        memcpy(&bits, place, sizeof(uint16_t));
        return (int16_t)bits;
    case SIDING_TYPE_U32:
        memcpy(&bits, place, sizeof(uint32_t));
        return (int64_t)bits;
    case SIDING_TYPE_I32:
        memcpy(&bits, place, sizeof(uint32_t));
        return (int32_t)bits;
    default:
        memcpy(&bits, place, sizeof bits);
        return (int64_t)bits;
    }
}

/* @return SIDING_TAIL_NULL: a factor is out of reach or negative, or the product is too large */
static uint64_t find_length(const struct tail *tail, const struct frame *frame,
                            struct tails *tails) {
    uint64_t length = 1;
    for (uint32_t i = 0; i < tail->factors_count; i++) {
        const struct factor *factor = &tail->factors[i];
        int64_t number = factor->constant;
        if (factor->code != 0) {
            const uint8_t *place = find_place(&factor->place, frame, tails);
            if (place == NULL) {
                return SIDING_TAIL_NULL;
            }
            number = number_at(factor->code, place);
        }
        if (number < 0 || (number != 0 && length > (uint64_t)(INT64_MAX / number))) {
            tails->has_bad_size = true;
            return SIDING_TAIL_NULL;
        }
        length *= (uint64_t)number;
    }
    return length;
}

/* @return bytes before its end, or more than `limit`: no end so far */
static uint64_t text_bytes(const uint8_t *from, uint64_t limit) {
    if (limit >= LIMIT_MAX) {
        return strlen((const char *)from);
    }
    const uint8_t *end = memchr(from, 0, limit + 1);
    return end == NULL ? limit + 1 : (uint64_t)(end - from);
}

static uint64_t text16_bytes(const uint8_t *from, uint64_t limit) {
    uint64_t size_bytes = 0;
    while (size_bytes <= limit && (from[size_bytes] != 0 || from[size_bytes + 1] != 0)) {
        size_bytes += 2;
    }
    return size_bytes;
}

/* @return whether so many bytes may still be copied, and then counts them */
static bool spend(struct tails *tails, uint64_t size_bytes) {
    if (tails->bytes_left == UINT64_MAX) {
        return true;
    }
    if (size_bytes > tails->bytes_left) {
        tails->has_bad_size = true;
        return false;
    }
    tails->bytes_left -= size_bytes;
    return true;
}

/* @return how many texts; adds up their words, which are what it costs */
static uint64_t measure_list(const uint8_t *from, struct tails *tails) {
    for (uint64_t count = 0;; count++) {
        const uint8_t *text = believe(pointer_at(from + count * sizeof text), tails);
        uint64_t words = text == NULL ? 0 : 1 + tail_words_for(text_bytes(text, tails->bytes_left));
        if (text == NULL || !spend(tails, words * 8)) {
            return count;
        }
        tails->words += words;
    }
}

static uint64_t measure(const struct tail *tail, const uint8_t *from, const struct frame *frame,
                        struct tails *tails) {
    uint64_t size = SIDING_TAIL_NULL;
    switch ((enum siding_tail)tail->kind) {
    case SIDING_TAIL_LIST:
        return measure_list(from, tails);
    case SIDING_TAIL_TEXT:
        size = text_bytes(from, tails->bytes_left);
        break;
    case SIDING_TAIL_TEXT16:
        size = text16_bytes(from, tails->bytes_left);
        break;
    case SIDING_TAIL_BYTES:
        size = find_length(tail, frame, tails);
        break;
    }
    if (size != SIDING_TAIL_NULL && !spend(tails, size)) {
        size = SIDING_TAIL_NULL;
    }
    tails->words += size == SIDING_TAIL_NULL ? 0 : tail_words_for(size);
    return size;
}

void tail_find_begin(const struct tail *list, uint32_t count, uint64_t bytes_max,
                     struct tails *out_tails) {
    out_tails->list = list;
    out_tails->count = count;
    out_tails->words = count;
    out_tails->bytes_left = bytes_max;
    out_tails->has_bad_pointer = false;
    out_tails->has_bad_size = false;
}

void tail_find_one(struct tails *tails, uint32_t index, const struct frame *frame) {
    const struct tail *tail = &tails->list[index];
    const uint8_t *place = find_place(&tail->place, frame, tails);
    const uint8_t *from = place == NULL ? NULL : believe(pointer_at(place), tails);
    tails->items[index].from = from;
    tails->items[index].size = from == NULL ? SIDING_TAIL_NULL : measure(tail, from, frame, tails);
}

void tail_lose(struct tails *tails, uint32_t index) {
    tails->items[index].from = NULL;
    tails->items[index].size = SIDING_TAIL_NULL;
    tails->has_bad_pointer = true;
}

void tail_find(const struct tail *list, uint32_t count, const struct frame *frame,
               struct tails *out_tails) {
    tail_find_begin(list, count, UINT64_MAX, out_tails);
    for (uint32_t i = 0; i < count; i++) {
        tail_find_one(out_tails, i, frame);
    }
}

const uint8_t *tail_pointer(const struct tail *tail, const struct frame *frame) {
    return pointer_at(in_frame(frame, tail->place.offset_bytes));
}

/* ---- copying --------------------------------------------------------------------------------- */

uint64_t tail_copy_bytes(const uint8_t *from, uint64_t size_bytes, uint64_t *out) {
    uint64_t words = tail_words_for(size_bytes);
    if (words > 0) {
        out[words - 1] = 0; /* nothing of what lay there before goes to the host */
        memcpy(out, from, size_bytes);
    }
    return words;
}

/* @return bytes of a text, at most so many words of it: another thread may change it meanwhile */
static uint64_t bounded_bytes(const uint8_t *text, uint64_t words_max) {
    const uint8_t *end = text == NULL ? NULL : memchr(text, 0, words_max * 8);
    return text == NULL ? 0 : end == NULL ? words_max * 8 : (uint64_t)(end - text);
}

/* @return words that the tails from `index` on take at least */
static uint64_t least_words(const struct tails *tails, uint32_t index) {
    uint64_t words = 0;
    for (; index < tails->count; index++) {
        uint64_t size = tails->items[index].size;
        bool is_list = tails->list[index].kind == SIDING_TAIL_LIST;
        words += 1 + (size == SIDING_TAIL_NULL ? 0 : is_list ? size : tail_words_for(size));
    }
    return words;
}

/* @param words that it may take at most */
static uint64_t copy_list(const uint8_t *from, uint64_t count, uint64_t words, uint64_t *out) {
    const uint64_t *start = out;
    for (uint64_t left = count; left > 0; left--) {
        const uint8_t *text = pointer_at(from + (count - left) * sizeof text);
        uint64_t words_max = words - (uint64_t)(out - start) - left; /* each has its size */
        *out = bounded_bytes(text, words_max);
        out += 1 + tail_copy_bytes(text, *out, out + 1);
    }
    return (uint64_t)(out - start);
}

void tail_copy(const struct tails *tails, uint64_t *out) {
    const uint64_t *end = out + tails->words;
    for (uint32_t i = 0; i < tails->count; i++) {
        const uint8_t *from = tails->items[i].from;
        uint64_t size = tails->items[i].size;
        *out++ = size;
        if (size == SIDING_TAIL_NULL) {
            continue;
        }
        out += tails->list[i].kind == SIDING_TAIL_LIST
                   ? copy_list(from, size, (uint64_t)(end - out) - least_words(tails, i + 1), out)
                   : tail_copy_bytes(from, size, out);
    }
}

void tail_free(const struct tails *tails) {
    for (uint32_t i = 0; i < tails->count; i++) {
        if (tails->list[i].free != NULL && tails->items[i].from != NULL) {
            tails->list[i].free((void *)(uintptr_t)tails->items[i].from);
        }
    }
}

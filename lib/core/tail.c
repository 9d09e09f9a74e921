#include "tail.h"

#include <stddef.h>
#include <string.h>

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

/* @return the place's address, or NULL: a pointer on the way is */
static const uint8_t *find_place(const struct place *place, const struct frame *frame,
                                 const struct tails *tails) {
    if (place->base == 0) {
        return in_frame(frame, place->offset_bytes);
    }
    const uint8_t *base = place->base == 1 ? pointer_at(in_frame(frame, place->pointer_bytes))
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
                            const struct tails *tails) {
    uint64_t length = 1;
    for (uint32_t i = 0; i < tail->factors_count; i++) {
        const struct factor *factor = &tail->factors[i];
        int64_t number = factor->constant;
        if (factor->code != 0) {
            const uint8_t *place = find_place(&factor->place, frame, tails);
            number = place == NULL ? -1 : number_at(factor->code, place);
        }
        if (number < 0 || (number != 0 && length > (uint64_t)(INT64_MAX / number))) {
            return SIDING_TAIL_NULL;
        }
        length *= (uint64_t)number;
    }
    return length;
}

static uint64_t text16_bytes(const uint8_t *from) {
    uint64_t size_bytes = 0;
    while (from[size_bytes] != 0 || from[size_bytes + 1] != 0) {
        size_bytes += 2;
    }
    return size_bytes;
}

static uint64_t words_for(uint64_t size_bytes) {
    return size_bytes / 8 + (size_bytes % 8 != 0);
}

/* @return how many texts; adds up their words */
static uint64_t measure_list(const uint8_t *from, uint64_t *in_out_words) {
    uint64_t count = 0;
    for (const uint8_t *text; (text = pointer_at(from + count * sizeof text)) != NULL; count++) {
        *in_out_words += 1 + words_for(strlen((const char *)text));
    }
    return count;
}

static uint64_t measure(const struct tail *tail, const uint8_t *from, const struct frame *frame,
                        struct tails *tails) {
    uint64_t size = SIDING_TAIL_NULL;
    switch ((enum siding_tail)tail->kind) {
    case SIDING_TAIL_LIST:
        return measure_list(from, &tails->words);
    case SIDING_TAIL_TEXT:
        size = strlen((const char *)from);
        break;
    case SIDING_TAIL_TEXT16:
        size = text16_bytes(from);
        break;
    case SIDING_TAIL_BYTES:
        size = find_length(tail, frame, tails);
        break;
    }
    tails->words += size == SIDING_TAIL_NULL ? 0 : words_for(size);
    return size;
}

void tail_find(const struct tail *list, uint32_t count, const struct frame *frame,
               struct tails *out_tails) {
    out_tails->list = list;
    out_tails->count = count;
    out_tails->words = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *place = find_place(&list[i].place, frame, out_tails);
        const uint8_t *from = place == NULL ? NULL : pointer_at(place);
        out_tails->items[i].from = from;
        out_tails->items[i].size =
            from == NULL ? SIDING_TAIL_NULL : measure(&list[i], from, frame, out_tails);
    }
}

static uint64_t *copy_bytes(const uint8_t *from, uint64_t size_bytes, uint64_t *out) {
    uint64_t words = words_for(size_bytes);
    if (words > 0) {
        out[words - 1] = 0; /* nothing of what lay there before goes to the host */
        memcpy(out, from, size_bytes);
    }
    return out + words;
}

static uint64_t *copy_list(const uint8_t *from, uint64_t count, uint64_t *out) {
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *text = pointer_at(from + i * sizeof text);
        *out = strlen((const char *)text);
        out = copy_bytes(text, *out, out + 1);
    }
    return out;
}

void tail_copy(const struct tails *tails, uint64_t *out) {
    for (uint32_t i = 0; i < tails->count; i++) {
        const uint8_t *from = tails->items[i].from;
        uint64_t size = tails->items[i].size;
        *out++ = size;
        if (size == SIDING_TAIL_NULL) {
            continue;
        }
        out = tails->list[i].kind == SIDING_TAIL_LIST ? copy_list(from, size, out)
                                                      : copy_bytes(from, size, out);
    }
}

void tail_free(const struct tails *tails) {
    for (uint32_t i = 0; i < tails->count; i++) {
        if (tails->list[i].free != NULL && tails->items[i].from != NULL) {
            tails->list[i].free((void *)(uintptr_t)tails->items[i].from);
        }
    }
}

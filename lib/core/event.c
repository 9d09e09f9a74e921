#include "event.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define BLOCK_WORDS 2u /* its number and its size in place of the tails */

_Static_assert(SIGNATURE_WORDS_MAX + EVENT_TAILS_WORDS_MAX + SIDING_EVENT_WORDS <=
                   SIDING_EVENT_WORDS_MAX,
               "the largest event fits");

/* Only of a call that came to its end; a notice has no signature. */
static bool has_payload(const struct record *record) {
    return record->status == SIDING_OK && record->signature != NULL;
}

/* Words of a payload without its tails. */
static uint32_t base_words(const struct signature *signature) {
    return (uint32_t)signature->result_words + signature->cells_words;
}

static struct frame frame_of(const struct record *record) {
    return (struct frame){
        .result = record->words,
        .result_words = record->signature->result_words,
        .arguments = record->words + record->signature->result_words,
    };
}

/* @return the word behind the cells */
static uint64_t *write_cells(const struct signature *signature, const uint64_t *arguments,
                             uint64_t *out) {
    for (uint32_t i = 0; signature->cells_words > 0 && i < signature->parameters_count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        const uint64_t *cell = arguments + parameter->offset + 1;
        uint32_t words = parameter->type == SIDING_TYPE_IN ? 0 : parameter->cell_words;
        for (uint32_t word = 0; word < words; word++) {
            *out++ = cell[word];
        }
    }
    return out;
}

static struct siding_event header(const struct record *record, uint32_t words) {
    return (struct siding_event){
        .token = record->token,
        .words = (uint16_t)words,
        .status = record->status,
        .error = record->error,
    };
}

/* @return the word behind result and cells */
static uint64_t *write_base(const struct signature *signature, const struct frame *frame,
                            uint64_t *out) {
    for (uint32_t word = 0; word < signature->result_words; word++) {
        *out++ = frame->result[word];
    }
    return write_cells(signature, frame->arguments, out);
}

uint64_t event_measure_payload(const struct signature *signature, const struct frame *frame,
                               struct tails *out_tails) {
    out_tails->words = 0;
    out_tails->count = 0;
    if (signature->tails_count > 0) {
        tail_find(signature->tails, signature->tails_count, frame, out_tails);
    }
    return base_words(signature) + out_tails->words;
}

void event_write_payload(const struct signature *signature, const struct frame *frame,
                         const struct tails *tails, uint64_t *out) {
    uint64_t *behind = write_base(signature, frame, out);
    if (tails->count > 0) {
        tail_copy(tails, behind);
    }
}

uint32_t event_measure(const struct record *record, struct tails *out_tails) {
    if (!has_payload(record)) {
        out_tails->words = 0;
        out_tails->count = 0;
        return SIDING_EVENT_WORDS;
    }
    struct frame frame = frame_of(record);
    uint64_t words = event_measure_payload(record->signature, &frame, out_tails);
    return out_tails->words > EVENT_TAILS_WORDS_MAX ? UINT32_MAX
                                                    : SIDING_EVENT_WORDS + (uint32_t)words;
}

void event_write(const struct record *record, const struct tails *tails, uint64_t *out) {
    if (!has_payload(record)) {
        *(struct siding_event *)out = header(record, SIDING_EVENT_WORDS);
        return;
    }
    uint32_t words = base_words(record->signature) + (uint32_t)tails->words;
    *(struct siding_event *)out = header(record, SIDING_EVENT_WORDS + words);
    struct frame frame = frame_of(record);
    event_write_payload(record->signature, &frame, tails, out + SIDING_EVENT_WORDS);
}

void event_keep(struct record *record, const struct tails *tails) {
    if (tails->count == 0) {
        return;
    }
    record->has_extras = true;
    record->tails = malloc(tails->words * sizeof *record->tails);
    record->tails_words = tails->words;
    if (record->tails == NULL) {
        record->status = SIDING_ENOMEM;
    } else {
        tail_copy(tails, record->tails);
    }
}

static bool is_inline(const struct record *record) {
    return record->tails == NULL || record->tails_words <= EVENT_TAILS_WORDS_MAX;
}

uint32_t event_kept_words(const struct record *record) {
    if (!has_payload(record)) {
        return SIDING_EVENT_WORDS;
    }
    uint32_t tails_words = record->tails == NULL ? 0
                           : is_inline(record)   ? (uint32_t)record->tails_words
                                                 : BLOCK_WORDS;
    return SIDING_EVENT_WORDS + base_words(record->signature) + tails_words;
}

/* @return 0, or a status that replaces the payload */
static int32_t write_block(struct bridge *bridge, uint64_t *tails, uint64_t words, uint64_t *out) {
    int32_t block =
        bridge == NULL ? SIDING_ESPACE : block_adopt(&bridge->blocks, tails, words * sizeof *tails);
    if (block < 0) {
        return block;
    }
    out[0] = (uint64_t)block;
    out[1] = words * sizeof *tails;
    return SIDING_OK;
}

uint32_t event_write_kept(struct bridge *bridge, struct record *record, uint64_t *out) {
    struct siding_event *event = (struct siding_event *)out;
    *event = header(record, event_kept_words(record));
    if (!has_payload(record)) {
        return event->words;
    }
    struct frame frame = frame_of(record);
    uint64_t *behind = write_base(record->signature, &frame, out + SIDING_EVENT_WORDS);
    if (record->tails != NULL && is_inline(record)) {
        memcpy(behind, record->tails, record->tails_words * sizeof *behind);
    } else if (record->tails != NULL) {
        event->flags = SIDING_EVENT_BLOCK;
        event->status = write_block(bridge, record->tails, record->tails_words, behind);
        if (event->status == SIDING_OK) {
            record->tails = NULL; /* the block's now */
        } else {
            event->words = SIDING_EVENT_WORDS;
        }
    }
    return event->words;
}

/* ---- here ------------------------------------------------------------------------------------ */

static int32_t write_long_tails(struct bridge *bridge, const struct tails *tails, uint64_t *out) {
    uint64_t *copy = malloc(tails->words * sizeof *copy);
    if (copy == NULL) {
        return SIDING_ENOMEM;
    }
    tail_copy(tails, copy);
    int32_t status = write_block(bridge, copy, tails->words, out);
    if (status != SIDING_OK) {
        free(copy);
    }
    return status;
}

int32_t event_write_tails(struct bridge *bridge, const struct tails *tails, uint64_t *out,
                          uint16_t *out_flags) {
    if (tails->words <= EVENT_TAILS_WORDS_MAX) {
        tail_copy(tails, out);
        return (int32_t)tails->words;
    }
    int32_t status = write_long_tails(bridge, tails, out);
    *out_flags |= SIDING_EVENT_BLOCK;
    return status == SIDING_OK ? (int32_t)BLOCK_WORDS : status;
}

/* The result is in the event; adds cells and tails. */
static void complete_here(struct bridge *bridge, const struct signature *signature,
                          const uint64_t *arguments, struct siding_event *event) {
    struct tails tails;
    uint64_t *result = (uint64_t *)(event + 1);
    struct frame frame = {result, signature->result_words, arguments};
    (void)event_measure_payload(signature, &frame, &tails);
    uint64_t *behind = write_cells(signature, arguments, result + signature->result_words);
    int32_t tail_words = event_write_tails(bridge, &tails, behind, &event->flags);
    event->status = tail_words < 0 ? tail_words : SIDING_OK;
    uint32_t payload_words = tail_words < 0 ? 0 : base_words(signature) + (uint32_t)tail_words;
    event->words = (uint16_t)(SIDING_EVENT_WORDS + payload_words);
    tail_free(&tails);
}

int32_t event_call_here(struct bridge *bridge, uint64_t *record, uint32_t words,
                        uint64_t *out_event, uint32_t capacity_words, void *const *lent) {
    struct siding_call *call = (struct siding_call *)record;
    const struct signature *signature =
        words < SIDING_CALL_WORDS ? NULL : signature_find(call->signature);
    if (signature == NULL || signature->chain != NULL || !call_names_address(call) ||
        words < SIDING_CALL_WORDS + signature->argument_words) {
        return SIDING_EINVALID;
    }
    if (capacity_words < SIDING_EVENT_WORDS_MAX) {
        return SIDING_ESPACE;
    }
    uint64_t *arguments = record + SIDING_CALL_WORDS;
    struct block_table *blocks = bridge == NULL ? NULL : &bridge->blocks;
    if (call_resolve(signature, arguments, words - SIDING_CALL_WORDS, blocks, lent) != SIDING_OK) {
        return SIDING_EINVALID;
    }
    struct siding_event *event = (struct siding_event *)out_event;
    *event = (struct siding_event){.token = call->token};
    void (*function)(void) = (void (*)(void))(uintptr_t)call->function;
    call_invoke(signature, function, call->flags, arguments, out_event + SIDING_EVENT_WORDS,
                &event->error);
    complete_here(bridge, signature, arguments, event);
    return event->words;
}

#include "event.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "outbox.h"

#define TEXT_INLINE_BYTES_MAX 8192u

_Static_assert(SIGNATURE_WORDS_MAX + TEXT_INLINE_BYTES_MAX / 8 + SIDING_EVENT_WORDS + 1 <=
                   SIDING_EVENT_WORDS_MAX,
               "the largest event fits");

/* What a finished call has to tell, whether it was queued or made here. */
struct outcome {
    const struct signature *signature;
    const uint64_t *result;
    const uint64_t *arguments;
    const char *text;    /* of a text result, or NULL */
    uint64_t text_bytes; /* or SIDING_TEXT_NULL */
};

static uint32_t text_words(uint64_t size_bytes) {
    return (uint32_t)((size_bytes + 7) / 8);
}

static bool text_is_inline(uint64_t size_bytes) {
    return size_bytes <= TEXT_INLINE_BYTES_MAX;
}

static uint32_t payload_words(const struct outcome *outcome) {
    const struct signature *signature = outcome->signature;
    uint32_t words = (uint32_t)signature->result_words + signature->cells_words;
    if (signature->result != SIDING_TYPE_TEXT || outcome->text_bytes == SIDING_TEXT_NULL) {
        return words;
    }
    return words + (text_is_inline(outcome->text_bytes) ? text_words(outcome->text_bytes) : 1);
}

static uint64_t *write_cells(const struct outcome *outcome, uint64_t *out) {
    for (uint32_t i = 0; i < outcome->signature->parameters_count; i++) {
        const struct parameter *parameter = &outcome->signature->parameters[i];
        const uint64_t *cell = outcome->arguments + parameter->offset + 1;
        for (uint32_t word = 0; word < parameter->cell_words; word++) {
            *out++ = cell[word];
        }
    }
    return out;
}

/* @return 0, or a status that replaces the payload; a long text becomes a block of the bridge */
static int32_t write_text(struct bridge *bridge, const struct outcome *outcome, uint64_t *out,
                          uint16_t *out_flags) {
    uint64_t size_bytes = outcome->text_bytes;
    if (size_bytes == SIDING_TEXT_NULL) {
        return SIDING_OK;
    }
    if (text_is_inline(size_bytes)) {
        memcpy(out, outcome->text, size_bytes);
        return SIDING_OK;
    }
    int32_t block =
        bridge == NULL ? SIDING_ESPACE : block_create(&bridge->blocks, outcome->text, size_bytes);
    if (block < 0) {
        return block;
    }
    *out = (uint64_t)block;
    *out_flags |= SIDING_EVENT_BLOCK;
    return SIDING_OK;
}

static void write_payload(struct bridge *bridge, const struct outcome *outcome,
                          struct siding_event *event) {
    const struct signature *signature = outcome->signature;
    uint64_t *out = (uint64_t *)(event + 1);
    for (uint32_t word = 0; word < signature->result_words; word++) {
        out[word] = outcome->result[word];
    }
    bool is_text = signature->result == SIDING_TYPE_TEXT;
    if (is_text) {
        out[0] = outcome->text_bytes;
    }
    out = write_cells(outcome, out + signature->result_words);
    if (is_text) {
        event->status = write_text(bridge, outcome, out, &event->flags);
    }
    if (event->status != SIDING_OK) {
        event->words = SIDING_EVENT_WORDS;
    }
}

/* Only of a call that came to its end; a notice has no signature. */
static bool has_payload(const struct record *record) {
    return record->status == SIDING_OK && record->signature != NULL;
}

static bool has_text(const struct record *record) {
    return has_payload(record) && record->signature->result == SIDING_TYPE_TEXT &&
           record->text_bytes != SIDING_TEXT_NULL;
}

static const char *text_of(const struct record *record) {
    return record->text != NULL ? record->text : (const char *)(uintptr_t)record->words[0];
}

static struct outcome outcome_of(const struct record *record) {
    return (struct outcome){
        .signature = record->signature,
        .result = record->words,
        .arguments = record->words + record->signature->result_words,
        .text = has_text(record) ? text_of(record) : NULL,
        .text_bytes = record->text_bytes,
    };
}

uint32_t event_words(const struct record *record) {
    if (!has_payload(record)) {
        return SIDING_EVENT_WORDS;
    }
    struct outcome outcome = outcome_of(record);
    return SIDING_EVENT_WORDS + payload_words(&outcome);
}

bool event_needs_block(const struct record *record) {
    return has_text(record) && !text_is_inline(record->text_bytes);
}

void event_keep_text(struct record *record) {
    if (!has_text(record)) {
        return;
    }
    char *copy = malloc(record->text_bytes + 1);
    if (copy == NULL) {
        record->status = SIDING_ENOMEM;
        return;
    }
    memcpy(copy, text_of(record), record->text_bytes);
    record->text = copy;
}

uint32_t event_write(struct bridge *bridge, const struct record *record, uint64_t *out) {
    struct siding_event *event = (struct siding_event *)out;
    *event = (struct siding_event){
        .token = record->token,
        .words = SIDING_EVENT_WORDS,
        .status = record->status,
        .error = record->error,
    };
    if (has_payload(record)) {
        struct outcome outcome = outcome_of(record);
        event->words = (uint16_t)(SIDING_EVENT_WORDS + payload_words(&outcome));
        write_payload(bridge, &outcome, event);
    }
    return event->words;
}

int32_t event_call_here(struct bridge *bridge, uint64_t *record, uint32_t words,
                        uint64_t *out_event, uint32_t capacity_words, void *const *lent) {
    struct siding_call *call = (struct siding_call *)record;
    const struct signature *signature =
        words < SIDING_CALL_WORDS ? NULL : signature_find(call->signature);
    if (signature == NULL || words < SIDING_CALL_WORDS + signature->argument_words) {
        return SIDING_EINVALID;
    }
    if (capacity_words < SIDING_EVENT_WORDS_MAX) {
        return SIDING_ESPACE;
    }
    uint64_t *arguments = record + SIDING_CALL_WORDS;
    struct block_table *blocks = bridge == NULL ? NULL : &bridge->blocks;
    if (signature->references &&
        call_resolve(signature, arguments, words - SIDING_CALL_WORDS, blocks, lent) != SIDING_OK) {
        return SIDING_EINVALID;
    }
    struct siding_event *event = (struct siding_event *)out_event;
    uint64_t *result = out_event + SIDING_EVENT_WORDS;
    *event = (struct siding_event){.token = call->token};
    void (*function)(void) = (void (*)(void))(uintptr_t)call->function;
    call_invoke(signature, function, call->flags, arguments, result, &event->error);
    struct outcome outcome = {.signature = signature, .result = result, .arguments = arguments};
    if (signature->result == SIDING_TYPE_TEXT) {
        outcome.text = (const char *)(uintptr_t)result[0];
        outcome.text_bytes = outcome.text == NULL ? SIDING_TEXT_NULL : strlen(outcome.text);
    }
    event->words = (uint16_t)(SIDING_EVENT_WORDS + payload_words(&outcome));
    write_payload(bridge, &outcome, event);
    return event->words;
}

#include "event.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "../base/prefetch.h"
#include "call.h"
#include "submission.h"

#define TEXT_INLINE_BYTES_MAX 8192u
#define SPIN_ROUND 4u        /* pauses between two looks */
#define ROUNDS_PER_YIELD 12u /* some 2 us: most short calls are back by then */

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

static uint32_t event_words(const struct record *record, struct outcome *out_outcome) {
    const struct signature *signature = record->signature;
    if (record->status != SIDING_OK || signature == NULL) {
        return SIDING_EVENT_WORDS;
    }
    *out_outcome = (struct outcome){
        .signature = signature,
        .result = record->words,
        .arguments = record->words + signature->result_words,
        .text = record->text,
        .text_bytes = record->text_bytes,
    };
    return SIDING_EVENT_WORDS + payload_words(out_outcome);
}

/* @return words written, or 0: there is no room for it */
static uint32_t write_event(struct bridge *bridge, const struct record *record, uint64_t *out,
                            uint32_t capacity_words) {
    struct outcome outcome;
    uint32_t words = event_words(record, &outcome);
    if (words > capacity_words) {
        return 0;
    }
    struct siding_event *event = (struct siding_event *)out;
    *event = (struct siding_event){
        .token = record->token,
        .words = (uint16_t)words,
        .status = record->status,
        .error = record->error,
    };
    if (words > SIDING_EVENT_WORDS) {
        write_payload(bridge, &outcome, event);
    }
    return event->words;
}

int32_t event_drain(struct bridge *bridge, uint64_t *out_events, uint32_t capacity_words) {
    uint32_t used = 0;
    for (;;) {
        if (bridge->undelivered == NULL) {
            bridge->undelivered = inbox_take(&bridge->completed);
        }
        if (bridge->undelivered == NULL) {
            if (inbox_sleep(&bridge->completed)) {
                return (int32_t)used;
            }
            continue;
        }
        struct record *record = (struct record *)bridge->undelivered;
        SIDING_PREFETCH(record->node.next); /* the worker wrote it last */
        uint32_t words = write_event(bridge, record, out_events + used, capacity_words - used);
        if (words == 0) {
            return (int32_t)used | SIDING_DRAIN_MORE;
        }
        used += words;
        bridge->undelivered = record->node.next;
        bridge->in_flight--;
        slab_recycle(record);
    }
}

/* Takes what has come behind what was taken before. @return how many are new */
static uint32_t take_more(struct bridge *bridge, struct node ***in_out_end) {
    uint32_t count = 0;
    **in_out_end = inbox_take(&bridge->completed);
    while (**in_out_end != NULL) {
        *in_out_end = &(**in_out_end)->next;
        count++;
    }
    return count;
}

static void await_events(struct bridge *bridge, uint32_t events_min, uint32_t spin_ns) {
    uint64_t end_ns = siding_clock_ns() + spin_ns;
    uint32_t rounds = 0;
    uint32_t count = 0;
    struct node **end = &bridge->undelivered;
    for (; *end != NULL; end = &(*end)->next) {
        count++;
    }
    for (;;) {
        count += take_more(bridge, &end);
        if (count >= events_min || siding_clock_ns() >= end_ns) {
            return;
        }
        for (uint32_t i = 0; i < SPIN_ROUND; i++) {
            siding_thread_pause();
        }
        if (++rounds % ROUNDS_PER_YIELD == 0) {
            siding_thread_yield(); /* the worker may wait for this very processor */
        }
    }
}

int32_t event_feed(struct bridge *bridge, const uint64_t *records, uint32_t words) {
    inbox_wake(&bridge->completed);
    int32_t taken = submission_take(bridge, records, words);
    /* the host that made a malformed record may never look */
    if (taken < 0 && (bridge->undelivered != NULL || !inbox_sleep(&bridge->completed))) {
        bridge_kick(bridge);
    }
    return taken;
}

int32_t event_exchange(struct bridge *bridge, const uint64_t *records, uint32_t words,
                       uint64_t *out_events, uint32_t capacity_words, uint32_t events_min,
                       uint32_t spin_ns) {
    int32_t taken = event_feed(bridge, records, words);
    if (taken < 0) {
        return taken;
    }
    await_events(bridge, events_min, spin_ns);
    return event_drain(bridge, out_events, capacity_words);
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

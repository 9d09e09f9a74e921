#include "entry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/inline.h"
#include "../platform/platform.h"
#include "ask.h"
#include "bound_pointer.h"
#include "callback.h"
#include "event.h"
#include "tail_foreign.h"

#define SCRATCH_WORDS 32u /* arguments and result of most signatures */
#define BLOCK_WORDS 2u    /* address and size of long tails, in their place */
#define ASK_WORDS 3u      /* before the arguments of a CALL */
#define NS_PER_MS UINT64_C(1000000)

/* One call by C. */
struct entry {
    struct callback *callback;
    const uint64_t *arguments;
    uint64_t *result; /* its words, to be filled */
    struct tails tails;
};

static uint64_t wait_ns(const struct callback *callback) {
    return callback->timeout_ms * NS_PER_MS;
}

uint32_t entry_head_words(const struct signature *signature, bool waits) {
    return SIDING_EVENT_WORDS + (waits ? ASK_WORDS : 0) + signature->argument_words;
}

/* ---- what C gets ----------------------------------------------------------------------------- */

static void copy_words(uint64_t *out, const uint64_t *words, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) { /* mostly one */
        out[i] = words[i];
    }
}

static void give_value(const struct entry *entry, enum callback_value value) {
    const struct callback *callback = entry->callback;
    uint32_t words = callback->signature->result_words;
    uint32_t index = callback->waits ? value : VALUE_CLOSED;
    copy_words(entry->result, callback->values + index * words, words);
}

static void give_returned(const struct entry *entry) {
    const struct callback *callback = entry->callback;
    const struct signature *signature = callback->signature;
    if (callback->returned == SIDING_RETURN_VALUE) {
        give_value(entry, VALUE_CLOSED);
    } else {
        const struct parameter *parameter = &signature->parameters[callback->returned];
        copy_words(entry->result, entry->arguments + parameter->offset, signature->result_words);
        if (signature_result_type(signature) == SIDING_TYPE_BOOL) {
            entry->result[0] = entry->result[0] != 0;
        }
    }
}

/* ---- the event ------------------------------------------------------------------------------- */

static uint32_t entry_words(const struct entry *entry) {
    return entry_head_words(entry->callback->signature, entry->callback->waits);
}

/* Finds what is to be copied. */
static enum tail_verdict measure_tails(struct entry *entry) {
    const struct callback *callback = entry->callback;
    const struct signature *signature = callback->signature;
    entry->tails.count = 0;
    entry->tails.words = 0;
    if (signature->tails_count == 0 || callback->is_flat) {
        return TAIL_FINE;
    }
    memset(entry->result, 0, signature->result_words * sizeof *entry->result); /* not yet there */
    struct frame frame = {entry->result, signature->result_words, entry->arguments};
    return tail_find_foreign(signature->tails, signature->tails_count, &frame,
                             callback->tail_bytes_max, &entry->tails);
}

/* The same, and counts what is wrong. @return false: more than may be copied */
static bool find_tails(struct entry *entry) {
    enum tail_verdict verdict = measure_tails(entry);
    if (verdict != TAIL_FINE) {
        ring_refuse(&entry->callback->ring);
    }
    return verdict != TAIL_BAD_SIZE;
}

static uint64_t *write_arguments(const struct entry *entry, uint64_t *out) {
    uint32_t words = entry->callback->signature->argument_words;
    copy_words(out, entry->arguments, words);
    return out + words;
}

/* @return words of tails that need no looking, now copied */
static uint32_t write_flat(const struct entry *entry, uint64_t *out) {
    struct callback *callback = entry->callback;
    const struct signature *signature = callback->signature;
    struct frame frame = {entry->result, signature->result_words, entry->arguments};
    uint32_t words = 0;
    if (tail_copy_flat(signature->tails, signature->tails_count, &frame, out, &words) !=
        TAIL_FINE) {
        ring_refuse(&callback->ring);
    }
    return words;
}

static void run_retain(const struct entry *entry) {
    const struct callback *callback = entry->callback;
    if (callback->retain != NULL) {
        bound_pointer_run(callback->retain, callback->signature, entry->arguments);
    }
}

/* Tails too long for a cell get memory of their own. @return false: there is none */
static bool copy_apart(const struct entry *entry, uint64_t **out_memory) {
    uint64_t words = entry->tails.words;
    *out_memory = NULL;
    if (words == 0 || entry_words(entry) + words <= entry->callback->ring.options.event_words) {
        return true;
    }
    *out_memory = words > SIZE_MAX / sizeof **out_memory ? NULL : malloc(words * sizeof(uint64_t));
    if (*out_memory != NULL) {
        tail_copy(&entry->tails, *out_memory);
    }
    return *out_memory != NULL;
}

/* The bound call comes last: what it changes was measured, and is copied, as it was before. */
static void publish(const struct entry *entry, const struct ask *ask, const uint64_t *memory,
                    uint64_t *event) {
    uint64_t *out = event + SIDING_EVENT_WORDS;
    if (ask != NULL) {
        ask_describe(ask, out);
        out += ASK_WORDS;
    }
    out = write_arguments(entry, out);
    uint32_t tail_words = (uint32_t)entry->tails.words;
    if (memory != NULL) {
        out[0] = (uint64_t)(uintptr_t)memory;
        out[1] = entry->tails.words * sizeof *memory;
        tail_words = BLOCK_WORDS;
    } else if (entry->tails.count > 0) {
        tail_copy(&entry->tails, out);
    } else if (entry->callback->is_flat) {
        tail_words = write_flat(entry, out);
    }
    run_retain(entry); /* only for what the host will see */
    ring_publish(&entry->callback->ring, event, entry_words(entry) + tail_words,
                 memory != NULL ? SIDING_EVENT_BLOCK : 0);
}

/* @return false: it was not queued, which is counted unless the callback is closed */
static bool send(const struct entry *entry, const struct ask *ask, uint64_t timeout_ns) {
    struct ring *ring = &entry->callback->ring;
    uint64_t *memory = NULL;
    uint64_t *event = NULL;
    if (copy_apart(entry, &memory)) {
        event = ring_begin(ring, timeout_ns);
    } else {
        ring_refuse(ring);
    }
    if (event == NULL && memory != NULL) { /* a thread that may not wait calls no free */
        free(memory);
    } else if (event != NULL) {
        publish(entry, ask, memory, event);
    }
    tail_free(&entry->tails);
    return event != NULL;
}

/* ---- on the bridge's own thread -------------------------------------------------------------- */

/* An open bridge's thread lives, so no other one has its number. */
static bool is_own_thread(struct bridge *bridge) {
    return atomic_load_explicit(&bridge->thread, memory_order_relaxed) == siding_thread_self() &&
           bridge_is_open(bridge);
}

/* @return words of the event in the frame; 0: there is no memory for it */
static uint32_t write_frame(const struct entry *entry, uint64_t *frame) {
    const struct callback *callback = entry->callback;
    uint64_t *out = frame + SIDING_EVENT_WORDS;
    if (callback->waits) {
        memset(out, 0, ASK_WORDS * sizeof *out); /* no ask: the frame takes the answer */
        out += ASK_WORDS;
    }
    out = write_arguments(entry, out);
    uint16_t flags = 0;
    int32_t tail_words = callback->is_flat ? (int32_t)write_flat(entry, out)
                                           : event_write_tails(callback_bridge(callback),
                                                               &entry->tails, out, &flags);
    if (tail_words < 0) {
        return 0;
    }
    uint32_t words = entry_words(entry) + (uint32_t)tail_words;
    *(struct siding_event *)frame = (struct siding_event){
        .token = callback->ring.options.token,
        .words = (uint16_t)words,
        .flags = SIDING_EVENT_MORE | flags,
    };
    return words;
}

/* What the dispatcher has left in the frame, where it is read; the event itself is no answer. */
static void read_answer(struct entry *entry, uint64_t *frame) {
    const struct siding_answer *answer = (const struct siding_answer *)frame;
    uint32_t words = entry->callback->signature->result_words;
    if (answer->status == SIDING_OK && answer->words == SIDING_ANSWER_WORDS + words) {
        entry->result = frame + SIDING_ANSWER_WORDS;
    } else {
        give_value(entry, VALUE_THROW);
    }
}

/* The handler may close callback and bridge; what it has answered still counts, unless its frame is
   the host's again. */
static void run_dispatcher(struct entry *entry) {
    struct callback *callback = entry->callback;
    struct bridge *bridge = callback_bridge(callback);
    uint64_t *frame = bridge->frame;
    uint32_t words = write_frame(entry, frame);
    tail_free(&entry->tails);
    if (words == 0) {
        ring_refuse(&callback->ring);
        give_value(entry, VALUE_THROW);
        return;
    }
    callback->ring.delivered++; /* on its js thread, too */
    bridge->dispatcher();
    if (callback->waits && bridge_is_open(bridge)) {
        read_answer(entry, frame);
    } else if (callback->waits) {
        give_value(entry, VALUE_CLOSED);
    }
}

/* The bound call may call back itself, which uses the frame; it may close all that it finds, and
   change what was measured. */
static void run_inline(struct entry *entry) {
    bool fits = true;
    if (entry->callback->retain != NULL) {
        run_retain(entry);
        fits = measure_tails(entry) != TAIL_BAD_SIZE;
    }
    if (ring_is_closed(&entry->callback->ring)) {
        tail_free(&entry->tails);
        give_value(entry, VALUE_CLOSED);
    } else if (!fits) {
        ring_refuse(&entry->callback->ring);
        give_value(entry, VALUE_THROW);
    } else {
        run_dispatcher(entry);
    }
}

/* @return whether it was served there */
static bool enter_own(struct entry *entry) {
    struct callback *callback = entry->callback;
    if (!is_own_thread(callback_bridge(callback))) {
        return false;
    }
    if (callback_bridge(callback)->dispatcher != NULL) {
        run_inline(entry);
    } else if (callback->waits) {
        tail_free(&entry->tails);
        ring_refuse(&callback->ring);
        give_value(entry, VALUE_THROW);
    } else {
        (void)send(entry, NULL, 0);
    }
    return true;
}

/* ---- on other threads ------------------------------------------------------------------------ */

static void give_outcome(const struct entry *entry, enum ask_outcome outcome) {
    static const enum callback_value values[] = {
        [ASK_THROWN] = VALUE_THROW,
        [ASK_TIMEOUT] = VALUE_TIMEOUT,
        [ASK_CLOSED] = VALUE_CLOSED,
    };
    if (outcome != ASK_ANSWERED) { /* else the words are there */
        give_value(entry, values[outcome]);
    }
}

static void wait_for_answer(const struct entry *entry) {
    struct callback *callback = entry->callback;
    uint64_t end_ns = siding_clock_ns() + wait_ns(callback);
    struct ask *ask = ask_open(callback_bridge(callback), callback->handle, entry->result,
                               callback->signature->result_words);
    if (ask == NULL) {
        ring_refuse(&callback->ring);
        tail_free(&entry->tails);
        give_value(entry, VALUE_THROW);
        return;
    }
    if (!send(entry, ask, wait_ns(callback))) {
        ask_cancel(ask);
        give_value(entry, ring_is_closed(&callback->ring) ? VALUE_CLOSED : VALUE_TIMEOUT);
        return;
    }
    uint64_t now_ns = siding_clock_ns();
    give_outcome(entry, ask_wait(ask, now_ns < end_ns ? end_ns - now_ns : 0));
}

static void ask_host(struct entry *entry, bool fits) {
    if (!fits) {
        give_value(entry, VALUE_THROW);
    } else if (!enter_own(entry)) {
        wait_for_answer(entry);
    }
}

static void tell_host(struct entry *entry, bool fits) {
    if (fits && !enter_own(entry)) {
        (void)send(entry, NULL, wait_ns(entry->callback));
    }
}

/* ---- being called ---------------------------------------------------------------------------- */

/* @param memory of the arguments, then of the result */
static void serve(struct callback *callback, void **values, void *result, uint64_t *memory) {
    const struct signature *signature = callback->signature;
    struct entry entry; /* not its tails: there is a kilobyte of them, mostly unused */
    entry.callback = callback;
    entry.arguments = memory;
    entry.result = memory + signature->argument_words;
    closure_read(signature, values, memory);
    bool fits = find_tails(&entry);
    if (callback->waits) {
        ask_host(&entry, fits);
    } else {
        tell_host(&entry, fits);
        give_returned(&entry); /* whatever became of it */
    }
    closure_write(signature, entry.result, result);
}

SIDING_NOINLINE
static void serve_large(struct callback *callback, void **values, void *result) {
    uint64_t memory[2 * SIGNATURE_WORDS_MAX];
    serve(callback, values, result, memory);
}

void entry_serve(struct target *target, void **values, void *result) {
    struct callback *callback = (struct callback *)target;
    const struct signature *signature = callback->signature;
    uint64_t errors = siding_errors_save(); /* C knows of nothing that happens in here */
    if ((uint32_t)signature->argument_words + signature->result_words > SCRATCH_WORDS) {
        serve_large(callback, values, result);
    } else {
        uint64_t memory[SCRATCH_WORDS];
        serve(callback, values, result, memory);
    }
    siding_errors_restore(errors);
}

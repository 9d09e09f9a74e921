#include "callback.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "../base/inline.h"
#include "ask.h"
#include "bound_pointer.h"
#include "closure.h"
#include "event.h"
#include "ring.h"
#include "submission.h"
#include "type.h"

#define SCRATCH_WORDS 32u /* arguments and result of most signatures */
#define TAIL_WORDS 16u    /* room of a tail in a cell of a ring that may block */
#define BLOCK_WORDS 2u    /* address and size of long tails, in their place */
#define ASK_WORDS 3u      /* before the arguments of a CALL */
#define NS_PER_MS UINT64_C(1000000)

/* Which of the values of a callback C gets. */
enum value { VALUE_CLOSED, VALUE_TIMEOUT, VALUE_THROW, VALUES };

/* Immutable while C may call it, but for the ring and the counts. */
struct callback {
    struct target target;  /* first */
    struct bridge *bridge; /* retained */
    const struct signature *signature;
    struct bound *retain;  /* held, or NULL */
    struct record *record; /* RUNNING: claims the token until the end is told; owner: js */
    uint64_t handle;
    uint64_t timeout_ns;
    uint64_t tail_bytes_max;
    uint32_t event_words; /* of a cell */
    uint32_t returned;    /* parameter, or SIDING_RETURN_VALUE */
    bool waits;           /* mode CALL */
    struct ring ring;
    uint64_t inline_events; /* owner: js */
    uint64_t late;          /* answers; owner: js */
    uint64_t values[];      /* of a POST one, of a CALL three: enum value */
};

/* One call by C. */
struct entry {
    struct callback *callback;
    const uint64_t *arguments;
    uint64_t *result; /* its words, to be filled */
    struct tails tails;
};

static _Atomic(uint32_t) open_count; /* atomic: relaxed, a statistic */

/* ---- lifetime -------------------------------------------------------------------------------- */

static struct callback *callback_of(struct ring *ring) {
    return (struct callback *)((char *)ring - offsetof(struct callback, ring));
}

static void release(struct target *target) {
    struct callback *callback = (struct callback *)target;
    if (!held_release(&target->held)) {
        return;
    }
    ring_deinit(&callback->ring);
    bound_release(callback->retain);
    bridge_let_go(callback->bridge);
    free(callback);
}

static void retain_ring(struct ring *ring) {
    held_retain(&callback_of(ring)->target.held);
}

static void release_ring(struct ring *ring) {
    release(&callback_of(ring)->target);
}

/* The door is closed. */
static void close_callback(struct target *target) {
    struct callback *callback = (struct callback *)target;
    struct record *record = callback->record;
    ring_close(&callback->ring);
    ask_close_all(callback->bridge, callback->handle);
    atomic_fetch_sub_explicit(&open_count, 1, memory_order_relaxed);
    record_move(record, RECORD_RUNNING, RECORD_DONE);
    bridge_deliver(callback->bridge, &record->node);
}

/* ---- what C gets ----------------------------------------------------------------------------- */

static void copy_words(uint64_t *out, const uint64_t *words, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) { /* mostly one */
        out[i] = words[i];
    }
}

static void give_value(const struct entry *entry, enum value value) {
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

static uint32_t head_words(const struct callback *callback) {
    return SIDING_EVENT_WORDS + (callback->waits ? ASK_WORDS : 0) +
           callback->signature->argument_words;
}

/* Finds what is to be copied. @return false: more than may be */
static bool find_tails(struct entry *entry) {
    struct callback *callback = entry->callback;
    const struct signature *signature = callback->signature;
    entry->tails.count = 0;
    entry->tails.words = 0;
    if (signature->tails_count == 0) {
        return true;
    }
    memset(entry->result, 0, signature->result_words * sizeof *entry->result); /* not yet there */
    struct frame frame = {entry->result, signature->result_words, entry->arguments};
    enum tail_verdict verdict = tail_find_within(signature->tails, signature->tails_count, &frame,
                                                 callback->tail_bytes_max, &entry->tails);
    if (verdict != TAIL_FINE) {
        ring_refuse(&callback->ring);
    }
    return verdict != TAIL_BAD_SIZE;
}

static uint64_t *write_arguments(const struct entry *entry, uint64_t *out) {
    uint32_t words = entry->callback->signature->argument_words;
    copy_words(out, entry->arguments, words);
    return out + words;
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
    if (head_words(entry->callback) + words <= entry->callback->event_words) {
        return true;
    }
    *out_memory = words > SIZE_MAX / sizeof **out_memory ? NULL : malloc(words * sizeof(uint64_t));
    if (*out_memory != NULL) {
        tail_copy(&entry->tails, *out_memory);
    }
    return *out_memory != NULL;
}

static void publish(const struct entry *entry, const struct ask *ask, uint64_t *memory,
                    uint64_t *event) {
    uint64_t *out = event + SIDING_EVENT_WORDS;
    if (ask != NULL) {
        ask_describe(ask, out);
        out += ASK_WORDS;
    }
    out = write_arguments(entry, out);
    if (memory != NULL) {
        out[0] = (uint64_t)(uintptr_t)memory;
        out[1] = entry->tails.words * sizeof *memory;
    } else if (entry->tails.count > 0) {
        tail_copy(&entry->tails, out);
    }
    uint32_t tail_words = memory != NULL ? BLOCK_WORDS : (uint32_t)entry->tails.words;
    ring_publish(&entry->callback->ring, event, head_words(entry->callback) + tail_words,
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
        run_retain(entry); /* only for what the host will see */
        publish(entry, ask, memory, event);
    }
    tail_free(&entry->tails);
    return event != NULL;
}

/* ---- on the bridge's own thread -------------------------------------------------------------- */

static bool is_own_thread(const struct bridge *bridge) {
    const struct bridge *own = siding_thread_exit_argument();
    while (own != NULL && own != bridge) {
        own = own->thread_next;
    }
    return own == bridge;
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
    int32_t tail_words = event_write_tails(callback->bridge, &entry->tails, out, &flags);
    if (tail_words < 0) {
        return 0;
    }
    uint32_t words = head_words(callback) + (uint32_t)tail_words;
    *(struct siding_event *)frame = (struct siding_event){
        .token = callback->ring.options.token,
        .words = (uint16_t)words,
        .flags = SIDING_EVENT_MORE | flags,
    };
    return words;
}

/* What the dispatcher has left in the frame; the event itself is no answer. */
static void read_answer(const struct entry *entry, const uint64_t *frame) {
    const struct siding_answer *answer = (const struct siding_answer *)frame;
    uint32_t words = entry->callback->signature->result_words;
    if (answer->status == SIDING_OK && answer->words == SIDING_ANSWER_WORDS + words) {
        copy_words(entry->result, frame + SIDING_ANSWER_WORDS, words);
    } else {
        give_value(entry, VALUE_THROW);
    }
}

/* The handler may close callback and bridge; what it has answered still counts, unless its frame is
   the host's again. */
static void run_inline(const struct entry *entry) {
    struct callback *callback = entry->callback;
    struct bridge *bridge = callback->bridge;
    uint64_t *frame = bridge->frame;
    run_retain(entry); /* it may call back itself, and use the frame */
    uint32_t words = write_frame(entry, frame);
    tail_free(&entry->tails);
    if (words == 0) {
        ring_refuse(&callback->ring);
        give_value(entry, VALUE_THROW);
        return;
    }
    callback->inline_events++;
    bridge->dispatcher();
    if (callback->waits && bridge_is_open(bridge)) {
        read_answer(entry, frame);
    } else if (callback->waits) {
        give_value(entry, VALUE_CLOSED);
    }
}

/* @return whether it was served there */
static bool enter_own(const struct entry *entry) {
    struct callback *callback = entry->callback;
    if (!is_own_thread(callback->bridge)) {
        return false;
    }
    if (callback->bridge->dispatcher != NULL) {
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
    static const enum value values[] = {
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
    uint64_t end_ns = siding_clock_ns() + callback->timeout_ns;
    struct ask *ask = ask_open(callback->bridge, callback->handle, entry->result,
                               callback->signature->result_words);
    if (ask == NULL) {
        ring_refuse(&callback->ring);
        tail_free(&entry->tails);
        give_value(entry, VALUE_THROW);
        return;
    }
    if (!send(entry, ask, callback->timeout_ns)) {
        ask_cancel(ask);
        give_value(entry, ring_is_closed(&callback->ring) ? VALUE_CLOSED : VALUE_TIMEOUT);
        return;
    }
    uint64_t now_ns = siding_clock_ns();
    give_outcome(entry, ask_wait(ask, now_ns < end_ns ? end_ns - now_ns : 0));
}

static void ask_host(const struct entry *entry, bool fits) {
    if (!fits) {
        give_value(entry, VALUE_THROW);
    } else if (!enter_own(entry)) {
        wait_for_answer(entry);
    }
}

static void tell_host(const struct entry *entry, bool fits) {
    if (fits && !enter_own(entry)) {
        (void)send(entry, NULL, entry->callback->timeout_ns);
    }
}

/* ---- being called ---------------------------------------------------------------------------- */

/* @param memory of the arguments, then of the result */
static void serve(struct callback *callback, void **values, void *result, uint64_t *memory) {
    const struct signature *signature = callback->signature;
    struct entry entry = {
        .callback = callback,
        .arguments = memory,
        .result = memory + signature->argument_words,
    };
    closure_read(signature, values, memory);
    bool fits = find_tails(&entry);
    if (callback->waits) {
        ask_host(&entry, fits);
    } else {
        give_returned(&entry);
        tell_host(&entry, fits);
    }
    closure_write(signature, entry.result, result);
}

SIDING_NOINLINE
static void serve_large(struct callback *callback, void **values, void *result) {
    uint64_t memory[2 * SIGNATURE_WORDS_MAX];
    serve(callback, values, result, memory);
}

static void enter(struct target *target, void **values, void *result) {
    struct callback *callback = (struct callback *)target;
    const struct signature *signature = callback->signature;
    int32_t error = siding_error_get(); /* C knows of nothing that happens in here */
    if ((uint32_t)signature->argument_words + signature->result_words > SCRATCH_WORDS) {
        serve_large(callback, values, result);
    } else {
        uint64_t memory[SCRATCH_WORDS];
        serve(callback, values, result, memory);
    }
    siding_error_set(error);
}

static const struct closure_kind callback_kind = {enter, close_callback, release};

/* ---- opening --------------------------------------------------------------------------------- */

static bool is_returnable(const struct signature *signature, uint32_t returned) {
    return returned == SIDING_RETURN_VALUE ||
           (returned < signature->parameters_count &&
            type_converts(type_of_parameter(signature, returned), type_of_result(signature)));
}

static bool is_valid(const struct siding_callback_options *options,
                     const struct signature *signature, uint32_t values_words) {
    bool waits = options->mode == SIDING_CALLBACK_CALL;
    uint32_t capacity = options->capacity;
    bool has_capacity =
        options->overflow == SIDING_OVERFLOW_LATEST ||
        (capacity >= 2 && capacity <= SIDING_CAPACITY_MAX && (capacity & (capacity - 1)) == 0);
    bool has_overflow = waits ? options->overflow == SIDING_OVERFLOW_BLOCK
                              : options->overflow <= SIDING_OVERFLOW_LATEST;
    return signature != NULL && closure_suits(signature) && options->mode <= SIDING_CALLBACK_CALL &&
           has_capacity && has_overflow && options->timeout_ms > 0 &&
           (options->flags & ~SIDING_CALLBACK_PULLED) == 0 &&
           values_words == signature->result_words * (waits ? VALUES : 1u) &&
           (waits ? options->returned == SIDING_RETURN_VALUE
                  : is_returnable(signature, options->returned));
}

/* What a cell must hold. A list's texts count with the words that their sizes take. */
static uint64_t cell_words(const struct callback *callback,
                           const struct siding_callback_options *options) {
    uint32_t tails = callback->signature->tails_count;
    uint64_t words = tails == 0 ? 0 : 2u * tails + options->copy_bytes_max / 8u;
    uint32_t room = tails * TAIL_WORDS;
    bool may_block = options->overflow == SIDING_OVERFLOW_BLOCK;
    uint64_t tail_words = may_block && words > room ? room : words;
    return head_words(callback) + tail_words;
}

static struct callback *make(struct bridge *bridge, const struct signature *signature,
                             const struct siding_callback_options *options, const uint64_t *values,
                             uint32_t values_words) {
    struct callback *callback = calloc(1, sizeof *callback + values_words * sizeof *values);
    if (callback == NULL) {
        return NULL;
    }
    atomic_init(&callback->target.held.holders, 1);
    callback->target.kind = &callback_kind;
    callback->bridge = bridge;
    callback->signature = signature;
    callback->timeout_ns = options->timeout_ms * NS_PER_MS;
    callback->tail_bytes_max = options->copy_bytes_max;
    callback->returned = options->returned;
    callback->waits = options->mode == SIDING_CALLBACK_CALL;
    copy_words(callback->values, values, values_words);
    bridge_retain(bridge);
    return callback;
}

/* @return SIDING_ESTALE, SIDING_EINVALID */
static int32_t set_retain(struct callback *callback, uint64_t handle) {
    if (handle == 0) {
        return SIDING_OK;
    }
    callback->retain = bound_find(handle);
    if (callback->retain == NULL) {
        return SIDING_ESTALE;
    }
    return bound_pointer_fits(callback->retain, callback->signature) ? SIDING_OK : SIDING_EINVALID;
}

static int32_t set_ring(struct callback *callback, const struct siding_callback_options *options) {
    uint64_t event_words = cell_words(callback, options);
    struct ring_options ring = {
        .bridge = callback->bridge,
        .token = options->token,
        .overflow = options->overflow,
        .capacity = options->capacity,
        .event_words = (uint32_t)event_words,
        .is_pulled = (options->flags & SIDING_CALLBACK_PULLED) != 0,
        .retain = retain_ring,
        .release = release_ring,
    };
    callback->event_words = (uint32_t)event_words;
    return event_words > SIDING_EVENT_WORDS_MAX ? SIDING_EINVALID
                                                : ring_init(&callback->ring, &ring);
}

/* Takes the token, then the pointer; gives back the token if there is none. */
static int32_t publish_pointer(struct callback *callback, uint32_t token, uint64_t *out_closure,
                               uint64_t *out_pointer) {
    struct bridge *bridge = callback->bridge;
    int32_t status = submission_claim(bridge, token, &callback->record);
    if (status != SIDING_OK) {
        return status;
    }
    callback->record->signature = NULL;
    callback->record->flags = 0;
    status = closure_open(bridge, callback->signature, &callback->target, callback->values,
                          &callback->handle, out_pointer);
    if (status != SIDING_OK) {
        submission_unclaim(bridge, callback->record);
        return status;
    }
    record_move(callback->record, RECORD_QUEUED, RECORD_RUNNING);
    atomic_fetch_add_explicit(&open_count, 1, memory_order_relaxed);
    *out_closure = callback->handle;
    return SIDING_OK;
}

int32_t callback_open(struct bridge *bridge, const struct siding_callback_options *options,
                      const uint64_t *values, uint32_t values_words, uint64_t *out_closure,
                      uint64_t *out_pointer) {
    const struct signature *signature = signature_find(options->signature);
    if (!is_valid(options, signature, values_words)) {
        return SIDING_EINVALID;
    }
    struct callback *callback = make(bridge, signature, options, values, values_words);
    if (callback == NULL) {
        return SIDING_ENOMEM;
    }
    int32_t status = set_retain(callback, options->retain);
    if (status == SIDING_OK) {
        status = set_ring(callback, options);
    }
    if (status == SIDING_OK) {
        status = publish_pointer(callback, options->token, out_closure, out_pointer);
    }
    if (status != SIDING_OK) {
        release(&callback->target);
    }
    return status;
}

/* ---- by handle ------------------------------------------------------------------------------- */

int32_t callback_pull(const struct bridge *bridge, uint64_t closure, uint32_t count) {
    struct target *target = closure_find(bridge, closure, &callback_kind);
    if (target == NULL) {
        return SIDING_ESTALE;
    }
    struct ring *ring = &((struct callback *)target)->ring;
    bool is_pulled = ring->options.is_pulled;
    if (is_pulled) {
        ring_pull(ring, count);
    }
    release(target);
    return is_pulled ? SIDING_OK : SIDING_EINVALID;
}

static void count_late(uint64_t owner) {
    struct target *target = closure_find(NULL, owner, &callback_kind);
    if (target != NULL) {
        ((struct callback *)target)->late++;
        release(target);
    }
}

int32_t callback_answer(struct bridge *bridge, const uint64_t *answers, uint32_t words) {
    return ask_answer(bridge, answers, words, count_late);
}

int32_t callback_stats(const struct bridge *bridge, uint64_t closure,
                       struct siding_callback_stats *out_stats) {
    struct target *target = closure_find(bridge, closure, &callback_kind);
    if (target == NULL) {
        return SIDING_ESTALE;
    }
    struct callback *callback = (struct callback *)target;
    struct ring_counts counts;
    ring_count(&callback->ring, &counts);
    *out_stats = (struct siding_callback_stats){
        .size_bytes = sizeof *out_stats,
        .waiting = counts.waiting,
        .events = counts.events + callback->inline_events,
        .dropped = counts.dropped,
        .refused = counts.refused,
        .late = callback->late,
    };
    release(target);
    return SIDING_OK;
}

uint32_t callback_count(void) {
    return atomic_load_explicit(&open_count, memory_order_relaxed);
}

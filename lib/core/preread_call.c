#include "preread_call.h"

#include <stdlib.h>

#include "../platform/poller.h"
#include "bound.h"
#include "call.h"
#include "event.h"
#include "memory.h"
#include "outcome.h"
#include "page.h"
#include "task.h"

/* A call that leaves its descriptor readable and gives nothing is not run for ever. */
#define FRUITLESS_MAX 16u

/* What has come of a run. */
enum verdict { VERDICT_EMIT, VERDICT_NOTHING, VERDICT_NOT_YET, VERDICT_UNTIL };

static uint32_t words_of(const struct signature *signature) {
    return (uint32_t)signature->result_words + signature->argument_words;
}

/* ---- the host's side ------------------------------------------------------------------------- */

static bool is_test(uint32_t test, const struct signature *signature) {
    return test == SIDING_TEST_NONE ||
           (test <= SIDING_TEST_DIFFERENT && outcome_is_testable(signature));
}

static int32_t check(const struct bound *bound, const struct source *source,
                     const struct siding_source_options *options) {
    if (bound == NULL || bound->bridge != source->bridge) {
        return SIDING_ESTALE;
    }
    const struct signature *signature = bound->signature;
    bool fits = bound->holes_count == 0 && signature->chain == NULL &&
                is_test(options->emit_test, signature) && is_test(options->until_test, signature);
    return fits ? SIDING_OK : SIDING_EINVALID;
}

static uint64_t memory_bytes(const struct bound *bound) {
    return sizeof(struct preread_call) + words_of(bound->signature) * sizeof(uint64_t);
}

int32_t preread_call_create(const struct source *source,
                            const struct siding_source_options *options,
                            struct preread_call **out_call) {
    struct bound *bound = bound_find(options->bound);
    int32_t status = check(bound, source, options);
    struct preread_call *call = status == SIDING_OK ? malloc(memory_bytes(bound)) : NULL;
    if (call == NULL) {
        bound_release(bound);
        return status == SIDING_OK ? SIDING_ENOMEM : status;
    }
    memory_count((int64_t)memory_bytes(bound));
    *call = (struct preread_call){
        .bound = bound,
        .emit_expected = options->emit_expected,
        .until_expected = options->until_expected,
        .emit_test = options->emit_test,
        .until_test = options->until_test,
    };
    *out_call = call;
    return SIDING_OK;
}

void preread_call_destroy(struct preread_call *call) {
    if (call != NULL) {
        memory_count(-(int64_t)memory_bytes(call->bound));
        bound_release(call->bound);
        free(call);
    }
}

/* ---- the poller's side ----------------------------------------------------------------------- */

static bool passes(const struct preread_call *call, uint32_t test, uint64_t expected) {
    return outcome_passes(call->bound->signature, test, call->words[0], expected);
}

/* errno may be left over from inside a call that went well: what emit_test selects is a result. */
static enum verdict judge(const struct preread_call *call, bool is_not_yet) {
    bool emits = passes(call, call->emit_test, call->emit_expected);
    if (is_not_yet && (!emits || call->emit_test == SIDING_TEST_NONE)) {
        return VERDICT_NOT_YET;
    }
    if (call->until_test != SIDING_TEST_NONE &&
        passes(call, call->until_test, call->until_expected)) {
        return VERDICT_UNTIL;
    }
    return emits ? VERDICT_EMIT : VERDICT_NOTHING;
}

/* Result and cells before a block with the tails. */
static struct page *make_long(const struct signature *signature, const struct frame *frame,
                              const struct tails *tails, uint32_t lead_words) {
    static const struct tails none = {.count = 0};
    struct page *page = page_create(tails->words * sizeof(uint64_t), lead_words);
    if (page != NULL) {
        event_write_payload(signature, frame, &none, page->lead);
        tail_copy(tails, page->words);
        page->lead_words = lead_words;
        page->is_block = true;
    }
    return page;
}

static struct page *make_page(const struct signature *signature, const struct frame *frame) {
    struct tails tails;
    uint64_t words = event_measure_payload(signature, frame, &tails);
    struct page *page;
    if (tails.words > EVENT_TAILS_WORDS_MAX) {
        page = make_long(signature, frame, &tails, (uint32_t)(words - tails.words));
    } else {
        page = page_create(words * sizeof(uint64_t), 0);
        if (page != NULL) {
            event_write_payload(signature, frame, &tails, page->words);
        }
    }
    if (page != NULL) {
        page->size_bytes = page->capacity_bytes;
    }
    tail_free(&tails);
    return page;
}

static enum preread_step emit(struct source *source, int32_t error) {
    const struct preread_call *call = preread_of(source)->call;
    const struct signature *signature = call->bound->signature;
    struct frame frame = {call->words, signature->result_words,
                          call->words + signature->result_words};
    struct page *page = make_page(signature, &frame);
    if (page == NULL) {
        source_end(source, SIDING_ENOMEM, 0);
        return PREREAD_ENDED;
    }
    page->error = (call->bound->flags & CALL_ERRORS) != 0 ? error : 0;
    preread_tell(page, source);
    return PREREAD_ON;
}

static enum verdict run(struct preread_call *call, int32_t *out_error) {
    const struct bound *bound = call->bound;
    uint64_t *arguments = call->words + bound->signature->result_words;
    bound_fill(bound, arguments);
    *out_error = 0;
    call_invoke(bound->signature, bound->function, bound->flags, arguments, call->words, out_error);
    return judge(call, siding_io_is_not_yet(*out_error));
}

static bool is_ready(struct source *source) {
    return task_take_told(source) || siding_poller_look(source->object, SIDING_READY_READ) != 0;
}

enum preread_step preread_call_step(struct source *source) {
    struct preread_call *call = preread_of(source)->call;
    int32_t error;
    /* first: a look may take a signal, which is this run's then */
    if (call->fruitless == FRUITLESS_MAX) {
        call->fruitless = 0;
        return PREREAD_LATER;
    }
    if (!is_ready(source)) {
        call->fruitless = 0;
        return PREREAD_WAIT;
    }
    call->fruitless++;
    enum verdict verdict = run(call, &error);
    if (verdict == VERDICT_EMIT) {
        call->fruitless = 0;
        return emit(source, error);
    }
    bound_drop_result(call->bound->signature, call->words);
    if (verdict == VERDICT_UNTIL) {
        source_end(source, SIDING_EENDED, 0);
        return PREREAD_ENDED;
    }
    if (verdict == VERDICT_NOT_YET) {
        call->fruitless = 0;
        return PREREAD_WAIT;
    }
    return PREREAD_ON;
}

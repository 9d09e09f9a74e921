#include "callbacks.h"

#include <stdlib.h>
#include <string.h>

#include "../../../lib/include/siding.h"
#include "calls.h"
#include "handles.h"

#define POINTERS 16u
#define TOKENS 24u
#define TIMEOUT_MS 3u
#define WORDS_MAX 40u

/* uint64_t (*)(const void *, int64_t), whose tails differ. */
enum copying { COPY_NOTHING, COPY_TEXT, COPY_TEXT16, COPY_BYTES, COPY_LIST, COPYINGS };

typedef uint64_t callable(const void *, int64_t);

static uint32_t signatures[COPYINGS];

/* Function pointers that may be called, until they are forgotten. */
static struct {
    uint64_t bridge;
    uint64_t closure;
    callable *function;
} pointers[POINTERS];
static uint32_t pointers_count;

static void sink(int64_t value) {
    static volatile int64_t last;
    last = value;
    (void)last;
}

void callbacks_init(void) {
    static const uint8_t kinds[COPYINGS] = {0, SIDING_TAIL_TEXT, SIDING_TAIL_TEXT16,
                                            SIDING_TAIL_BYTES, SIDING_TAIL_LIST};
    for (uint32_t i = 0; i < COPYINGS; i++) {
        uint8_t bytes[] = {SIDING_NOT_VARIADIC,
                           SIDING_TYPE_U64,
                           SIDING_TYPE_POINTER,
                           SIDING_TYPE_I64,
                           SIDING_TYPE_TAILS,
                           kinds[i],
                           0,
                           8,
                           0,
                           1,
                           SIDING_TYPE_I64,
                           0,
                           16,
                           0,
                           0};
        uint32_t size = i == COPY_NOTHING ? 4 : sizeof bytes;
        if (i != COPY_NOTHING && i != COPY_BYTES) { /* no factors */
            bytes[9] = 0;
            size = 10;
        }
        int32_t number = siding_signature_prepare(bytes, size);
        if (number <= 0) {
            abort();
        }
        signatures[i] = (uint32_t)number;
    }
}

static void keep(uint64_t bridge, uint64_t closure, uint64_t pointer, bool is_callable) {
    handles_keep(KIND_CLOSURE, closure);
    if (is_callable) {
        uint32_t place = pointers_count++ % POINTERS;
        pointers[place].bridge = bridge;
        pointers[place].closure = closure;
        pointers[place].function = (callable *)(uintptr_t)pointer;
    }
}

/* Its address may be another's now. */
static void drop(uint64_t closure) {
    for (uint32_t i = 0; i < POINTERS; i++) {
        if (pointers[i].closure == closure) {
            pointers[i].function = NULL;
        }
    }
}

static uint32_t take_signature(struct bytes *bytes, bool *out_is_callable) {
    *out_is_callable = take_below(bytes, 4) != 0;
    return *out_is_callable ? signatures[take_below(bytes, COPYINGS)] : calls_signature(bytes);
}

#define OR_NULL(pointer) (take_rarely(bytes) ? NULL : (pointer))

void fuzz_bound_pointer(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t bound = handles_pick(bytes, KIND_BOUND);
    bool is_callable = false;
    uint32_t signature = take_signature(bytes, &is_callable);
    uint64_t closure = 0;
    uint64_t pointer = 0;
    if (siding_bound_pointer(bridge, bound, signature, OR_NULL(&closure), OR_NULL(&pointer)) ==
        SIDING_OK) {
        keep(bridge, closure, pointer, is_callable);
    }
}

/* ---- inline ---------------------------------------------------------------------------------- */

static uint64_t frame[SIDING_EVENT_WORDS_MAX];
static uint32_t dispatched;

/* Answers rightly, wrongly, not at all; closes something; calls something. */
static void dispatch(void) {
    uint32_t choice = dispatched++;
    struct siding_answer *answer = (struct siding_answer *)frame;
    uint32_t place = choice % POINTERS;
    if (choice % 7 == 0) {
        sink(siding_closure_close(pointers[place].bridge, pointers[place].closure));
    }
    if (choice % 5 == 0 && choice % 16 < 8 && pointers[place].function != NULL) {
        sink((int64_t)pointers[place].function("nested", 3));
    }
    if (choice % 3 != 0) {
        *answer = (struct siding_answer){
            .ask = choice,
            .status = choice % 4 == 0 ? SIDING_EINVALID : SIDING_OK,
            .words = SIDING_ANSWER_WORDS + (choice % 8 != 0),
        };
    }
}

void fuzz_bridge_inline(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t dispatcher = take_below(bytes, 8) == 0 ? 0 : (uint64_t)(uintptr_t)dispatch;
    uint32_t words =
        take_rarely(bytes) ? take_below(bytes, SIDING_EVENT_WORDS_MAX) : SIDING_EVENT_WORDS_MAX;
    char *start = (char *)frame + (take_rarely(bytes) ? 1 + take_below(bytes, 7) : 0);
    sink(siding_bridge_inline(bridge, dispatcher, OR_NULL(start), words));
}

/* ---- callbacks ------------------------------------------------------------------------------- */

static struct siding_callback_options take_options(struct bytes *bytes, bool *out_is_callable) {
    struct siding_callback_options options = {
        .size_bytes = sizeof options,
        .mode = take_below(bytes, take_rarely(bytes) ? 9 : 2),
        .token = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, TOKENS),
        .capacity = 2u << take_below(bytes, 5),
        .overflow = take_below(bytes, take_rarely(bytes) ? 300 : 4),
        .copy_bytes_max = take_below(bytes, 2) == 0 ? take_below(bytes, 300) : 40000,
        .timeout_ms = 1 + take_below(bytes, TIMEOUT_MS),
        .returned = SIDING_RETURN_VALUE,
        .flags = take_below(bytes, 4) == 0 ? SIDING_CALLBACK_PULLED : 0,
    };
    options.signature = take_signature(bytes, out_is_callable);
    if (options.mode == SIDING_CALLBACK_CALL && !take_rarely(bytes)) {
        options.overflow = SIDING_OVERFLOW_BLOCK;
    }
    if (take_below(bytes, 8) == 0) {
        options.returned = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 3);
        options.retain = handles_pick(bytes, KIND_BOUND);
    }
    if (take_rarely(bytes)) {
        options.size_bytes = (uint32_t)take_number(bytes);
        options.capacity = (uint32_t)take_number(bytes) % 5000; /* others are refused or large */
        options.flags = (uint32_t)take_number(bytes);
        options.timeout_ms = take_below(bytes, 2);
    }
    return options;
}

/* Words as long as they are said to be. */
static uint64_t *take_words(struct bytes *bytes, uint32_t count) {
    uint64_t *words = malloc(count * sizeof *words + (count == 0));
    for (uint32_t i = 0; i < count; i++) {
        words[i] = i < 4 ? take_number(bytes) : i;
    }
    return words;
}

void fuzz_callback_open(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    bool is_callable = false;
    struct siding_callback_options options = take_options(bytes, &is_callable);
    uint32_t expected = options.mode == SIDING_CALLBACK_CALL ? 3 : 1;
    uint32_t count = take_rarely(bytes) ? take_below(bytes, WORDS_MAX) : expected;
    uint64_t *values = take_words(bytes, count);
    uint64_t closure = 0;
    uint64_t pointer = 0;
    if (siding_callback_open(bridge, OR_NULL(&options), OR_NULL(values), count, OR_NULL(&closure),
                             OR_NULL(&pointer)) == SIDING_OK) {
        keep(bridge, closure, pointer, is_callable);
    }
    free(values);
}

void fuzz_callback_pull(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t closure = handles_pick(bytes, KIND_CLOSURE);
    uint32_t count = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 20);
    sink(siding_callback_pull(bridge, closure, count));
}

/* Asks that came with events are kept by nobody: their handles are guessed, which may succeed. */
void fuzz_callback_answer(struct bytes *bytes) {
    static const uint64_t ask_kind = 8;
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t words[WORDS_MAX] = {0};
    uint32_t count = 0;
    for (uint32_t i = take_below(bytes, 4); i > 0 && count + 8 < WORDS_MAX; i--) {
        uint32_t size = SIDING_ANSWER_WORDS + take_below(bytes, 4);
        uint64_t guess = (uint64_t)take(bytes, 2) << 20 | ask_kind << 16 | take_below(bytes, 8);
        *(struct siding_answer *)(words + count) = (struct siding_answer){
            .ask = take_below(bytes, 4) == 0 ? take_number(bytes) : guess,
            .status = take_below(bytes, 4) == 0 ? (int32_t)take_number(bytes) : SIDING_OK,
            .words = take_rarely(bytes) ? (uint32_t)take_number(bytes) : size,
        };
        count += size;
    }
    count -= take_rarely(bytes) ? take_below(bytes, count + 1) : 0;
    uint64_t *exact = malloc(count * sizeof *exact + (count == 0));
    memcpy(exact, words, count * sizeof *exact);
    sink(siding_callback_answer(bridge, OR_NULL(exact), count));
    free(exact);
}

void fuzz_callback_stats(struct bytes *bytes) {
    struct siding_callback_stats stats = {.size_bytes = sizeof stats};
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t closure = handles_pick(bytes, KIND_CLOSURE);
    if (take_rarely(bytes)) {
        stats.size_bytes = (uint32_t)take_number(bytes);
    }
    sink(siding_callback_stats_read(bridge, closure, OR_NULL(&stats)));
}

/* ---- closures -------------------------------------------------------------------------------- */

void fuzz_closure_close(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    sink(siding_closure_close(bridge, handles_pick(bytes, KIND_CLOSURE)));
}

static void forget(uint64_t bridge, uint64_t closure) {
    if (siding_closure_forget(bridge, closure) == SIDING_OK) {
        drop(closure);
    }
}

void fuzz_closure_forget(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    forget(bridge, handles_pick(bytes, KIND_CLOSURE));
}

void fuzz_call_pointer(struct bytes *bytes) {
    static const char *const list[] = {"some", "texts", "", NULL};
    /* what is believed must be there: of the first one any of the kinds can be read */
    const void *const given[] = {list, NULL, (void *)(uintptr_t)1,
                                 (void *)(uintptr_t)0xdeadbeefdeadbeefu};
    callable *function = pointers[take_below(bytes, POINTERS)].function;
    const void *pointer = given[take_below(bytes, 4)];
    int64_t length = take_below(bytes, 3) == 0 ? -(int64_t)take(bytes, 7) - 1
                                               : (int64_t)take_below(bytes, sizeof list + 1);
    if (take_rarely(bytes)) {
        length = (int64_t)(UINT64_MAX >> 1) - (int64_t)take(bytes, 1);
    }
    if (function != NULL) {
        sink((int64_t)function(pointer, length));
    }
}

void callbacks_clean_up(void) {
    for (uint32_t i = 0; i < POINTERS; i++) {
        forget(pointers[i].bridge, pointers[i].closure);
    }
}

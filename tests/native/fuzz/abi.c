/*
 * abi.c - every function of siding.h, called by libFuzzer with whatever comes: the input is a list
 * of calls and their arguments. Memory that a caller lends is as long as it says, and on the heap,
 * so that AddressSanitizer sees who goes beyond it. Some calls come from a second thread.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../lib/include/siding.h"
#include "callbacks.h"
#include "calls.h"
#include "handles.h"
#include "sources.h"

#define CALLS_MAX 48u
#define RECORD_WORDS_MAX 400u
#define BYTES_MAX 70000u
#define HUGE_BYTES (1ull << 45) /* more than the sanitizer's malloc gives */
#define KEPT 8u
#define TOKENS 24u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static uint64_t out_word; /* for results that nobody looks at */

static void sink(int64_t value) {
    static volatile int64_t last;
    last = value;
    (void)last;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static uint32_t take_token(struct bytes *bytes) {
    return take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, TOKENS);
}

static uint64_t take_size(struct bytes *bytes) {
    return take_rarely(bytes) ? HUGE_BYTES << take_below(bytes, 19)
                              : take_below(bytes, take_rarely(bytes) ? BYTES_MAX : 600);
}

/* So few milliseconds that a release does not hold up the fuzzer, or more than is allowed. */
static uint32_t take_ms(struct bytes *bytes) {
    return take_rarely(bytes) ? SIDING_CONTEXT_MS_MAX + 1 + (uint32_t)take(bytes, 3)
                              : take_below(bytes, 6);
}

static uint32_t struct_size(struct bytes *bytes, size_t size_bytes) {
    return take_rarely(bytes) ? (uint32_t)take_number(bytes) : (uint32_t)size_bytes;
}

#define OR_NULL(pointer) (take_rarely(bytes) ? NULL : (pointer))

/* Memory for words, sometimes not where words may be. */
struct lent {
    void *block;
    void *start;
};

static struct lent lend(struct bytes *bytes, uint32_t words) {
    struct lent lent = {.block = malloc(words * 8 + 8)};
    uint32_t offset = take_rarely(bytes) ? 1 + take_below(bytes, 7) : 0;
    if (take_rarely(bytes)) {
        return lent;
    }
    uint32_t size_bytes = words * 8 + offset;
    lent.block = realloc(lent.block, size_bytes == 0 ? 1 : size_bytes);
    lent.start = (char *)lent.block + offset;
    return lent;
}

static struct lent lend_records(struct bytes *bytes, uint32_t *out_words) {
    uint64_t words[RECORD_WORDS_MAX];
    uint32_t count = calls_fill(bytes, words, RECORD_WORDS_MAX);
    struct lent lent = lend(bytes, count);
    if (lent.start != NULL) {
        memcpy(lent.start, words, count * 8);
    }
    *out_words = count;
    return lent;
}

static uint32_t take_capacity(struct bytes *bytes) {
    return SIDING_EVENT_WORDS_MAX - (take_rarely(bytes) ? take_below(bytes, 4096) : 0);
}

static struct siding_interrupt take_interrupt(struct bytes *bytes) {
    static uint32_t flag;
    struct siding_interrupt interrupt = {
        .size_bytes = struct_size(bytes, sizeof interrupt),
        .kind = take_rarely(bytes) ? (uint32_t)take(bytes, 4) : take_below(bytes, 4),
        .value = take_number(bytes),
    };
    interrupt.operand = handles_pick(bytes, KIND_BOUND);
    if (interrupt.kind == SIDING_INTERRUPT_FLAG) {
        interrupt.operand = take_rarely(bytes) ? 0 : (uint64_t)(uintptr_t)&flag;
    }
    return interrupt;
}

/* ---- bridges --------------------------------------------------------------------------------- */

static int32_t descriptors[KEPT];
static uint32_t descriptors_count;

static void ignore_wake(void) {
}

static void fuzz_bridge_open(struct bytes *bytes) {
    struct siding_bridge_options options = {
        .size_bytes = struct_size(bytes, sizeof options),
        .calls_max = take_rarely(bytes) ? (uint32_t)take_number(bytes) : TOKENS,
        .wake_function = take_below(bytes, 2) == 0 ? (uint64_t)(uintptr_t)ignore_wake : 0,
    };
    uint64_t bridge = 0;
    int32_t descriptor = -1;
    if (descriptors_count < KEPT &&
        siding_bridge_open(OR_NULL(&options), OR_NULL(&bridge), OR_NULL(&descriptor)) == 0) {
        handles_keep(KIND_BRIDGE, bridge);
        descriptors[descriptors_count++] = descriptor;
    }
}

static void fuzz_bridge_close(struct bytes *bytes) {
    if (take_below(bytes, 4) == 0) {
        sink(siding_bridge_close(handles_pick(bytes, KIND_BRIDGE)));
    }
}

static void fuzz_bridge_submit(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t words = 0;
    struct lent records = lend_records(bytes, &words);
    sink(siding_bridge_submit(bridge, records.start, words));
    free(records.block);
}

static void fuzz_bridge_feed(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t words = 0;
    struct lent records = lend_records(bytes, &words);
    sink(siding_bridge_feed(bridge, records.start, words));
    free(records.block);
}

static void fuzz_bridge_drain(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t capacity = take_capacity(bytes);
    struct lent events = lend(bytes, capacity);
    sink(siding_bridge_drain(bridge, events.start, capacity));
    free(events.block);
}

static void fuzz_bridge_exchange(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t capacity = take_capacity(bytes);
    uint32_t words = 0;
    struct lent records = lend_records(bytes, &words);
    struct lent events = lend(bytes, capacity);
    uint32_t events_min = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 3);
    uint32_t spin_ns = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 9999);
    words = take_rarely(bytes) ? 0 : words;
    sink(siding_bridge_exchange(bridge, records.start, words, events.start, capacity, events_min,
                                spin_ns));
    free(records.block);
    free(events.block);
}

static void fuzz_bridge_await(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t capacity = take_capacity(bytes);
    struct lent events = lend(bytes, capacity);
    uint32_t spin_ns = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 9999);
    sink(siding_bridge_await(bridge, events.start, capacity, spin_ns));
    free(events.block);
}

static void fuzz_bridge_wake(struct bytes *bytes) {
    sink(siding_bridge_wake(handles_pick(bytes, KIND_BRIDGE)));
}

static void fuzz_bridge_cancel(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    sink(siding_bridge_cancel(bridge, take_token(bytes)));
}

static void fuzz_bridge_elapsed(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t token = take_token(bytes);
    sink(siding_bridge_elapsed(bridge, token, OR_NULL(&out_word)));
}

static void fuzz_bridge_interrupt(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t token = take_token(bytes);
    struct siding_interrupt interrupt = take_interrupt(bytes);
    sink(siding_bridge_interrupt(bridge, token, OR_NULL(&interrupt)));
}

/* ---- blocks and calls ------------------------------------------------------------------------ */

static void fuzz_block_create(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t size_bytes = take_size(bytes);
    bool is_filled = take_below(bytes, 2) == 0 && size_bytes <= BYTES_MAX;
    void *source = is_filled ? calloc(1, size_bytes) : NULL;
    sink(siding_block_create(bridge, source, size_bytes));
    free(source);
}

static void fuzz_block_take(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t block = take_token(bytes);
    uint64_t size_bytes = take_size(bytes);
    void *target = malloc(size_bytes <= BYTES_MAX ? size_bytes : BYTES_MAX);
    sink(siding_block_take(bridge, block, OR_NULL(target), size_bytes));
    free(target);
}

static void fuzz_block_address(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t block = take_token(bytes);
    sink(siding_block_address(bridge, block, OR_NULL(&out_word)));
}

static void fuzz_block_drop(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    sink(siding_block_drop(bridge, take_token(bytes)));
}

static void fuzz_call_here(struct bytes *bytes) {
    static char lent[4][64];
    uint64_t bridge = take_below(bytes, 2) == 0 ? 0 : handles_pick(bytes, KIND_BRIDGE);
    uint32_t capacity = take_capacity(bytes);
    uint32_t words = 0;
    struct lent record = lend_records(bytes, &words);
    struct lent event = lend(bytes, capacity);
    sink(siding_call_here(bridge, record.start, words, event.start, capacity, lent[0], lent[1],
                          OR_NULL(lent[2]), OR_NULL(lent[3])));
    free(record.block);
    free(event.block);
}

static void fuzz_context_call(struct bytes *bytes) {
    uint32_t capacity = take_capacity(bytes);
    uint32_t words = 0;
    struct lent record = lend_records(bytes, &words);
    struct lent event = lend(bytes, capacity);
    sink(siding_context_call(record.start, words, event.start, capacity));
    free(record.block);
    free(event.block);
}

/* Pairs, of which there mostly are none. @return how many; some more than may be */
static uint32_t take_holes(struct bytes *bytes, uint8_t **out_holes) {
    uint32_t count = take_below(bytes, 3) == 0 ? take_below(bytes, take_rarely(bytes) ? 80 : 4) : 0;
    uint8_t *holes = malloc(count * 2 + 1);
    for (uint32_t i = 0; i < count * 2; i++) {
        holes[i] = (uint8_t)take_below(bytes, take_rarely(bytes) ? 256 : 6);
    }
    *out_holes = realloc(holes, count == 0 ? 1 : count * 2); /* reads beyond are noticed */
    return take_rarely(bytes) && count == 0 ? 0x80000000u : count;
}

static void fuzz_bound_create(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t bound = 0;
    uint32_t words = 0;
    struct lent record = lend_records(bytes, &words);
    uint8_t *holes = NULL;
    uint32_t holes_count = take_holes(bytes, &holes);
    if (siding_bound_create(bridge, record.start, words, OR_NULL(holes), holes_count,
                            OR_NULL(&bound)) == SIDING_OK) {
        handles_keep(KIND_BOUND, bound);
    }
    free(holes);
    free(record.block);
}

static void fuzz_bound_keep(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t bound = handles_pick(bytes, KIND_BOUND);
    sink(siding_bound_keep(bridge, bound, take_token(bytes)));
}

static void fuzz_bound_release(struct bytes *bytes) {
    sink(siding_bound_release(handles_pick(bytes, KIND_BOUND)));
}

/* ---- contexts -------------------------------------------------------------------------------- */

static void fuzz_context_acquire(struct bytes *bytes) {
    static const char *const names[] = {"", "name", "a name of more than fifteen bytes",
                                        "\xff\xfe"};
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    struct siding_context_options options = {
        .size_bytes = struct_size(bytes, sizeof options),
        .flags = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 4),
        .drain_ms = take_ms(bytes),
        .teardown_ms = take_ms(bytes),
        .stuck_ms = take_ms(bytes),
        .stack_bytes = take_rarely(bytes) ? (uint32_t)take(bytes, 2) : 0,
    };
    const char *name = OR_NULL(names[take_below(bytes, 4)]);
    uint64_t context = 0;
    int32_t status = siding_context_acquire(bridge, OR_NULL(&options), name, take_token(bytes),
                                            OR_NULL(&context));
    if (status == SIDING_OK) {
        handles_keep(KIND_CONTEXT, context);
    }
}

static void fuzz_context_release(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t context = handles_pick(bytes, KIND_CONTEXT);
    sink(siding_context_release(bridge, context, take_token(bytes)));
}

static void fuzz_context_release_wait(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    sink(siding_context_release_wait(bridge, handles_pick(bytes, KIND_CONTEXT)));
}

static void fuzz_context_share(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t context = handles_pick(bytes, KIND_CONTEXT);
    uint64_t share = 0;
    if (siding_context_share(bridge, context, OR_NULL(&share)) == SIDING_OK) {
        handles_keep(KIND_SHARE, share);
    }
}

static void fuzz_context_attach(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t share = handles_pick(bytes, KIND_SHARE);
    uint64_t context = 0;
    if (siding_context_attach(bridge, share, OR_NULL(&context)) == SIDING_OK) {
        handles_keep(KIND_CONTEXT, context);
    }
}

static void fuzz_context_defer(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t context = handles_pick(bytes, KIND_CONTEXT);
    sink(siding_context_defer(bridge, context, handles_pick(bytes, KIND_BOUND)));
}

static void fuzz_context_undefer(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t context = handles_pick(bytes, KIND_CONTEXT);
    sink(siding_context_undefer(bridge, context, handles_pick(bytes, KIND_BOUND)));
}

static void fuzz_context_interrupt_with(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t context = handles_pick(bytes, KIND_CONTEXT);
    struct siding_interrupt interrupt = take_interrupt(bytes);
    sink(siding_context_interrupt_with(bridge, context, OR_NULL(&interrupt)));
}

static void fuzz_context_listen(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t context = handles_pick(bytes, KIND_CONTEXT);
    sink(siding_context_listen(bridge, context, take_token(bytes)));
}

static void fuzz_repeat_open(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    struct siding_interrupt wake = take_interrupt(bytes);
    struct siding_repeat_options options = {
        .size_bytes = struct_size(bytes, sizeof options),
        .emit_test = take_below(bytes, take_rarely(bytes) ? 300 : 3),
        .until_test = take_below(bytes, take_rarely(bytes) ? 300 : 3),
        .wake_kind = wake.kind,
        .emit_expected = take_below(bytes, 2),
        .until_expected = take_below(bytes, 2),
        .wake_operand = wake.operand,
        .wake_value = wake.value,
        .context = handles_pick(bytes, KIND_CONTEXT),
    };
    uint64_t repeat = 0;
    if (siding_repeat_open(bridge, OR_NULL(&options), OR_NULL(&repeat)) == SIDING_OK) {
        handles_keep(KIND_REPEAT, repeat);
    }
}

static void fuzz_repeat_close(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    sink(siding_repeat_close(bridge, handles_pick(bytes, KIND_REPEAT)));
}

/* ---- libraries and memory -------------------------------------------------------------------- */

static void fuzz_library_open(struct bytes *bytes) {
    char path[32] = {0};
    static const char *const paths[] = {"libm.so.6", "", "/", "libsiding-none.so"};
    for (uint32_t i = 0; i < sizeof path - 1; i++) {
        path[i] = (char)take(bytes, 1);
    }
    const char *chosen = take_rarely(bytes) ? path : paths[take_below(bytes, 4)];
    uint32_t flags = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 2);
    uint32_t capacity = take_below(bytes, 128);
    char *message = malloc(capacity + 1);
    uint64_t library = 0;
    if (siding_library_open(OR_NULL(chosen), flags, OR_NULL(&library), OR_NULL(message),
                            capacity) == SIDING_OK) {
        handles_keep(KIND_LIBRARY, library);
    }
    free(message);
}

static void fuzz_library_symbol(struct bytes *bytes) {
    static const char *const names[] = {"cos", "", "no such symbol", "siding_stats_read"};
    uint64_t library = handles_pick(bytes, KIND_LIBRARY);
    const char *name = OR_NULL(names[take_below(bytes, 4)]);
    sink(siding_library_symbol(library, name, OR_NULL(&out_word)));
}

static struct {
    uint64_t address;
    uint64_t size_bytes;
} made[KEPT];

static void fuzz_memory_alloc(struct bytes *bytes) {
    uint32_t place = take_below(bytes, KEPT);
    uint64_t size_bytes = take_size(bytes);
    uint64_t *out_address = made[place].address == 0 ? &made[place].address : NULL;
    if (siding_memory_alloc(size_bytes, out_address) == SIDING_OK) {
        made[place].size_bytes = size_bytes;
    }
}

static void fuzz_memory_free(struct bytes *bytes) {
    uint32_t place = take_below(bytes, KEPT);
    if (take_rarely(bytes)) {
        sink(siding_memory_free(made[place].address, 0));
        sink(siding_memory_free(0, take_number(bytes)));
        return;
    }
    sink(siding_memory_free(made[place].address, made[place].size_bytes));
    made[place].address = made[place].size_bytes = 0;
}

static void fuzz_memory_read(struct bytes *bytes) {
    uint32_t place = take_below(bytes, KEPT);
    uint64_t size_bytes = made[place].size_bytes;
    void *target = malloc(size_bytes);
    sink(siding_memory_read(made[place].address, OR_NULL(target), size_bytes));
    free(target);
}

static void fuzz_memory_write(struct bytes *bytes) {
    uint32_t place = take_below(bytes, KEPT);
    uint64_t size_bytes = made[place].size_bytes;
    void *source = calloc(1, size_bytes);
    sink(siding_memory_write(made[place].address, OR_NULL(source), size_bytes));
    free(source);
}

/* ---- the whole process ----------------------------------------------------------------------- */

static void fuzz_abi_version(struct bytes *bytes) {
    (void)bytes;
    sink(siding_abi_version());
}

static void fuzz_abi_sizes(struct bytes *bytes) {
    uint32_t capacity = take_below(bytes, 16);
    uint32_t *sizes = malloc(capacity * sizeof *sizes);
    sink(siding_abi_sizes(OR_NULL(sizes), capacity));
    free(sizes);
}

static void fuzz_signature_prepare(struct bytes *bytes) {
    sink(calls_prepare(bytes));
    if (take_rarely(bytes)) {
        sink(siding_signature_prepare(NULL, (uint32_t)take_number(bytes)));
    }
}

static void fuzz_pool_configure(struct bytes *bytes) {
    struct siding_pool_options options = {
        .size_bytes = struct_size(bytes, sizeof options),
        .threads_max = take_rarely(bytes) ? (uint32_t)take_number(bytes) : 1 + take(bytes, 1) % 32,
        .spin_us = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 100),
        .stack_bytes = take_rarely(bytes) ? (uint32_t)take(bytes, 2) : 1u << 20,
        .threads_min = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 4),
        .idle_ms = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 8),
    };
    sink(siding_pool_configure(OR_NULL(&options)));
}

static void fuzz_stats_read(struct bytes *bytes) {
    struct siding_stats stats = {.size_bytes = struct_size(bytes, sizeof stats)};
    sink(siding_stats_read(OR_NULL(&stats)));
}

static void fuzz_trace_start(struct bytes *bytes) {
    uint32_t entries_max =
        take_rarely(bytes) ? UINT32_MAX - (uint32_t)take(bytes, 1) : take_below(bytes, 300);
    sink(siding_trace_start(entries_max));
}

static void fuzz_trace_read(struct bytes *bytes) {
    uint32_t capacity = take_below(bytes, 64);
    struct siding_trace_entry *entries = malloc(capacity * sizeof *entries);
    uint32_t first = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 64);
    sink(siding_trace_read(first, OR_NULL(entries), capacity, OR_NULL(&out_word)));
    free(entries);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Those that make what others need come more than once. */
static void (*const calls[])(struct bytes *bytes) = {
    fuzz_bridge_open,      fuzz_bridge_close,      fuzz_bridge_submit,
    fuzz_bridge_submit,    fuzz_bridge_feed,       fuzz_bridge_drain,
    fuzz_bridge_drain,     fuzz_bridge_exchange,   fuzz_bridge_wake,
    fuzz_bridge_await,     fuzz_bridge_cancel,     fuzz_bridge_elapsed,
    fuzz_bridge_interrupt, fuzz_block_create,      fuzz_block_create,
    fuzz_block_take,       fuzz_block_address,     fuzz_block_drop,
    fuzz_call_here,        fuzz_bound_create,      fuzz_bound_create,
    fuzz_bound_release,    fuzz_context_acquire,   fuzz_context_acquire,
    fuzz_context_acquire,  fuzz_context_release,   fuzz_context_release_wait,
    fuzz_context_share,    fuzz_context_attach,    fuzz_context_defer,
    fuzz_context_undefer,  fuzz_context_listen,    fuzz_context_interrupt_with,
    fuzz_context_call,     fuzz_repeat_open,       fuzz_repeat_close,
    fuzz_trace_start,      fuzz_trace_read,        fuzz_library_open,
    fuzz_library_symbol,   fuzz_memory_alloc,      fuzz_memory_free,
    fuzz_memory_read,      fuzz_memory_write,      fuzz_abi_version,
    fuzz_abi_sizes,        fuzz_signature_prepare, fuzz_signature_prepare,
    fuzz_pool_configure,   fuzz_stats_read,        fuzz_bound_keep,
    fuzz_bound_pointer,    fuzz_bridge_inline,     fuzz_callback_open,
    fuzz_callback_open,    fuzz_callback_pull,     fuzz_callback_answer,
    fuzz_callback_stats,   fuzz_closure_close,     fuzz_closure_forget,
    fuzz_call_pointer,     fuzz_call_pointer,      fuzz_call_pointer,
    fuzz_source_open,      fuzz_source_open,       fuzz_source_open,
    fuzz_source_pull,      fuzz_source_pull,       fuzz_source_close,
    fuzz_source_pull_all,  fuzz_descriptor_close,  fuzz_source_stats_read,
    fuzz_event_post,       fuzz_source_happen,     fuzz_source_happen,
};

/* Closing and dropping again is harmless, and so is doing it on the wrong thread. */
static void clean_up(struct bytes *bytes) {
    uint64_t events[SIDING_EVENT_WORDS_MAX];
    (void)bytes;
    callbacks_clean_up();
    for (uint32_t i = 0; i < HANDLES_KEPT; i++) {
        sink(siding_bound_release(handles_at(KIND_BOUND, i)));
        sink(siding_bridge_drain(handles_at(KIND_BRIDGE, i), events, SIDING_EVENT_WORDS_MAX));
        sink(siding_bridge_close(handles_at(KIND_BRIDGE, i)));
    }
}

static void clean_up_process(void) {
    for (uint32_t i = 0; i < KEPT; i++) {
        sink(siding_memory_free(made[i].address, made[i].size_bytes));
        made[i].address = made[i].size_bytes = 0;
    }
    while (descriptors_count > 0) {
        close(descriptors[--descriptors_count]);
    }
    sink(siding_trace_start(0));
}

/* ---- the other thread ------------------------------------------------------------------------ */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static void (*asked)(struct bytes *bytes); /* NULL: nothing to do; under `mutex`, as its argument */
static struct bytes *asked_bytes;

static void *serve(void *unused) {
    (void)unused;
    pthread_mutex_lock(&mutex);
    for (;;) {
        while (asked == NULL) {
            pthread_cond_wait(&changed, &mutex);
        }
        asked(asked_bytes);
        asked = NULL;
        pthread_cond_broadcast(&changed);
    }
    return NULL;
}

static void run_elsewhere(void (*call)(struct bytes *bytes), struct bytes *bytes) {
    pthread_mutex_lock(&mutex);
    asked = call;
    asked_bytes = bytes;
    pthread_cond_broadcast(&changed);
    while (asked != NULL) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
}

static void start(void) {
    pthread_t thread;
    calls_init();
    callbacks_init();
    sources_init();
    if (pthread_create(&thread, NULL, serve, NULL) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct bytes bytes = {data, data + size_bytes};
    pthread_once(&once, start);
    for (uint32_t i = 0; i < CALLS_MAX && bytes.at != bytes.end; i++) {
        uint32_t choice = (uint32_t)take(&bytes, 1);
        void (*call)(struct bytes *bytes) = calls[choice % (sizeof calls / sizeof calls[0])];
        if (choice < 224) {
            call(&bytes);
        } else {
            run_elsewhere(call, &bytes);
        }
    }
    clean_up(&bytes);
    run_elsewhere(clean_up, &bytes);
    clean_up_process();
    return 0;
}

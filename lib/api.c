/*
 * api.c - the exported functions: arguments are checked here, once, then core does the work.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/ask.h"
#include "core/block.h"
#include "core/bound.h"
#include "core/bound_pointer.h"
#include "core/bridge.h"
#include "core/callback.h"
#include "core/closure.h"
#include "core/context.h"
#include "core/event.h"
#include "core/exchange.h"
#include "core/guest.h"
#include "core/library.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/repeat.h"
#include "core/signature.h"
#include "core/source.h"
#include "core/submission.h"
#include "core/trace.h"
#include "include/siding.h"

/* Finds the bridge, or returns from the calling function with the status. */
#define FIND_BRIDGE(handle, bridge)                                                                \
    struct bridge *bridge = NULL;                                                                  \
    do {                                                                                           \
        int32_t found = bridge_find((handle), &bridge);                                            \
        if (found != SIDING_OK) {                                                                  \
            return found;                                                                          \
        }                                                                                          \
    } while (0)

static bool is_aligned(const void *words) {
    return ((uintptr_t)words & 7u) == 0;
}

static bool is_whole(const struct siding_interrupt *interrupt) {
    return interrupt != NULL && interrupt->size_bytes >= sizeof *interrupt;
}

uint32_t siding_abi_version(void) {
    return SIDING_ABI_VERSION;
}

int32_t siding_abi_sizes(uint32_t *out_sizes, uint32_t capacity) {
    static const uint32_t sizes[] = {
        sizeof(struct siding_call),
        sizeof(struct siding_event),
        sizeof(struct siding_bridge_options),
        sizeof(struct siding_pool_options),
        sizeof(struct siding_stats),
        sizeof(void *),
        sizeof(struct siding_callback_options),
        sizeof(struct siding_callback_stats),
        sizeof(struct siding_source_options),
        sizeof(struct siding_source_stats),
    };
    const uint32_t count = sizeof sizes / sizeof sizes[0];
    for (uint32_t i = 0; out_sizes != NULL && i < count && i < capacity; i++) {
        out_sizes[i] = sizes[i];
    }
    return (int32_t)count;
}

int32_t siding_signature_prepare(const uint8_t *descriptor, uint32_t size_bytes) {
    return descriptor == NULL ? SIDING_EINVALID : signature_prepare(descriptor, size_bytes);
}

int32_t siding_bridge_open(const struct siding_bridge_options *options, uint64_t *out_bridge,
                           int32_t *out_descriptor) {
    if (options == NULL || options->size_bytes < sizeof *options || out_bridge == NULL ||
        out_descriptor == NULL) {
        return SIDING_EINVALID;
    }
    return bridge_open(options, out_bridge, out_descriptor);
}

int32_t siding_bridge_close(uint64_t bridge_handle) {
    FIND_BRIDGE(bridge_handle, bridge);
    bridge_close(bridge, false);
    return SIDING_OK;
}

int32_t siding_bridge_submit(uint64_t bridge_handle, const void *records, uint32_t words) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (records == NULL || !is_aligned(records)) {
        return SIDING_EINVALID;
    }
    return submission_take(bridge, records, words);
}

int32_t siding_bridge_feed(uint64_t bridge_handle, const void *records, uint32_t words) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (records == NULL || !is_aligned(records)) {
        return SIDING_EINVALID;
    }
    return exchange_feed(bridge, records, words);
}

int32_t siding_bridge_drain(uint64_t bridge_handle, void *out_events, uint32_t capacity_words) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (out_events == NULL || !is_aligned(out_events) || capacity_words < SIDING_EVENT_WORDS_MAX) {
        return SIDING_EINVALID;
    }
    return exchange_drain(bridge, out_events, capacity_words);
}

int32_t siding_bridge_exchange(uint64_t bridge_handle, const void *records, uint32_t words,
                               void *out_events, uint32_t capacity_words, uint32_t events_min,
                               uint32_t spin_ns) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (records == NULL || !is_aligned(records) || out_events == NULL || !is_aligned(out_events) ||
        capacity_words < SIDING_EVENT_WORDS_MAX || spin_ns > EXCHANGE_SPIN_NS_MAX) {
        return SIDING_EINVALID;
    }
    return exchange_both(bridge, records, words, out_events, capacity_words, events_min, spin_ns);
}

int32_t siding_bridge_wake(uint64_t bridge_handle) {
    FIND_BRIDGE(bridge_handle, bridge);
    bridge_kick(bridge);
    return SIDING_OK;
}

int32_t siding_bridge_cancel(uint64_t bridge_handle, uint32_t token) {
    FIND_BRIDGE(bridge_handle, bridge);
    return submission_cancel(bridge, token);
}

int32_t siding_bridge_elapsed(uint64_t bridge_handle, uint32_t token, uint64_t *out_elapsed_ns) {
    FIND_BRIDGE(bridge_handle, bridge);
    return out_elapsed_ns == NULL ? SIDING_EINVALID
                                  : submission_elapsed(bridge, token, out_elapsed_ns);
}

int32_t siding_block_create(uint64_t bridge_handle, const void *bytes, uint64_t size_bytes) {
    FIND_BRIDGE(bridge_handle, bridge);
    return block_create(&bridge->blocks, bytes, size_bytes);
}

int32_t siding_block_take(uint64_t bridge_handle, uint32_t number, void *out_bytes,
                          uint64_t size_bytes) {
    FIND_BRIDGE(bridge_handle, bridge);
    struct block *block = block_find(&bridge->blocks, number);
    if (block == NULL || size_bytes > block->size_bytes || (out_bytes == NULL && size_bytes != 0)) {
        return SIDING_EINVALID;
    }
    if (size_bytes != 0) {
        memcpy(out_bytes, block->address, size_bytes);
    }
    block_drop(&bridge->blocks, block);
    return SIDING_OK;
}

int32_t siding_block_address(uint64_t bridge_handle, uint32_t block_number, uint64_t *out_address) {
    FIND_BRIDGE(bridge_handle, bridge);
    struct block *block = block_find(&bridge->blocks, block_number);
    if (block == NULL || out_address == NULL) {
        return SIDING_EINVALID;
    }
    *out_address = (uint64_t)(uintptr_t)block->address;
    return SIDING_OK;
}

int32_t siding_block_drop(uint64_t bridge_handle, uint32_t number) {
    FIND_BRIDGE(bridge_handle, bridge);
    struct block *block = block_find(&bridge->blocks, number);
    if (block == NULL) {
        return SIDING_EINVALID;
    }
    block_drop(&bridge->blocks, block);
    return SIDING_OK;
}

int32_t siding_call_here(uint64_t bridge_handle, void *record, uint32_t words, void *out_event,
                         uint32_t capacity_words, void *lent0, void *lent1, void *lent2,
                         void *lent3) {
    void *const lent[4] = {lent0, lent1, lent2, lent3};
    struct bridge *bridge = NULL;
    if (bridge_handle != 0) {
        int32_t found = bridge_find(bridge_handle, &bridge);
        if (found != SIDING_OK) {
            return found;
        }
    }
    if (record == NULL || !is_aligned(record) || out_event == NULL || !is_aligned(out_event)) {
        return SIDING_EINVALID;
    }
    if (bridge == NULL) {
        return event_call_here(NULL, record, words, out_event, capacity_words, lent);
    }
    bridge_begin_here(bridge);
    int32_t written = event_call_here(bridge, record, words, out_event, capacity_words, lent);
    bridge_end_here(bridge);
    return written;
}

int32_t siding_bridge_interrupt(uint64_t bridge_handle, uint32_t token,
                                const struct siding_interrupt *interrupt) {
    FIND_BRIDGE(bridge_handle, bridge);
    return is_whole(interrupt) ? context_interrupt(bridge, token, interrupt) : SIDING_EINVALID;
}

int32_t siding_bound_create(uint64_t bridge_handle, const void *record, uint32_t words,
                            const uint8_t *holes, uint32_t holes_count, uint64_t *out_bound) {
    FIND_BRIDGE(bridge_handle, bridge);
    return record == NULL || !is_aligned(record) || words > UINT16_MAX || out_bound == NULL ||
                   holes_count > SIDING_PARAMETERS_MAX || (holes == NULL && holes_count != 0)
               ? SIDING_EINVALID
               : bound_create(bridge, record, words, holes, holes_count, out_bound);
}

int32_t siding_bound_pointer(uint64_t bridge_handle, uint64_t bound, uint32_t signature,
                             uint64_t *out_closure, uint64_t *out_pointer) {
    FIND_BRIDGE(bridge_handle, bridge);
    return out_closure == NULL || out_pointer == NULL
               ? SIDING_EINVALID
               : bound_pointer_open(bridge, bound, signature, out_closure, out_pointer);
}

int32_t siding_bound_keep(uint64_t bridge_handle, uint64_t bound, uint32_t block) {
    FIND_BRIDGE(bridge_handle, bridge);
    return bound_keep(bridge, bound, block);
}

int32_t siding_bound_release(uint64_t bound) {
    return bound_drop(bound);
}

int32_t siding_bridge_inline(uint64_t bridge_handle, uint64_t dispatcher, void *frame,
                             uint32_t frame_words) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (dispatcher != 0 &&
        (frame == NULL || !is_aligned(frame) || frame_words < SIDING_EVENT_WORDS_MAX)) {
        return SIDING_EINVALID;
    }
    bridge_set_inline(bridge, (void (*)(void))(uintptr_t)dispatcher, frame);
    return SIDING_OK;
}

int32_t siding_callback_open(uint64_t bridge_handle, const struct siding_callback_options *options,
                             const void *values, uint32_t values_words, uint64_t *out_closure,
                             uint64_t *out_pointer) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (options == NULL || options->size_bytes < sizeof *options || values == NULL ||
        !is_aligned(values) || out_closure == NULL || out_pointer == NULL) {
        return SIDING_EINVALID;
    }
    return callback_open(bridge, options, values, values_words, out_closure, out_pointer);
}

int32_t siding_callback_pull(uint64_t bridge_handle, uint64_t closure, uint32_t count) {
    FIND_BRIDGE(bridge_handle, bridge);
    return callback_pull(bridge, closure, count);
}

int32_t siding_callback_answer(uint64_t bridge_handle, const void *answers, uint32_t words) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (answers == NULL || !is_aligned(answers)) {
        return SIDING_EINVALID;
    }
    return callback_answer(bridge, answers, words);
}

int32_t siding_callback_stats_read(uint64_t bridge_handle, uint64_t closure,
                                   struct siding_callback_stats *out_stats) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (out_stats == NULL || out_stats->size_bytes < sizeof *out_stats) {
        return SIDING_EINVALID;
    }
    return callback_stats(bridge, closure, out_stats);
}

int32_t siding_closure_close(uint64_t bridge_handle, uint64_t closure) {
    FIND_BRIDGE(bridge_handle, bridge);
    return closure_close(bridge, closure);
}

int32_t siding_closure_forget(uint64_t bridge_handle, uint64_t closure) {
    FIND_BRIDGE(bridge_handle, bridge);
    return closure_forget(bridge, closure);
}

int32_t siding_context_acquire(uint64_t bridge_handle, const struct siding_context_options *options,
                               const char *name, uint32_t token, uint64_t *out_context) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (options == NULL || options->size_bytes < sizeof *options || out_context == NULL) {
        return SIDING_EINVALID;
    }
    return context_acquire(bridge, options, name, token, out_context);
}

int32_t siding_context_release(uint64_t bridge_handle, uint64_t context, uint32_t token) {
    FIND_BRIDGE(bridge_handle, bridge);
    return context_release(bridge, context, token);
}

int32_t siding_context_release_wait(uint64_t bridge_handle, uint64_t context) {
    FIND_BRIDGE(bridge_handle, bridge);
    return guest_release(bridge, context);
}

int32_t siding_context_share(uint64_t bridge_handle, uint64_t context, uint64_t *out_share) {
    FIND_BRIDGE(bridge_handle, bridge);
    return out_share == NULL ? SIDING_EINVALID : context_share(bridge, context, out_share);
}

int32_t siding_context_attach(uint64_t bridge_handle, uint64_t share, uint64_t *out_context) {
    FIND_BRIDGE(bridge_handle, bridge);
    return out_context == NULL ? SIDING_EINVALID : context_attach(bridge, share, out_context);
}

int32_t siding_context_defer(uint64_t bridge_handle, uint64_t context, uint64_t bound) {
    FIND_BRIDGE(bridge_handle, bridge);
    return context_defer(bridge, context, bound);
}

int32_t siding_context_undefer(uint64_t bridge_handle, uint64_t context, uint64_t bound) {
    FIND_BRIDGE(bridge_handle, bridge);
    return context_undefer(bridge, context, bound);
}

int32_t siding_context_interrupt_with(uint64_t bridge_handle, uint64_t context,
                                      const struct siding_interrupt *interrupt) {
    FIND_BRIDGE(bridge_handle, bridge);
    return is_whole(interrupt) ? context_interrupt_with(bridge, context, interrupt)
                               : SIDING_EINVALID;
}

int32_t siding_context_listen(uint64_t bridge_handle, uint64_t context, uint32_t token) {
    FIND_BRIDGE(bridge_handle, bridge);
    return context_listen(bridge, context, token);
}

int32_t siding_context_call(void *record, uint32_t words, void *out_event,
                            uint32_t capacity_words) {
    if (record == NULL || !is_aligned(record) || out_event == NULL || !is_aligned(out_event)) {
        return SIDING_EINVALID;
    }
    return guest_call(record, words, out_event, capacity_words);
}

int32_t siding_repeat_open(uint64_t bridge_handle, const struct siding_repeat_options *options,
                           uint64_t *out_repeat) {
    FIND_BRIDGE(bridge_handle, bridge);
    if (options == NULL || options->size_bytes < sizeof *options || out_repeat == NULL) {
        return SIDING_EINVALID;
    }
    return repeat_open(bridge, options, out_repeat);
}

int32_t siding_repeat_close(uint64_t bridge_handle, uint64_t repeat) {
    FIND_BRIDGE(bridge_handle, bridge);
    return repeat_close(bridge, repeat);
}

int32_t siding_trace_start(uint32_t entries_max) {
    return trace_start(entries_max);
}

int32_t siding_trace_read(uint32_t first, void *out_entries, uint32_t capacity,
                          uint64_t *out_dropped) {
    if (out_dropped == NULL || (out_entries == NULL && capacity != 0) || !is_aligned(out_entries)) {
        return SIDING_EINVALID;
    }
    return trace_read(first, out_entries, capacity, out_dropped);
}

int32_t siding_library_open(const char *path, uint32_t flags, uint64_t *out_library,
                            char *out_message, uint32_t message_capacity) {
    if (out_library == NULL || out_message == NULL || message_capacity == 0) {
        return SIDING_EINVALID;
    }
    return library_open(path, flags, out_library, out_message, message_capacity);
}

int32_t siding_library_symbol(uint64_t library, const char *name, uint64_t *out_address) {
    return name == NULL || out_address == NULL ? SIDING_EINVALID
                                               : library_symbol(library, name, out_address);
}

int32_t siding_memory_read(uint64_t address, void *out_bytes, uint64_t size_bytes) {
    if (address == 0 || out_bytes == NULL) {
        return SIDING_EINVALID;
    }
    memcpy(out_bytes, (const void *)(uintptr_t)address, size_bytes);
    return SIDING_OK;
}

int32_t siding_memory_write(uint64_t address, const void *bytes, uint64_t size_bytes) {
    if (address == 0 || bytes == NULL) {
        return SIDING_EINVALID;
    }
    memcpy((void *)(uintptr_t)address, bytes, size_bytes);
    return SIDING_OK;
}

int32_t siding_memory_alloc(uint64_t size_bytes, uint64_t *out_address) {
    return out_address == NULL ? SIDING_EINVALID : memory_alloc(size_bytes, out_address);
}

int32_t siding_memory_free(uint64_t address, uint64_t size_bytes) {
    if (address == 0 || size_bytes == 0) {
        return SIDING_EINVALID;
    }
    memory_free(address, size_bytes);
    return SIDING_OK;
}

int32_t siding_pool_configure(const struct siding_pool_options *options) {
    return options == NULL || options->size_bytes < sizeof *options ? SIDING_EINVALID
                                                                    : pool_configure(options);
}

int32_t siding_stats_read(struct siding_stats *out_stats) {
    if (out_stats == NULL || out_stats->size_bytes < sizeof *out_stats) {
        return SIDING_EINVALID;
    }
    struct siding_stats stats = {.size_bytes = sizeof stats};
    pool_count(&stats);
    stats.bridges = bridge_count();
    stats.wakes = bridge_kicks();
    stats.memory_bytes = memory_held();
    stats.dropped = bridge_lost();
    stats.bound_calls = bound_count();
    stats.callbacks = callback_count();
    stats.closures = closure_tombstones();
    stats.asks = ask_count();
    stats.sources = source_count();
    stats.trampolines = closure_trampolines();
    stats.signatures = signature_count();
    *out_stats = stats;
    return SIDING_OK;
}

#include "call.h"

#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "../base/cache.h"
#include "../include/siding.h"
#include "../machine/route.h"
#include "../platform/platform.h"
#include "bridge.h"
#include "chain.h"
#include "handle.h"
#include "slot.h"
#include "trace.h"
#include "watch.h"

static uint32_t high_half(uint64_t word) {
    return (uint32_t)(word >> 32);
}

static uint32_t low_half(uint64_t word) {
    return (uint32_t)word;
}

static bool resolve_inline(uint64_t *argument, const uint64_t *arguments, uint32_t words) {
    uint32_t header_bytes = SIDING_CALL_WORDS * 8;
    uint32_t offset_bytes = low_half(*argument);
    uint32_t end_bytes = header_bytes + words * 8;
    if (offset_bytes < header_bytes || offset_bytes >= end_bytes) {
        return false;
    }
    /* a zero at the record's end ends every text: looking for one in words that were just copied
       would wait until the other core has let go of their cache lines */
    if (((const char *)arguments)[words * 8 - 1] != 0) {
        return false;
    }
    *argument = (uint64_t)(uintptr_t)arguments + (offset_bytes - header_bytes);
    return true;
}

static bool resolve_block(uint64_t *argument, struct block_table *blocks) {
    struct block *block = blocks == NULL ? NULL : block_find(blocks, low_half(*argument));
    if (block == NULL) {
        return false;
    }
    *argument = (uint64_t)(uintptr_t)block->address;
    return true;
}

static bool resolve_lent(uint64_t *argument, void *const *lent) {
    if (lent == NULL || low_half(*argument) > 3) {
        return false;
    }
    *argument = (uint64_t)(uintptr_t)lent[low_half(*argument)];
    return true;
}

static bool resolve_reference(uint64_t *argument, uint64_t *arguments, uint32_t words,
                              struct block_table *blocks, void *const *lent) {
    switch (high_half(*argument)) {
    case SIDING_REFERENCE_NULL:
        *argument = 0;
        return true;
    case SIDING_REFERENCE_INLINE:
        return resolve_inline(argument, arguments, words);
    case SIDING_REFERENCE_BLOCK:
        return resolve_block(argument, blocks);
    default:
        return high_half(*argument) == SIDING_REFERENCE_LENT && resolve_lent(argument, lent);
    }
}

bool call_resolve_one(const struct parameter *parameter, uint64_t *arguments, uint32_t words,
                      struct block_table *blocks, void *const *lent) {
    bool refers = parameter->type == SIDING_TYPE_BUFFER || parameter->type == SIDING_TYPE_TEXT;
    return !refers ||
           resolve_reference(arguments + parameter->offset, arguments, words, blocks, lent);
}

int32_t call_resolve(const struct signature *signature, uint64_t *arguments, uint32_t words,
                     struct block_table *blocks, void *const *lent) {
    for (uint32_t i = 0; signature->references && i < signature->parameters_count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        if (!call_resolve_one(parameter, arguments, words, blocks, lent)) {
            return SIDING_EINVALID;
        }
    }
    return SIDING_OK;
}

static void call_by_libffi(const struct signature *signature, void (*function)(void),
                           uint64_t *arguments, uint64_t *out_result) {
    /* libffi may overwrite the vector, so it is made for each call */
    void *values[SIDING_PARAMETERS_MAX];
    for (uint32_t i = 0; i < signature->parameters_count; i++) {
        values[i] = arguments + signature->parameters[i].offset;
    }
    /* libffi leaves a cif as it is, though its parameter is not const */
    ffi_call((ffi_cif *)(uintptr_t)&signature->cif, function, out_result, values);
}

static void call_function(const struct signature *signature, void (*function)(void),
                          uint64_t *arguments, uint64_t *out_result) {
    if (signature->route != NULL) {
        route_call(signature->route, function, arguments, out_result);
    } else {
        call_by_libffi(signature, function, arguments, out_result);
    }
}

/* The host may ask for a null pointer in place of a cell that C only reads or changes. */
static void point_to_cell(const struct parameter *parameter, uint64_t *argument) {
    bool is_null = *argument == 1 && parameter->type != SIDING_TYPE_OUT;
    if (parameter->type == SIDING_TYPE_OUT) {
        for (uint32_t word = 0; word < parameter->cell_words; word++) { /* mostly one */
            argument[1 + word] = 0;
        }
    }
    *argument = is_null ? 0 : (uint64_t)(uintptr_t)(argument + 1);
}

/* Here, for the host's thread has more to do than the one that runs the function. */
static void point_to_cells(const struct signature *signature, uint64_t *arguments) {
    for (uint32_t i = 0; i < signature->parameters_count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        if (parameter->cell_words > 0) {
            point_to_cell(parameter, arguments + parameter->offset);
        }
    }
}

void call_invoke(const struct signature *signature, void (*function)(void), uint16_t flags,
                 uint64_t *arguments, uint64_t *out_result, int32_t *out_error) {
    if (signature->has_cells) {
        point_to_cells(signature, arguments);
    }
    if ((flags & CALL_ERRORS) == 0) {
        call_function(signature, function, arguments, out_result);
        return;
    }
    enum siding_error_kind kind = flags & SIDING_CALL_ERRNO ? SIDING_ERROR_C : SIDING_ERROR_SYSTEM;
    siding_error_clear(kind);
    call_function(signature, function, arguments, out_result);
    *out_error = siding_error_get(kind);
}

bool call_is_wanted(const struct record *record) {
    return record->bridge == NULL || bridge_is_open(record->bridge);
}

int32_t call_execute(struct record *record) {
    const struct signature *signature = record->signature;
    if (signature->chain != NULL) {
        return chain_run(record);
    }
    call_invoke(signature, record->function, record->flags, record->words + signature->result_words,
                record->words, &record->error);
    return SIDING_OK;
}

/* @return a status in place of a run, or SIDING_OK */
static int32_t check_claimed(const struct record *record, struct slot *slot) {
    if (!call_is_wanted(record)) {
        return SIDING_ECLOSED;
    }
    if (record->deadline_ns != 0 && siding_clock_ns() >= record->deadline_ns) {
        return SIDING_ETIMEOUT;
    }
    if ((record->flags & SIDING_CALL_DEFERRED) != 0 &&
        !lease_undefer(&slot->lease, record->bound)) {
        return SIDING_ENOTFOUND;
    }
    return SIDING_OK;
}

void call_note_begin(struct record *record, struct slot *slot) {
    run_begin(&slot->run, record);
    uint64_t started_ns = atomic_load_explicit(&slot->run.started_ns, memory_order_relaxed);
    uint64_t stuck_ns = atomic_load_explicit(&slot->lease.stuck_ns, memory_order_relaxed);
    watch_arm(stuck_ns == 0 ? LEASE_NEVER : started_ns + stuck_ns);
}

void call_note_end(struct slot *slot) {
    if (run_end(&slot->run, &slot->parker)) {
        watch_arm(0);
    }
}

int32_t call_execute_traced(struct record *record, const struct slot *slot) {
    if (!trace_is_on()) {
        return call_execute(record);
    }
    uint64_t started_ns = siding_clock_ns();
    int32_t status = call_execute(record);
    trace_note(record, slot->index, started_ns);
    return status;
}

static int32_t run_noted(struct record *record, struct slot *slot) {
    call_note_begin(record, slot);
    int32_t status = call_execute_traced(record, slot);
    call_note_end(slot);
    return status;
}

/* A call served in a nest is part of the run that waits. */
static bool is_watched(const struct record *record, const struct slot *slot) {
    if (handle_kind_of(record->context) == HANDLE_NEST) {
        return false;
    }
    return (record->flags & SIDING_CALL_STOPPABLE) != 0 ||
           atomic_load_explicit(&slot->lease.is_watched, memory_order_relaxed);
}

static int32_t run_claimed(struct record *record, struct slot *slot) {
    int32_t status = check_claimed(record, slot);
    if (status != SIDING_OK) {
        return status;
    }
    if (record->flags & SIDING_CALL_TIMED) {
        atomic_store_explicit(&record->started_ns, siding_clock_ns(), memory_order_relaxed);
    }
    return is_watched(record, slot) ? run_noted(record, slot) : call_execute_traced(record, slot);
}

/* Claims it, unless it was cancelled. @return whether it is claimed */
static bool claim(struct record *record) {
    if (record_try(record, RECORD_QUEUED, RECORD_RUNNING)) {
        return true;
    }
    record->status = SIDING_ECANCELLED;
    record_move(record, RECORD_CANCELLED, RECORD_DONE);
    return false;
}

void call_run(struct record *record, struct slot *slot) {
    if (record->ahead != NULL) { /* the js thread wrote it last */
        const struct signature *likely = record->signature;
        record_prefetch(record->ahead, likely->result_words + likely->argument_words);
    }
    if (claim(record)) {
        record->status = run_claimed(record, slot);
        record_move(record, RECORD_RUNNING, RECORD_DONE);
    }
    outbox_deliver(&slot->outbox, record);
}

void call_refuse(struct record *record, struct slot *slot, int32_t status) {
    if (claim(record)) {
        record->status = status;
        record_move(record, RECORD_RUNNING, RECORD_DONE);
    }
    outbox_deliver(&slot->outbox, record);
}

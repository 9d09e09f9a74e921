#include "call.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "../base/cache.h"
#include "../include/siding.h"
#include "../platform/platform.h"
#include "bridge.h"

static uint32_t high_half(uint64_t word) {
    return (uint32_t)(word >> 32);
}

static uint32_t low_half(uint64_t word) {
    return (uint32_t)word;
}

static bool resolve_inline(uint64_t *argument, uint64_t *arguments, uint32_t words) {
    uint32_t header_bytes = SIDING_CALL_WORDS * 8;
    uint32_t offset_bytes = low_half(*argument);
    uint32_t end_bytes = header_bytes + words * 8;
    if (offset_bytes < header_bytes || offset_bytes >= end_bytes) {
        return false;
    }
    char *text = (char *)arguments + (offset_bytes - header_bytes);
    if (memchr(text, 0, end_bytes - offset_bytes) == NULL) {
        return false;
    }
    *argument = (uint64_t)(uintptr_t)text;
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

int32_t call_resolve(const struct signature *signature, uint64_t *arguments, uint32_t words,
                     struct block_table *blocks, void *const *lent) {
    for (uint32_t i = 0; i < signature->parameters_count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        uint64_t *argument = arguments + parameter->offset;
        bool valid = true;
        if (parameter->type == SIDING_TYPE_OUT) {
            memset(argument + 1, 0, parameter->cell_words * sizeof *argument);
            *argument = (uint64_t)(uintptr_t)(argument + 1);
        } else if (parameter->type == SIDING_TYPE_BUFFER || parameter->type == SIDING_TYPE_TEXT) {
            switch (high_half(*argument)) {
            case SIDING_REFERENCE_NULL:
                *argument = 0;
                break;
            case SIDING_REFERENCE_INLINE:
                valid = resolve_inline(argument, arguments, words);
                break;
            case SIDING_REFERENCE_BLOCK:
                valid = resolve_block(argument, blocks);
                break;
            default:
                valid =
                    high_half(*argument) == SIDING_REFERENCE_LENT && resolve_lent(argument, lent);
            }
        }
        if (!valid) {
            return SIDING_EINVALID;
        }
    }
    return SIDING_OK;
}

void call_invoke(const struct signature *signature, void (*function)(void), uint16_t flags,
                 uint64_t *arguments, uint64_t *out_result, int32_t *out_error) {
    /* libffi may overwrite the vector, so it is made for each call */
    void *values[SIDING_PARAMETERS_MAX];
    for (uint32_t i = 0; i < signature->parameters_count; i++) {
        values[i] = arguments + signature->parameters[i].offset;
    }
    /* libffi leaves a cif as it is, though its parameter is not const */
    ffi_cif *cif = (ffi_cif *)(uintptr_t)&signature->cif;
    if ((flags & SIDING_CALL_ERRNO) == 0) {
        ffi_call(cif, function, out_result, values);
        return;
    }
    siding_error_clear();
    ffi_call(cif, function, out_result, values);
    *out_error = siding_error_get();
}

static uint64_t measure_text(const struct record *record) {
    const char *text = (const char *)(uintptr_t)record->words[0];
    return text == NULL ? SIDING_TEXT_NULL : strlen(text);
}

static int32_t run_claimed(struct record *record) {
    const struct signature *signature = record->signature;
    if (!bridge_is_open(record->bridge)) {
        return SIDING_ECLOSED;
    }
    if (record->deadline_ns != 0 && siding_clock_ns() >= record->deadline_ns) {
        return SIDING_ETIMEOUT;
    }
    if (record->flags & SIDING_CALL_TIMED) {
        atomic_store_explicit(&record->started_ns, siding_clock_ns(), memory_order_relaxed);
    }
    call_invoke(signature, record->function, record->flags, record->words + signature->result_words,
                record->words, &record->error);
    if (signature->result == SIDING_TYPE_TEXT) {
        record->text_bytes = measure_text(record);
    }
    return SIDING_OK;
}

void call_run(struct record *record, struct outbox *outbox) {
    if (record->ahead != NULL) { /* the js thread wrote it last */
        SIDING_PREFETCH(record->ahead);
        SIDING_PREFETCH(record->ahead->inline_words);
    }
    if (record_try(record, RECORD_QUEUED, RECORD_RUNNING)) {
        record->status = run_claimed(record);
        record_move(record, RECORD_RUNNING, RECORD_DONE);
    } else {
        record->status = SIDING_ECANCELLED;
        record_move(record, RECORD_CANCELLED, RECORD_DONE);
    }
    outbox_deliver(outbox, record);
}

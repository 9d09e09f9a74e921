#include "bound.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "call.h"
#include "event.h"
#include "memory.h"
#include "record.h"

#define SCRATCH_WORDS 64u /* of a run for its effect; longer ones take memory */

struct bound_block {
    struct bound_block *next;
    void *address;
    uint64_t size_bytes;
};

static struct registry_entry entries[HANDLE_INDEX_MAX + 1];
static struct registry registry = REGISTRY_INITIALIZER(HANDLE_BOUND, entries);

static void destroy(struct bound *bound) {
    while (bound->blocks != NULL) {
        struct bound_block *block = bound->blocks;
        bound->blocks = block->next;
        free(block->address);
        memory_count(-(int64_t)block->size_bytes);
        free(block);
    }
    memory_count(-(int64_t)bound->size_bytes);
    free(bound);
}

void bound_release(struct bound *bound) {
    if (bound != NULL && held_release(&bound->held)) {
        destroy(bound);
    }
}

/* One hole per parameter, none in a cell or a chain. */
static bool are_holes(const struct signature *signature, const uint8_t *pairs, uint32_t count,
                      uint64_t *out_mask) {
    uint64_t mask = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t parameter = pairs[2 * i];
        if (parameter >= signature->parameters_count ||
            signature->parameters[parameter].cell_words > 0 || (mask >> parameter & 1) != 0) {
            return false;
        }
        mask |= UINT64_C(1) << parameter;
    }
    *out_mask = mask;
    return count == 0 || signature->chain == NULL;
}

_Static_assert(SIDING_PARAMETERS_MAX <= 64 && sizeof(struct hole) == 2, "a mask, pairs of bytes");

/* What the host has put into the holes means nothing. */
static void clear_holes(struct bound *bound) {
    for (uint32_t i = 0; i < bound->holes_count; i++) {
        bound->words[bound->signature->parameters[bound->holes[i].parameter].offset] = 0;
    }
}

static struct bound *make(const struct siding_call *call, const struct signature *signature,
                          uint32_t words, const uint8_t *holes, uint32_t holes_count) {
    uint32_t holes_bytes = holes_count * (uint32_t)sizeof(struct hole);
    uint32_t size_bytes = (uint32_t)sizeof(struct bound) + words * 8 + holes_bytes;
    struct bound *bound = malloc(size_bytes);
    if (bound == NULL) {
        return NULL;
    }
    *bound = (struct bound){
        .signature = signature,
        .function = (void (*)(void))(uintptr_t)call->function,
        .flags = call->flags & CALL_ERRORS,
        .holes_count = (uint8_t)holes_count,
        .size_bytes = size_bytes,
        .holes = (const struct hole *)(bound->words + words),
    };
    atomic_init(&bound->held.holders, 1);
    memcpy(bound->words, call + 1, words * sizeof *bound->words);
    if (holes_count > 0) {
        memcpy(bound->words + words, holes, holes_bytes);
        clear_holes(bound);
    }
    memory_count(size_bytes);
    return bound;
}

int32_t bound_create(struct bridge *bridge, const uint64_t *record, uint32_t words,
                     const uint8_t *holes, uint32_t holes_count, uint64_t *out_bound) {
    const struct siding_call *call = (const struct siding_call *)record;
    const struct signature *signature =
        words < SIDING_CALL_WORDS ? NULL : signature_find(call->signature);
    uint64_t mask = 0;
    if (signature == NULL || !call_names_address(call) ||
        words < SIDING_CALL_WORDS + signature->argument_words ||
        !are_holes(signature, holes, holes_count, &mask)) {
        return SIDING_EINVALID;
    }
    struct bound *bound = make(call, signature, words - SIDING_CALL_WORDS, holes, holes_count);
    if (bound == NULL) {
        return SIDING_ENOMEM;
    }
    bound->bridge = bridge;
    bound->holes_mask = mask;
    int32_t status =
        call_resolve(signature, bound->words, words - SIDING_CALL_WORDS, &bridge->blocks, NULL);
    uint64_t handle = status == SIDING_OK ? registry_add(&registry, &bound->held) : 0;
    if (handle == 0) {
        bound_release(bound);
        return status == SIDING_OK ? SIDING_ELIMIT : status;
    }
    bound->handle = handle;
    *out_bound = handle;
    return SIDING_OK;
}

int32_t bound_keep(struct bridge *bridge, uint64_t handle, uint32_t number) {
    struct block *block = block_find(&bridge->blocks, number);
    struct bound *bound = block == NULL ? NULL : bound_find(handle);
    if (bound == NULL || bound->bridge != bridge) { /* whose thread alone has its blocks */
        bound_release(bound);
        return block == NULL ? SIDING_EINVALID : SIDING_ESTALE;
    }
    struct bound_block *kept = malloc(sizeof *kept);
    if (kept != NULL) {
        *kept = (struct bound_block){bound->blocks, block->address, block->size_bytes};
        bound->blocks = kept;
        block_release(&bridge->blocks, block);
    }
    bound_release(bound);
    return kept == NULL ? SIDING_ENOMEM : SIDING_OK;
}

int32_t bound_drop(uint64_t handle) {
    struct held *object = registry_remove(&registry, handle);
    bound_release((struct bound *)object);
    return object == NULL ? SIDING_ESTALE : SIDING_OK;
}

void bound_leave(const struct bridge *bridge) {
    uint32_t used = registry_used(&registry);
    for (uint32_t index = 0; index < used; index++) {
        struct bound *bound = (struct bound *)registry_at(&registry, index);
        if (bound != NULL && bound->bridge == bridge) {
            (void)bound_drop(bound->handle);
        }
        bound_release(bound);
    }
}

struct bound *bound_find(uint64_t handle) {
    return (struct bound *)registry_find(&registry, handle);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void fill_around_holes(const struct bound *bound, uint64_t *arguments) {
    const struct signature *signature = bound->signature;
    for (uint32_t i = 0; i < signature->parameters_count; i++) {
        uint32_t offset = signature->parameters[i].offset;
        if ((bound->holes_mask >> i & 1) == 0) {
            memcpy(arguments + offset, bound->words + offset,
                   signature_parameter_words(signature, i) * sizeof *arguments);
        }
    }
}

void bound_fill(const struct bound *bound, uint64_t *arguments) {
    if (bound->holes_count > 0) {
        fill_around_holes(bound, arguments);
    } else {
        memcpy(arguments, bound->words, bound->signature->argument_words * sizeof *arguments);
    }
}

int32_t bound_resolve_holes(const struct bound *bound, uint64_t *arguments, uint32_t words,
                            struct block_table *blocks) {
    const struct signature *signature = bound->signature;
    for (uint32_t i = 0; i < bound->holes_count; i++) {
        const struct parameter *parameter = &signature->parameters[bound->holes[i].parameter];
        if (!call_resolve_one(parameter, arguments, words, blocks, NULL)) {
            return SIDING_EINVALID;
        }
    }
    return SIDING_OK;
}

void bound_drop_result(const struct signature *signature, const uint64_t *words) {
    struct frame frame = {words, signature->result_words, words + signature->result_words};
    struct tails tails;
    if (signature->tails_count > 0 && signature->chain == NULL) {
        (void)event_measure_payload(signature, &frame, &tails);
        tail_free(&tails);
    }
}

void bound_run(const struct bound *bound) {
    siding_assert(bound->holes_count == 0);
    const struct signature *signature = bound->signature;
    uint32_t words = (uint32_t)signature->result_words + signature->argument_words;
    uint64_t scratch[SCRATCH_WORDS];
    uint64_t *memory = words <= SCRATCH_WORDS ? scratch : malloc(words * sizeof *memory);
    if (memory == NULL) {
        return;
    }
    struct record record = {.signature = signature, .words = memory, .function = bound->function};
    record.flags = bound->flags;
    bound_fill(bound, memory + signature->result_words);
    if (call_execute(&record) == SIDING_OK) {
        bound_drop_result(signature, memory);
    }
    free(record.tails);
    if (memory != scratch) {
        free(memory);
    }
}

uint32_t bound_count(void) {
    return registry_count(&registry);
}

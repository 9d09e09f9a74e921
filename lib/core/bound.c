#include "bound.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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

static struct bound *make(const struct siding_call *call, const struct signature *signature,
                          uint32_t words) {
    uint32_t size_bytes = (uint32_t)sizeof(struct bound) + words * 8;
    struct bound *bound = malloc(size_bytes);
    if (bound == NULL) {
        return NULL;
    }
    atomic_init(&bound->held.holders, 1);
    bound->signature = signature;
    bound->function = (void (*)(void))(uintptr_t)call->function;
    bound->bridge = NULL;
    bound->handle = 0;
    bound->flags = call->flags & SIDING_CALL_ERRNO;
    bound->size_bytes = size_bytes;
    bound->blocks = NULL;
    memcpy(bound->words, call + 1, words * sizeof *bound->words);
    memory_count(size_bytes);
    return bound;
}

int32_t bound_create(struct bridge *bridge, const uint64_t *record, uint32_t words,
                     uint64_t *out_bound) {
    const struct siding_call *call = (const struct siding_call *)record;
    const struct signature *signature =
        words < SIDING_CALL_WORDS ? NULL : signature_find(call->signature);
    if (signature == NULL || !call_names_address(call) ||
        words < SIDING_CALL_WORDS + signature->argument_words) {
        return SIDING_EINVALID;
    }
    struct bound *bound = make(call, signature, words - SIDING_CALL_WORDS);
    if (bound == NULL) {
        return SIDING_ENOMEM;
    }
    bound->bridge = bridge;
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
    if (bound == NULL) {
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

void bound_fill(const struct bound *bound, uint64_t *arguments) {
    memcpy(arguments, bound->words, bound->signature->argument_words * sizeof *arguments);
}

/* Nobody wants what it gives, but what it owns is freed. */
static void drop_result(const struct record *record) {
    const struct signature *signature = record->signature;
    struct frame frame = {record->words, signature->result_words,
                          record->words + signature->result_words};
    struct tails tails;
    if (signature->tails_count > 0 && signature->chain == NULL) {
        (void)event_measure_payload(signature, &frame, &tails);
        tail_free(&tails);
    }
}

void bound_run(struct bound *bound) {
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
        drop_result(&record);
    }
    free(record.tails);
    if (memory != scratch) {
        free(memory);
    }
}

uint32_t bound_count(void) {
    return registry_count(&registry);
}

#include "bound_pointer.h"

#include <stdlib.h>

#include "../base/inline.h"
#include "call.h"
#include "closure.h"
#include "memory.h"
#include "type.h"

#define SCRATCH_WORDS 64u /* of most runs */
#define RUN_WORDS_MAX (2u * SIGNATURE_WORDS_MAX)

static bool fits_hole(const struct signature *inner, const struct signature *outer,
                      const struct hole *hole) {
    if (hole->argument >= outer->parameters_count) {
        return false;
    }
    struct type given = type_of_parameter(outer, hole->argument);
    return type_converts(given, type_of_parameter(inner, hole->parameter));
}

static bool fits_result(const struct signature *inner, const struct signature *outer) {
    uint8_t type = signature_result_type(outer);
    if (type == SIDING_TYPE_VOID || inner->chain != NULL) {
        return type == SIDING_TYPE_VOID;
    }
    bool is_nothing = signature_result_type(inner) == SIDING_TYPE_VOID && type_is_integer(type);
    return is_nothing || type_converts(type_of_result(inner), type_of_result(outer));
}

bool bound_pointer_fits(const struct bound *bound, const struct signature *outer) {
    for (uint32_t i = 0; i < bound->holes_count; i++) {
        if (!fits_hole(bound->signature, outer, &bound->holes[i])) {
            return false;
        }
    }
    return true;
}

/* Numbers are widened to words as their own type says, and cut by the call. */
static void fill(const struct bound *bound, const struct signature *outer, void **values,
                 uint64_t *arguments) {
    const struct signature *signature = bound->signature;
    for (uint32_t i = 0; i < signature->argument_words; i++) { /* few: not worth a memcpy */
        arguments[i] = bound->words[i];
    }
    call_point_to_cells(signature, arguments);
    for (uint32_t i = 0; i < bound->holes_count; i++) {
        const struct hole *hole = &bound->holes[i];
        const struct parameter *parameter = &signature->parameters[hole->parameter];
        uint64_t *words = arguments + parameter->offset;
        closure_read_one(outer, hole->argument, values[hole->argument], words);
        if (parameter->type == SIDING_TYPE_BOOL) {
            *words = *words != 0;
        }
    }
}

/* @param memory of the result and the arguments; the result is there afterwards */
static void run(const struct bound *bound, const struct signature *outer, void **values,
                uint64_t *memory) {
    const struct signature *signature = bound->signature;
    uint64_t *arguments = memory + signature->result_words;
    fill(bound, outer, values, arguments);
    memory[0] = 0; /* a void function leaves it as it is */
    call_invoke(signature, bound->function, 0, arguments, memory, NULL);
}

static uint32_t run_words(const struct bound *bound) {
    return (uint32_t)bound->signature->result_words + bound->signature->argument_words;
}

static void run_dropping(const struct bound *bound, const struct signature *outer, void **values,
                         uint64_t *memory) {
    run(bound, outer, values, memory);
    bound_drop_result(bound->signature, memory);
}

SIDING_NOINLINE
static void run_large(const struct bound *bound, const struct signature *outer, void **values) {
    uint64_t memory[RUN_WORDS_MAX];
    run_dropping(bound, outer, values, memory);
}

void bound_pointer_run(const struct bound *bound, const struct signature *outer,
                       const uint64_t *words) {
    void *values[SIDING_PARAMETERS_MAX];
    if (bound->holes_count == 0) {
        bound_run(bound);
        return;
    }
    for (uint32_t i = 0; i < outer->parameters_count; i++) {
        values[i] = (void *)(uintptr_t)(words + outer->parameters[i].offset);
    }
    if (run_words(bound) > SCRATCH_WORDS) {
        run_large(bound, outer, values);
    } else {
        uint64_t memory[SCRATCH_WORDS];
        run_dropping(bound, outer, values, memory);
    }
}

/* ---- pointers -------------------------------------------------------------------------------- */

struct bound_pointer {
    struct target target; /* first */
    struct bound *bound;
    const struct signature *outer;
};

static void release_pointer(struct target *target) {
    if (held_release(&target->held)) {
        bound_release(((struct bound_pointer *)target)->bound);
        memory_count(-(int64_t)sizeof(struct bound_pointer));
        free(target);
    }
}

static void run_pointer(const struct bound_pointer *pointer, void **values, void *result,
                        uint64_t *memory) {
    const struct signature *outer = pointer->outer;
    run(pointer->bound, outer, values, memory);
    uint8_t type = signature_result_type(outer);
    if (type == SIDING_TYPE_VOID) {
        bound_drop_result(pointer->bound->signature, memory);
        return;
    }
    if (type == SIDING_TYPE_BOOL) {
        memory[0] = memory[0] != 0;
    }
    closure_write(outer, memory, result);
}

SIDING_NOINLINE
static void run_pointer_large(const struct bound_pointer *pointer, void **values, void *result) {
    uint64_t memory[RUN_WORDS_MAX];
    run_pointer(pointer, values, result, memory);
}

/* errno stays as the function leaves it: the caller is its caller. */
static void enter_pointer(struct target *target, void **values, void *result) {
    const struct bound_pointer *pointer = (const struct bound_pointer *)target;
    if (pointer->bound->signature->chain != NULL) {
        bound_run(pointer->bound);
    } else if (run_words(pointer->bound) > SCRATCH_WORDS) {
        run_pointer_large(pointer, values, result);
    } else {
        uint64_t memory[SCRATCH_WORDS];
        run_pointer(pointer, values, result, memory);
    }
}

/* Who is inside leaves when the function returns. */
static void close_pointer(struct target *target) {
    (void)target;
}

static const struct closure_kind pointer_kind = {enter_pointer, close_pointer, release_pointer};

/* Takes over the caller's hold of the bound call. */
static int32_t open_pointer(struct bridge *bridge, struct bound *bound,
                            const struct signature *outer, uint64_t *out_closure,
                            uint64_t *out_pointer) {
    struct bound_pointer *pointer = malloc(sizeof *pointer);
    if (pointer == NULL) {
        bound_release(bound);
        return SIDING_ENOMEM;
    }
    atomic_init(&pointer->target.held.holders, 1);
    pointer->target.kind = &pointer_kind;
    pointer->bound = bound;
    pointer->outer = outer;
    memory_count(sizeof *pointer);
    int32_t status = closure_open(bridge, outer, &pointer->target, NULL, out_closure, out_pointer);
    if (status != SIDING_OK) {
        release_pointer(&pointer->target);
    }
    return status;
}

int32_t bound_pointer_open(struct bridge *bridge, uint64_t handle, uint32_t signature,
                           uint64_t *out_closure, uint64_t *out_pointer) {
    const struct signature *outer = signature_find(signature);
    struct bound *bound = bound_find(handle);
    if (bound == NULL) {
        return SIDING_ESTALE;
    }
    if (outer == NULL || !closure_suits(outer) || !bound_pointer_fits(bound, outer) ||
        !fits_result(bound->signature, outer)) {
        bound_release(bound);
        return SIDING_EINVALID;
    }
    return open_pointer(bridge, bound, outer, out_closure, out_pointer);
}

#include "bound_pointer.h"

#include <stdlib.h>
#include <string.h>

#include "../base/inline.h"
#include "call.h"
#include "closure.h"
#include "memory.h"
#include "type.h"

#define SCRATCH_WORDS 64u /* of most runs, what the caller passes included */
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
static void fill_from(const struct bound *bound, const struct signature *outer,
                      const uint64_t *words, uint64_t *arguments) {
    const struct signature *signature = bound->signature;
    bound_fill(bound, arguments);
    for (uint32_t i = 0; i < bound->holes_count; i++) {
        const struct hole *hole = &bound->holes[i];
        const struct parameter *parameter = &signature->parameters[hole->parameter];
        const uint64_t *from = words + outer->parameters[hole->argument].offset;
        if (parameter->type == SIDING_TYPE_STRUCT) {
            uint32_t count = signature_parameter_words(signature, hole->parameter);
            memcpy(arguments + parameter->offset, from, count * sizeof *from);
        } else {
            bool is_truth = parameter->type == SIDING_TYPE_BOOL;
            arguments[parameter->offset] = is_truth ? *from != 0 : *from;
        }
    }
}

/* @param memory of the result and the arguments; the result is there afterwards */
static void run_from(const struct bound *bound, const struct signature *outer,
                     const uint64_t *words, uint64_t *memory) {
    const struct signature *signature = bound->signature;
    uint64_t *arguments = memory + signature->result_words;
    fill_from(bound, outer, words, arguments);
    memory[0] = 0; /* a void function leaves it as it is */
    call_invoke(signature, bound->function, 0, arguments, memory, NULL);
}

SIDING_NOINLINE
static void run_large(const struct bound *bound, const struct signature *outer,
                      const uint64_t *words) {
    uint64_t memory[RUN_WORDS_MAX];
    run_from(bound, outer, words, memory);
    bound_drop_result(bound->signature, memory);
}

static uint32_t run_words(const struct bound *bound) {
    return (uint32_t)bound->signature->result_words + bound->signature->argument_words;
}

void bound_pointer_run(const struct bound *bound, const struct signature *outer,
                       const uint64_t *words) {
    if (bound->holes_count == 0) {
        bound_run(bound);
    } else if (run_words(bound) > SCRATCH_WORDS) {
        run_large(bound, outer, words);
    } else {
        uint64_t memory[SCRATCH_WORDS];
        run_from(bound, outer, words, memory);
        bound_drop_result(bound->signature, memory);
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

/* @param memory of the caller's arguments, then of the run */
static void run_pointer(const struct bound_pointer *pointer, void **values, void *result,
                        uint64_t *memory) {
    const struct signature *outer = pointer->outer;
    uint64_t *run = memory + outer->argument_words;
    closure_read(outer, values, memory);
    run_from(pointer->bound, outer, memory, run);
    uint8_t type = signature_result_type(outer);
    if (type == SIDING_TYPE_VOID) {
        bound_drop_result(pointer->bound->signature, run);
        return;
    }
    if (type == SIDING_TYPE_BOOL) {
        run[0] = run[0] != 0;
    }
    closure_write(outer, run, result);
}

SIDING_NOINLINE
static void run_pointer_large(const struct bound_pointer *pointer, void **values, void *result) {
    uint64_t memory[SIGNATURE_WORDS_MAX + RUN_WORDS_MAX];
    run_pointer(pointer, values, result, memory);
}

/* errno stays as the function leaves it: the caller is its caller. */
static void enter_pointer(struct target *target, void **values, void *result) {
    const struct bound_pointer *pointer = (const struct bound_pointer *)target;
    if (pointer->bound->signature->chain != NULL) {
        bound_run(pointer->bound);
    } else if (pointer->outer->argument_words + run_words(pointer->bound) > SCRATCH_WORDS) {
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

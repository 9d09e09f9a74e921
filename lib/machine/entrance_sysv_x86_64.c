/*
 * entrance_sysv_x86_64.c - the short way for numbers and pointers on x86-64, System V ABI: the n-th
 * integer is in the n-th integer register, the n-th floating point number in the n-th vector
 * register, and what is left over lies on the stack, in order.
 *
 * It is for libffi's static trampolines, which leave the closure on the stack and jump where they
 * were told to.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "entrance.h"

#define INTEGERS 6u
#define VECTORS 8u
#define VALUES_MAX 64u

/* What entrance_sysv_x86_64.s has saved, in its order. */
struct saved {
    uint64_t integers[INTEGERS];
    uint64_t vectors[VECTORS];
    uint64_t result; /* goes to rax and to xmm0 */
};

/* Of libffi, which is linked statically. */
void ffi_tramp_set_parms(void *trampoline, void *target, void *data);

void entrance_integers(void);
void entrance_numbers(void);
void entrance_serve(ffi_closure *closure, struct saved *saved, uint64_t *stack);

static bool is_vector(const ffi_type *type) {
    return type->type == FFI_TYPE_FLOAT || type->type == FFI_TYPE_DOUBLE;
}

void entrance_serve(ffi_closure *closure, struct saved *saved, uint64_t *stack) {
    const ffi_cif *cif = closure->cif;
    void *values[VALUES_MAX];
    uint32_t integers = 0;
    uint32_t vectors = 0;
    for (uint32_t i = 0; i < cif->nargs; i++) {
        if (!is_vector(cif->arg_types[i])) {
            values[i] = integers < INTEGERS ? &saved->integers[integers++] : stack++;
        } else {
            values[i] = vectors < VECTORS ? &saved->vectors[vectors++] : stack++;
        }
    }
    closure->fun(closure->cif, &saved->result, values, closure->user_data);
}

static bool is_plain(const ffi_type *type) {
    return type->type != FFI_TYPE_STRUCT && type->type != FFI_TYPE_LONGDOUBLE &&
           type->type != FFI_TYPE_COMPLEX;
}

static bool is_short(const ffi_cif *cif, bool *out_has_vectors) {
    bool is_possible = cif->abi == FFI_UNIX64 && cif->nargs <= VALUES_MAX && is_plain(cif->rtype);
    bool has_vectors = false;
    for (uint32_t i = 0; is_possible && i < cif->nargs; i++) {
        is_possible = is_plain(cif->arg_types[i]);
        has_vectors |= is_vector(cif->arg_types[i]);
    }
    *out_has_vectors = has_vectors;
    return is_possible;
}

void entrance_shorten(ffi_closure *closure, const void *pointer) {
    bool has_vectors = false;
    /* libffi writes code into closures that have no static trampoline */
    bool is_static = memcmp(pointer, closure->tramp, sizeof(uint64_t)) != 0;
    if (is_static && is_short(closure->cif, &has_vectors)) {
        void (*entrance)(void) = has_vectors ? entrance_numbers : entrance_integers;
        ffi_tramp_set_parms(closure->ftramp, (void *)(uintptr_t)entrance, closure);
    }
}

/*
 * type.h - which types become which when C calls a function through another's signature.
 */
#ifndef SIDING_CORE_TYPE_H
#define SIDING_CORE_TYPE_H

#include <ffi.h>
#include <stdbool.h>
#include <stdint.h>

#include "signature.h"

struct type {
    uint8_t code; /* enum siding_type */
    const ffi_type *layout;
};

static inline struct type type_of_parameter(const struct signature *signature, uint32_t index) {
    return (struct type){signature->parameters[index].type, signature->cif.arg_types[index]};
}

static inline struct type type_of_result(const struct signature *signature) {
    return (struct type){signature_result_type(signature), signature->cif.rtype};
}

/** @return whether it is an integer or an address  @thread any  @blocks never */
bool type_is_integer(uint8_t code);
/** @return whether one becomes the other: integers and addresses of any width do, others must be
 *  the same  @thread any  @blocks never */
bool type_converts(struct type from, struct type to);

#endif

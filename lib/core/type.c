#include "type.h"

#include <stddef.h>

bool type_is_integer(uint8_t code) {
    return (code >= SIDING_TYPE_BOOL && code <= SIDING_TYPE_U64) || code == SIDING_TYPE_POINTER ||
           code == SIDING_TYPE_BUFFER || code == SIDING_TYPE_TEXT;
}

/* NOLINTNEXTLINE(misc-no-recursion): structs in structs, SIDING_STRUCT_DEPTH_MAX deep */
static bool is_same(const ffi_type *a, const ffi_type *b) {
    if (a->type != b->type || a->size != b->size) {
        return false;
    }
    for (uint32_t i = 0; a->type == FFI_TYPE_STRUCT; i++) {
        const ffi_type *field = a->elements[i];
        const ffi_type *other = b->elements[i];
        if (field == NULL || other == NULL || !is_same(field, other)) {
            return field == NULL && other == NULL;
        }
    }
    return true;
}

bool type_converts(struct type from, struct type to) {
    return (type_is_integer(from.code) && type_is_integer(to.code)) ||
           is_same(from.layout, to.layout);
}

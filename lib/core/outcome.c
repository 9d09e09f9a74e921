#include "outcome.h"

#include "../include/siding.h"
#include "signature.h"

bool outcome_is_testable(const struct signature *signature) {
    uint16_t type = signature->cif.rtype->type;
    return type != FFI_TYPE_VOID && type != FFI_TYPE_STRUCT && type != FFI_TYPE_FLOAT &&
           type != FFI_TYPE_DOUBLE;
}

bool outcome_is(const struct signature *signature, uint64_t result, uint64_t expected) {
    size_t size_bytes = signature->cif.rtype->size;
    uint64_t mask =
        size_bytes < sizeof(uint64_t) ? (UINT64_C(1) << size_bytes * 8) - 1 : UINT64_MAX;
    return ((result ^ expected) & mask) == 0;
}

bool outcome_passes(const struct signature *signature, uint32_t test, uint64_t result,
                    uint64_t expected) {
    return test == SIDING_TEST_NONE ||
           outcome_is(signature, result, expected) == (test == SIDING_TEST_EQUAL);
}

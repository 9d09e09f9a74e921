/*
 * closure_fixture.h - what the tests of function pointers share: signatures, bound calls with holes
 * and their pointers, structs by value.
 */
#ifndef SIDING_TESTS_CLOSURE_FIXTURE_H
#define SIDING_TESTS_CLOSURE_FIXTURE_H

#include "context_fixture.h"

/* A function pointer and its handle. */
struct made {
    uint64_t closure;
    uint64_t pointer;
};

/* In registers of both kinds; in memory. */
struct mixed {
    int64_t integer;
    double real;
};
struct wide {
    int64_t words[5];
    float last;
};
#define MIXED STRUCT, 2, I64, F64
#define WIDE STRUCT, 6, I64, I64, I64, I64, I64, F32

/* PAIRS(parameter, argument, ...) and how many */
#define PAIRS(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__}) / 2

static inline uint64_t bind_holes(struct host *host, const union request *request,
                                  const uint8_t *pairs, size_t count) {
    uint64_t bound = 0;
    EXPECT_EQ(siding_bound_create(host->bridge, request->words, request->call.words, pairs,
                                  (uint32_t)count, &bound),
              SIDING_OK);
    return bound;
}

/* The pointer keeps the bound call. */
static inline struct made point_to(struct host *host, uint64_t bound, uint32_t signature) {
    struct made made = {0, 0};
    EXPECT_EQ(siding_bound_pointer(host->bridge, bound, signature, &made.closure, &made.pointer),
              SIDING_OK);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    return made;
}

#endif

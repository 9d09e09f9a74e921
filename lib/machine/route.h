/*
 * route.h - the way of a call's words into registers and onto the stack, found once per signature.
 *
 * libffi finds it anew at every call. What a machine has no routes for is left to libffi.
 */
#ifndef SIDING_MACHINE_ROUTE_H
#define SIDING_MACHINE_ROUTE_H

#include <ffi.h>
#include <stddef.h>
#include <stdint.h>

/* Immutable once made. */
struct route;

/**
 * Finds the route of calls that libffi is prepared for.
 * @param offsets of each parameter, in words from the first argument word
 * @return NULL: libffi must serve them, or out of memory
 * @thread any  @blocks never  @owns the caller, for ever
 */
const struct route *route_make(const ffi_cif *cif, const uint16_t *offsets);

/**
 * Calls the function as ffi_call does: small integers come back widened to a word, and are widened
 * on their way down.
 * @param out_result as many words as the result has, one at least; untouched where it is void
 * @thread any  @blocks as long as the function does
 */
void route_call(const struct route *route, void (*function)(void), const uint64_t *arguments,
                uint64_t *out_result);

#endif

/*
 * bound_pointer.h - bound calls whose holes are filled by a caller in C.
 */
#ifndef SIDING_CORE_BOUND_POINTER_H
#define SIDING_CORE_BOUND_POINTER_H

#include <stdbool.h>
#include <stdint.h>

#include "bound.h"

/** See siding_bound_pointer. @thread js  @blocks never */
int32_t bound_pointer_open(struct bridge *bridge, uint64_t handle, uint32_t signature,
                           uint64_t *out_closure, uint64_t *out_pointer);
/** @return whether the arguments of a function may fill its holes  @thread any  @blocks never */
bool bound_pointer_fits(const struct bound *bound, const struct signature *outer);
/**
 * Runs a bound call for its effect.
 * @param words of a function that fits it
 * @thread any  @blocks as long as the function does
 */
void bound_pointer_run(const struct bound *bound, const struct signature *outer,
                       const uint64_t *words);

#endif

/*
 * outcome.h - comparing what a call has returned with what somebody waits for.
 */
#ifndef SIDING_CORE_OUTCOME_H
#define SIDING_CORE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

struct signature;

/** @return whether the result is an integer or a pointer  @thread any  @blocks never */
bool outcome_is_testable(const struct signature *signature);
/** Compares as many bits as the result has.
 *  @param result the first word of one that is testable  @thread any  @blocks never */
bool outcome_is(const struct signature *signature, uint64_t result, uint64_t expected);
/** @param test SIDING_TEST_NONE, EQUAL, DIFFERENT  @return whether it holds
 *  @thread any  @blocks never */
bool outcome_passes(const struct signature *signature, uint32_t test, uint64_t result,
                    uint64_t expected);

#endif

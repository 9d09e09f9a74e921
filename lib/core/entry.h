/*
 * entry.h - one call of a callback by C: from the arguments that libffi found to the result.
 */
#ifndef SIDING_CORE_ENTRY_H
#define SIDING_CORE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "closure.h"
#include "signature.h"

/**
 * Serves a call: tells the host or asks it, and keeps errno. See struct closure_kind.
 * @param target a struct callback
 * @thread any  @blocks as the callback's options say
 */
void entry_serve(struct target *target, void **values, void *result);
/** @return words of an event without its tails  @thread any  @blocks never */
uint32_t entry_head_words(const struct signature *signature, bool waits);

#endif

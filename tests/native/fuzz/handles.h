/*
 * handles.h - handles of every kind that the library gave, for whatever wants a handle: live ones,
 * stale ones, of the wrong kind, with some bits changed, or made up.
 */
#ifndef SIDING_TESTS_FUZZ_HANDLES_H
#define SIDING_TESTS_FUZZ_HANDLES_H

#include "bytes.h"

enum handle_kind {
    KIND_BRIDGE,
    KIND_CONTEXT,
    KIND_SHARE,
    KIND_BOUND,
    KIND_REPEAT,
    KIND_LIBRARY,
    KIND_CLOSURE,
    KIND_SOURCE,
    KINDS
};

/* Keeps one; of each kind only the latest few are kept. */
void handles_keep(enum handle_kind kind, uint64_t handle);
/* Mostly one of that kind. */
uint64_t handles_pick(struct bytes *bytes, enum handle_kind kind);
/* @return the handle kept at a place, or 0 */
uint64_t handles_at(enum handle_kind kind, uint32_t place);

#define HANDLES_KEPT 8u

#endif

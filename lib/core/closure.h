/*
 * closure.h - function pointers for C, made with libffi, and what is left of them when closed.
 *
 *           open                    close                              forget
 *   FREE ──────────▶ OPEN ─────────────────────────▶ CLOSED ─────────────────────────▶ FREE
 *                            the pointer stays: it             nobody is inside: the
 *                            gives the closed value            address serves again
 *
 * Closures are type-stable: their memory is used again for others, never freed, for C presents only
 * an address, at any time. A closed one is a tombstone of at most 128 bytes, and nothing else of it
 * stays. The states are two facts: whether its door is open, and who holds it.
 */
#ifndef SIDING_CORE_CLOSURE_H
#define SIDING_CORE_CLOSURE_H

#include <ffi.h>
#include <stdbool.h>
#include <stdint.h>

#include "bridge.h"
#include "registry.h"
#include "signature.h"

struct target;

/* What closures of one kind do. */
struct closure_kind {
    /** C calls. @param values, result libffi's: see closure_read and closure_write
     *  @thread any  @blocks as the kind says */
    void (*enter)(struct target *target, void **values, void *result);
    /** Nobody comes in any more: lets go of those inside. @thread js  @blocks never */
    void (*close)(struct target *target);
    /** Lets go of it. @thread a holder  @blocks never */
    void (*release)(struct target *target);
};

/* First in what a closure works on. */
struct target {
    struct held held;
    const struct closure_kind *kind; /* immutable */
};

/**
 * Makes a function pointer.
 * @param target its hold becomes the closure's, if it succeeds
 * @param closed words of the result that a closed one gives, or NULL: zeros
 * @return SIDING_EINVALID: not a signature for closures; SIDING_ENOMEM, SIDING_ELIMIT
 * @thread js  @blocks never
 */
int32_t closure_open(const struct bridge *bridge, const struct signature *signature,
                     struct target *target, const uint64_t *closed, uint64_t *out_handle,
                     uint64_t *out_pointer);
/** See siding_closure_close. @thread js  @blocks never */
int32_t closure_close(const struct bridge *bridge, uint64_t handle);
/** See siding_closure_forget. @thread js  @blocks never */
int32_t closure_forget(const struct bridge *bridge, uint64_t handle);
/** Closes what a bridge has left; its handles end. @thread js  @blocks never */
void closure_leave(const struct bridge *bridge);
/** @return what an open closure of that kind works on, held for the caller, or NULL
 *  @thread js  @blocks never */
struct target *closure_find(const struct bridge *bridge, uint64_t handle,
                            const struct closure_kind *kind);

/** @return whether C can call by it: one call, no cells  @thread any  @blocks never */
bool closure_suits(const struct signature *signature);
/**
 * Copies what C has passed, as the argument words of a call record: integers widened to a word.
 * @param out_words signature->argument_words
 * @thread the one that called  @blocks never
 */
void closure_read(const struct signature *signature, void **values, uint64_t *out_words);
/** The same for one of them. @param out_words its own  @thread the one that called */
void closure_read_one(const struct signature *signature, uint32_t index, const void *value,
                      uint64_t *out_words);
/** Hands words of a result to libffi. @thread the one that called  @blocks never */
void closure_write(const struct signature *signature, const uint64_t *words, void *result);

/** @return pointers of closed ones that have not been forgotten  @thread any  @blocks never */
uint32_t closure_tombstones(void);
/** @return SIDING_TRAMPOLINES_..., 0: none was made yet  @thread any  @blocks never */
uint32_t closure_trampolines(void);

#endif

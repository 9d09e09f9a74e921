/*
 * call.h - running one C function, by its route or through libffi.
 */
#ifndef SIDING_CORE_CALL_H
#define SIDING_CORE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/siding.h"
#include "block.h"
#include "outbox.h"
#include "record.h"

struct slot;

/* How a call may ask for its error: at most one of them. */
#define CALL_ERRORS (SIDING_CALL_ERRNO | SIDING_CALL_LAST_ERROR)

/**
 * Turns the references among argument words into addresses: texts inside the record, blocks, lent
 * buffers. Cells wait for the run.
 * @param arguments the argument words; inline operands count from `record_bytes` before them
 * @param words argument words and inline texts together
 * @param lent four pointers, or NULL: none may be named
 * @return 0 or SIDING_EINVALID
 * @thread js  @blocks never
 */
int32_t call_resolve(const struct signature *signature, uint64_t *arguments, uint32_t words,
                     struct block_table *blocks, void *const *lent);

/** The same for one parameter that is no cell. @return false: it names nothing  @thread js */
bool call_resolve_one(const struct parameter *parameter, uint64_t *arguments, uint32_t words,
                      struct block_table *blocks, void *const *lent);

/** @return whether the function that a record names is an address, not a bound call's handle */
static inline bool call_names_address(const struct siding_call *call) {
    return (call->flags & (SIDING_CALL_BOUND | SIDING_CALL_DEFERRED)) == 0;
}

/**
 * Points the parameters that are cells to them, zeroes those that C fills, and calls the function.
 * @param out_result signature->result_words words
 * @param out_error as one of CALL_ERRORS in flags asks
 * @thread any  @blocks as long as the function does
 */
void call_invoke(const struct signature *signature, void (*function)(void), uint16_t flags,
                 uint64_t *arguments, uint64_t *out_result, int32_t *out_error);

/** @return whether anyone still waits for its event  @thread worker  @blocks never */
bool call_is_wanted(const struct record *record);
/** Runs the function, or the chain, of a record. @return a status  @thread any but js
 *  @blocks as long as the function does */
int32_t call_execute(struct record *record);
/** The same, noted while calls are traced. @thread worker, the slot's own
 *  @blocks as long as the function does */
int32_t call_execute_traced(struct record *record, const struct slot *slot);
/** Notes a run for whoever watches or interrupts it. @thread worker, the slot's own
 *  @blocks never */
void call_note_begin(struct record *record, struct slot *slot);
/** The run is over. @thread worker, the slot's own  @blocks while it is being interrupted */
void call_note_end(struct slot *slot);
/** Runs a queued record, unless it was cancelled or came too late, and delivers its event.
 *  @thread worker, the slot's own  @blocks as long as the function does */
void call_run(struct record *record, struct slot *slot);
/** Delivers the event of a queued record that will not run. @thread worker, the slot's own */
void call_refuse(struct record *record, struct slot *slot, int32_t status);

#endif

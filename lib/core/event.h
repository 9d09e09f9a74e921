/*
 * event.h - turning finished records into event records for the host.
 *
 * What a call's tails point to is copied on the thread that ran it: straight into the event where
 * that is written there, else into memory of the record.
 */
#ifndef SIDING_CORE_EVENT_H
#define SIDING_CORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge.h"
#include "tail.h"

#define EVENT_TAILS_WORDS_MAX 1025u /* 8 KiB and their size; longer ones become a block */

/**
 * Finds the tails of a call that has just returned.
 * @return words of its event, or UINT32_MAX: its tails do not fit into one
 * @thread worker, the one that ran the call  @blocks never
 */
uint32_t event_measure(const struct record *record, struct tails *out_tails);
/** Writes that event. @param out so many words  @thread as event_measure  @blocks never */
void event_write(const struct record *record, const struct tails *tails, uint64_t *out);
/** Copies the tails into the record instead. @thread as event_measure  @blocks never */
void event_keep(struct record *record, const struct tails *tails);

/** Finds the tails of a call. @return words of its payload  @thread as event_measure */
uint64_t event_measure_payload(const struct signature *signature, const struct frame *frame,
                               struct tails *out_tails);
/** Writes result, cells and tails. @param out so many words  @thread as event_measure */
void event_write_payload(const struct signature *signature, const struct frame *frame,
                         const struct tails *tails, uint64_t *out);

/**
 * Writes tails, long ones as a block of the bridge.
 * @param out_flags SIDING_EVENT_BLOCK is added for a block
 * @return words written, or SIDING_ENOMEM, SIDING_ELIMIT, or SIDING_ESPACE: there is no bridge
 * @thread js, as event_measure  @blocks never
 */
int32_t event_write_tails(struct bridge *bridge, const struct tails *tails, uint64_t *out,
                          uint16_t *out_flags);

/** @return words of the event of a record that kept its tails  @thread js  @blocks never */
uint32_t event_kept_words(const struct record *record);
/**
 * Writes it; long tails become a block of the bridge.
 * @param out event_kept_words words
 * @return words written: fewer if there was no memory for a block
 * @thread js  @blocks never
 */
uint32_t event_write_kept(struct bridge *bridge, struct record *record, uint64_t *out);

/**
 * See siding_call_here.
 * @param bridge NULL: no blocks
 * @thread any  @blocks as long as the function does
 */
int32_t event_call_here(struct bridge *bridge, uint64_t *record, uint32_t words,
                        uint64_t *out_event, uint32_t capacity_words, void *const *lent);

#endif

/*
 * event.h - turning finished records into event records for the host.
 */
#ifndef SIDING_CORE_EVENT_H
#define SIDING_CORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge.h"

/** @return words of the event of a DONE record  @thread the record's owner  @blocks never */
uint32_t event_words(const struct record *record);
/** @return whether its text is too long for an event: the js thread puts it into a block
 *  @thread the record's owner  @blocks never */
bool event_needs_block(const struct record *record);
/** Copies the text of a record, which the next call on this thread may change.
 *  @thread worker  @blocks never */
void event_keep_text(struct record *record);
/**
 * Writes the event of a DONE record.
 * @param bridge may be NULL where no block is needed
 * @param out event_words words
 * @return words written: fewer if there was no memory for a block
 * @thread the record's owner  @blocks never
 */
uint32_t event_write(struct bridge *bridge, const struct record *record, uint64_t *out);
/**
 * See siding_call_here.
 * @param bridge NULL: no blocks
 * @thread any  @blocks as long as the function does
 */
int32_t event_call_here(struct bridge *bridge, uint64_t *record, uint32_t words,
                        uint64_t *out_event, uint32_t capacity_words, void *const *lent);

#endif

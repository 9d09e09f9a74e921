/*
 * line.h - acquisitions that wait for a slot, first come first served, of all bridges.
 *
 * Who finds no slot joins the line and then serves it; who gives a slot back takes it off the count
 * and then serves the line. Both are sequentially consistent, so no slot is left while someone
 * waits.
 */
#ifndef SIDING_CORE_LINE_H
#define SIDING_CORE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge.h"
#include "record.h"

/** Joins it. @param name NULL: none  @return 1, or a status  @thread js  @blocks never */
int32_t line_join(struct bridge *bridge, const struct siding_context_options *options,
                  const char *name, uint32_t token);
/** @return whether a record is one that waits, or has waited  @thread js  @blocks never */
bool line_owns(const struct record *record);
/** Leaves it. @return SIDING_OK, or SIDING_ERUNNING: too late  @thread js  @blocks never */
int32_t line_cancel(struct record *record);
/** Leaves it with all acquisitions of a bridge. @thread js  @blocks never */
void line_leave(struct bridge *bridge);
/** Gives slots to those who wait. @thread any  @blocks never */
void line_serve(void);
/** @return how many wait  @thread any  @blocks never */
uint32_t line_length(void);

#endif

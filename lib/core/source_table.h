/*
 * source_table.h - the memory of sources, and which of them a handle names.
 *
 * Sources are type-stable: their memory is used for others, never freed, for siding_event_post may
 * come at any time.
 */
#ifndef SIDING_CORE_SOURCE_TABLE_H
#define SIDING_CORE_SOURCE_TABLE_H

#include <stdint.h>

#include "source.h"

/** @return SIDING_OK, with one that nobody else knows; SIDING_ELIMIT, SIDING_ENOMEM
 *  @thread any  @blocks never  @owns the caller, until source_give */
int32_t source_take(struct source **out_source);
/** @thread its last holder  @blocks never */
void source_give(struct source *source);

/** @return the source that has this handle now, or NULL  @thread any  @blocks never */
struct source *source_at(uint64_t handle);

#endif

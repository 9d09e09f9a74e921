/*
 * child.h - sources of kind CHILD: the poller collects the child, and tells how it has ended.
 */
#ifndef SIDING_CORE_CHILD_H
#define SIDING_CORE_CHILD_H

#include "source.h"

extern const struct source_kind child_kind;

#define CHILD_WORDS 2u

/** Writes the payload of its event. @param out CHILD_WORDS words  @thread js  @blocks never */
void child_write(uint64_t tally, uint64_t *out);

#endif

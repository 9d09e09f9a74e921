/*
 * ready.h - sources of kind READY: conditions of a descriptor.
 *
 * With SIDING_SOURCE_EDGE what the poller tells is added up. Otherwise it is dropped unless the
 * host has asked, and whenever the host asks the descriptor is looked at: js stores ASKED and then
 * looks at the descriptor, the poller sees the descriptor change and then looks at the state. Both
 * are sequentially consistent, and the system's calls order the rest: one sees the other. Where a
 * wait has one shot it begins when that look has found nothing: nothing is taken for a host that
 * has not asked.
 */
#ifndef SIDING_CORE_READY_H
#define SIDING_CORE_READY_H

#include <stdbool.h>

#include "../platform/poller.h"
#include "source.h"

extern const struct source_kind ready_kind;

/** The host asks, and had not. @return whether to look, then to end it with what was found
 *  @thread js, the state ASKED  @blocks never */
bool ready_begin_look(struct source *source, struct siding_look *out_look);
/** Has what was found told. @thread js  @blocks never */
void ready_end_look(struct source *source, const struct siding_look *look);

#endif

/*
 * signals.h - sources of kind SIGNAL.
 *
 * The handler counts the signal and kicks the poller, which gives the count to each listener: both
 * are sequentially consistent, so that the poller sees the count or is kicked after it has looked.
 * While a signal has listeners our handler stands before the one that was there. Listeners are
 * guarded by one mutex; js alone adds them, takes them off and ends them.
 */
#ifndef SIDING_CORE_SIGNALS_H
#define SIDING_CORE_SIGNALS_H

#include "source.h"

extern const struct source_kind signals_kind;

/** Tells what has come. @thread poller  @blocks never */
void signals_tell(struct told *told);

#endif

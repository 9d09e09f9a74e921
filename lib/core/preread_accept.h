/*
 * preread_accept.h - sources that take connections from a listener.
 */
#ifndef SIDING_CORE_PREREAD_ACCEPT_H
#define SIDING_CORE_PREREAD_ACCEPT_H

#include "preread.h"

/** Takes connections for one event.  @thread poller  @blocks never */
enum preread_step preread_accept_step(struct source *source);

#endif

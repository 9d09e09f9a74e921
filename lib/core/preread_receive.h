/*
 * preread_receive.h - sources that receive datagrams, with their senders.
 */
#ifndef SIDING_CORE_PREREAD_RECEIVE_H
#define SIDING_CORE_PREREAD_RECEIVE_H

#include "preread.h"

/** Receives datagrams for one event.  @thread poller  @blocks never */
enum preread_step preread_receive_step(struct source *source);

#endif

/*
 * preread_bytes.h - sources that read bytes: READ, as many as there are, and EXACT.
 */
#ifndef SIDING_CORE_PREREAD_BYTES_H
#define SIDING_CORE_PREREAD_BYTES_H

#include "preread.h"

/** Reads once.  @thread poller  @blocks never */
enum preread_step preread_bytes_step(struct source *source);
/** Likewise; within an item the end of the stream is an error without a number.
 * @thread poller  @blocks never */
enum preread_step preread_exact_step(struct source *source);

#endif

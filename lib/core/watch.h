/*
 * watch.h - the one thread that looks after the others: calls that are stuck, leases that do not
 * end, interrupts that were asked for, threads that have been vacant for long.
 *
 * It has no tick. It sleeps until the earliest time at which some slot wants to be looked at, for
 * ever if there is none, and then goes through all slots.
 */
#ifndef SIDING_CORE_WATCH_H
#define SIDING_CORE_WATCH_H

#include <stdint.h>

#include "../platform/platform.h"
#include "interrupt.h"
#include "slot.h"

/** Makes sure that the slots are looked at by then; LEASE_NEVER: nothing. What is to be seen was
 *  stored before, sequentially consistent. @thread any  @blocks never */
void watch_arm(uint64_t at_ns);
/** Asks for an interrupt of a run, in place of what was asked there before; the caller calls
 *  watch_arm(0) after unlocking the lease that `asked` is of. @thread any  @blocks never */
void watch_ask(struct asked *asked, uint64_t run, const struct interrupt *interrupt);

#endif

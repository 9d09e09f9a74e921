/*
 * timer.h - the times that the poller waits for, earliest first.
 *
 * Any thread sets one; the poller's own timer is set to the earliest then, which wakes nobody.
 */
#ifndef SIDING_CORE_TIMER_H
#define SIDING_CORE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "source.h"

/** Makes room for one more timer. @return SIDING_OK, SIDING_ENOMEM  @thread any  @blocks never */
int32_t timer_reserve(void);
/** Gives it back. @thread any, no timer of it is set  @blocks never */
void timer_unreserve(void);
/**
 * Sets a timer for which there is room; those due at the same time come in any order.
 * @param due_ns of siding_clock_ns; UINT64_MAX: never
 * @param every_ns from then on, by due_ns; 0: once
 * @thread any, its owner  @blocks never
 */
void timer_set(struct timer *timer, uint64_t due_ns, uint64_t every_ns);
/** Goes on with one that is parked. @return ticks that have come meanwhile
 *  @thread any  @blocks never */
uint64_t timer_resume(struct timer *timer);
/** @return whether it was set, or parked, and now is not  @thread any  @blocks never */
bool timer_cancel(struct timer *timer);
/** @return a time before which none is due  @thread any  @blocks never */
uint64_t timer_next_ns(void);
/** Runs what is due. @thread poller  @blocks never */
void timer_run_due(struct told *told);

#endif

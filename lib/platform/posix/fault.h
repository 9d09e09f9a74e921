/*
 * fault.h - how the handler of faults leaves a siding_fault_read; with each system, for it knows
 * where the processor was.
 */
#ifndef SIDING_PLATFORM_POSIX_FAULT_H
#define SIDING_PLATFORM_POSIX_FAULT_H

#include <stdbool.h>

/** @param context of the handler @return whether the fault came from one, which now returns false
 *  @thread any, in the handler  @blocks never */
bool siding_fault_leave_read(void *context);

#endif

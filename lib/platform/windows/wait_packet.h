/*
 * wait_packet.h - waits that the system does: see wait.h.
 *
 * The functions are those of ntdll that the thread pool of Windows 8 and later waits with; they are
 * found at run time.
 */
#ifndef SIDING_WINDOWS_WAIT_PACKET_H
#define SIDING_WINDOWS_WAIT_PACKET_H

#include "wait.h"

/** @return whether the system has them  @thread any  @blocks never */
bool wait_packet_is_known(void);
/** @return NULL: the system refused  @thread any  @blocks never  @owns the caller: CloseHandle */
HANDLE wait_packet_create(void);
/** Has the port told once the object is signalled, at once if it is.
 *  @return false: the system refused  @thread any  @blocks never */
bool wait_packet_arm(HANDLE packet, HANDLE port, HANDLE object, uint64_t ticket);
/** Ends that, and takes back what the port has not given out.
 *  @return false: the object was signalled before  @thread any  @blocks never */
bool wait_packet_cancel(HANDLE packet);

#endif

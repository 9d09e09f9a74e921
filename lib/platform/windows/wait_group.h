/*
 * wait_group.h - waits of a system without packets: threads that wait for many objects each.
 *
 * A thread waits for the armed ones of its members and for an event of its own, which says that
 * these have changed. The system tells of the first that is signalled, so they are kept in the
 * order in which they were armed: who was told goes to the end, and starves nobody.
 *
 * Not by RegisterWaitForSingleObject: where such a wait is taken back after its thread has taken a
 * signal and before the callback runs, the signal may be lost, as it was in wine 8.
 */
#ifndef SIDING_WINDOWS_WAIT_GROUP_H
#define SIDING_WINDOWS_WAIT_GROUP_H

#include "wait.h"

/** Makes a wait a member of a group that has room, or of a new one.
 *  @return 0 or errno: EAGAIN, ENOMEM  @thread any  @blocks never */
int32_t wait_group_join(struct wait *wait) SIDING_REQUIRES(&wait_mutex);
/** An ARMED wait is waited for. @thread any  @blocks never */
void wait_group_arm(struct wait *wait) SIDING_REQUIRES(&wait_mutex);
/** A LEAVING wait will be freed. @thread any  @blocks never */
void wait_group_expel(struct wait *wait) SIDING_REQUIRES(&wait_mutex);
/** One that is not waited for is no member any more. @thread any  @blocks never */
void wait_group_leave(struct wait *wait) SIDING_REQUIRES(&wait_mutex);

#endif

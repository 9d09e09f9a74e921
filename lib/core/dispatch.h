/*
 * dispatch.h - the queue of calls that any thread may take.
 */
#ifndef SIDING_CORE_DISPATCH_H
#define SIDING_CORE_DISPATCH_H

#include "inbox.h"
#include "slot.h"

/** Queues QUEUED records for any thread, linked first → … → last. @thread js  @blocks never */
void dispatch_submit(struct node *first, struct node *last);

/** Summons a server if calls wait: for whoever has made a thread available.
 *  @thread any  @blocks never */
void dispatch_look(void);
/** Duty NODE_SERVE: runs queued calls until there are none. @thread worker, a SHARED slot's */
void dispatch_serve(struct slot *slot);
/** Duty NODE_FOLLOW: watches, takes over when the queue stalls. @thread worker, a SHARED slot's */
void dispatch_follow(struct slot *slot);

#endif

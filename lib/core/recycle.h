/*
 * recycle.h - the end of a lease: by its thread, or without it.
 *
 * When the last bridge has left, the slot's thread refuses what is queued, runs the deferred calls,
 * makes every field of the lease what it was before, and reports when the slot is vacant. The watch
 * bounds that by `deadline_ns`: it interrupts the running call, and at last ends the lease without
 * the thread. Both act under the lease's mutex; whoever takes the reports out of the lease tells.
 */
#ifndef SIDING_CORE_RECYCLE_H
#define SIDING_CORE_RECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "slot.h"

/**
 * Ends the part of a bridge, and the lease if it was the last.
 * @param report a QUEUED record to be delivered at the end, or NULL
 * @return true: it has ended already, the report is not used
 * @thread js of that bridge  @blocks never
 */
bool recycle_leave(struct slot *slot, struct bridge *bridge, struct record *report);
/** Tells the listener of a bridge that nothing more comes. @thread js  @blocks never */
void recycle_unlisten(struct slot *slot, const struct bridge *bridge);
/** Node NODE_RELEASE: everything up to VACANT. @return whether the thread must end
 *  @thread worker, the slot's own  @blocks as long as deferred calls do */
bool recycle_run(struct slot *slot);

/**
 * Looks after a slot in RECYCLE_PENDING or RECYCLING.
 * @param outbox for notices
 * @return when to look again
 * @thread watch  @blocks as long as an interrupt does
 */
uint64_t recycle_watch(struct slot *slot, uint64_t now_ns, struct outbox *outbox);

#endif

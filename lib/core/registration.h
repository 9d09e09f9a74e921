/*
 * registration.h - descriptors that the poller waits for, and who watches each of them.
 *
 * One registration with the system per descriptor of an open file, edge-triggered, for what its
 * watchers want together. The system knows better than we whether a descriptor still is that open
 * file: where it takes one as new that we thought we had, ours was closed, and its watchers are
 * told so. What the system tells carries the generation of the registration, so that nobody gets
 * what was meant for a predecessor.
 *
 * Where the system has waits of one shot, each source has a wait, and so a registration, of its
 * own: see siding_poller_adopt.
 *
 * Everything is guarded by one mutex, registration_mutex, held for a few steps at a time. Who takes
 * a source off its registration ends it, or has it ended.
 */
#ifndef SIDING_CORE_REGISTRATION_H
#define SIDING_CORE_REGISTRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "../platform/poller.h"
#include "source.h"

/**
 * Has source->object watched: source->kind->ready tells.
 * @param conditions SIDING_READY_READ, _WRITE, _PRIORITY
 * @param out_error errno, with SIDING_ESYSTEM
 * @return SIDING_OK, SIDING_ESYSTEM, SIDING_ENOMEM
 * @thread js  @blocks never
 */
int32_t registration_add(struct source *source, uint32_t conditions, int32_t *out_error);
/** What has become of a watched source. */
enum registration_removal {
    REGISTRATION_NONE, /* it was not watched */
    REGISTRATION_DONE, /* nothing tells any more */
    REGISTRATION_SOON  /* nothing tells any more, but the system is to let go of it yet: the poller
                          ends it then, and nobody else, nor is its number used any more; never
                          where nothing is awaited */
};
/** @param is_untold whether nobody has heard of what was told of it last: see siding_poller_remove
 *  @thread any  @blocks never */
enum registration_removal registration_remove(struct source *source, bool is_untold);
/** Tells the watchers, and ends who was removed. @thread poller  @blocks never */
void registration_tell(const struct siding_ready *ready, uint32_t count, struct told *told);

#endif

/*
 * poller.h - the one thread that waits for all sources.
 *
 *   siding_poller_wait ─▶ descriptors, times, signals: told ─▶ commands ─▶ one turn of each task
 *
 * A host that waits on the spot runs the rounds itself for a while: see lead.h.
 *
 * It is started with the first source and never ends. It sleeps in the system's wait while there
 * is nothing to do; before it does, it puts its inbox to sleep, so that the push of a command kicks
 * it, and after it has told something it looks a while longer, as the threads of the pool do.
 */
#ifndef SIDING_CORE_POLLER_H
#define SIDING_CORE_POLLER_H

#include <stdint.h>

#include "../platform/poller.h"

struct node;

/**
 * Starts it, unless it runs.
 * @param out_error errno, with SIDING_ESYSTEM
 * @return SIDING_OK, SIDING_ESYSTEM
 * @thread any  @blocks never
 */
int32_t poller_start(int32_t *out_error);
/** @return what it waits with, once it was started  @thread any  @blocks never */
const struct siding_poller *poller_system(void);
/** Hands it a command. @thread any  @blocks never */
void poller_push(struct node *command);
/** Whether a host runs its rounds on the spot, while it waits for what they tell. */
enum poller_here {
    POLLER_AWAY,
    POLLER_LOOKS,  /* another has wished for the lead, or has it */
    POLLER_WISHES, /* it has itself */
    POLLER_HERE
};
/** Begins to: as soon as the poller's thread steps aside. @thread js  @blocks never */
enum poller_here poller_begin_here(void);
/** One round, with one turn of a task, once that thread has stepped aside.
 *  @param here what the last function has returned, not POLLER_AWAY
 *  @return POLLER_AWAY: there is a turn that is for the poller's own thread
 *  @thread js  @blocks as long as one turn of a task does */
enum poller_here poller_run_here(enum poller_here here);
/** Ends it. @param returns whether it will begin again soon  @thread js  @blocks never */
void poller_end_here(enum poller_here here, bool returns);
/** Has it look. @thread any, signal handlers too  @blocks never */
void poller_kick(void);

#endif

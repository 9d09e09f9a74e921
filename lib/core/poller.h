/*
 * poller.h - the one thread that waits for all sources.
 *
 *   siding_poller_wait ─▶ descriptors, times, signals: told ─▶ commands ─▶ one turn of each task
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
/** Has it look. @thread any, signal handlers too  @blocks never */
void poller_kick(void);

#endif

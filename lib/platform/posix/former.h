/*
 * former.h - the handlers that a signal had before ours, the latest first.
 *
 * Each may call the one that it found, and so us again, who then go on to the next: that is how all
 * of them are reached, each once. They are never freed, for a handler may be running: there are
 * few.
 */
#ifndef SIDING_POSIX_FORMER_H
#define SIDING_POSIX_FORMER_H

#include <signal.h>
#include <stdbool.h>

/* immutable */
struct former {
    struct sigaction action;
    const struct former *earlier; /* NULL: none is known */
    const struct former *next;    /* of all that were ever made */
};

/**
 * @return one with this action, before all others of `latest`, or NULL: out of memory
 * @thread any, one at a time  @blocks never
 */
const struct former *siding_former_add(const struct former *latest, const struct sigaction *action);
/** @return whether it is this action; NULL is none  @thread any, signal handlers too */
bool siding_former_is(const struct former *former, const struct sigaction *action);
/** @return whether it is the system's default  @thread any, signal handlers too */
bool siding_former_is_default(const struct former *former);
/** Calls it, if it is a function; NULL is none. @thread signal handlers */
void siding_former_call(const struct former *former, int number, siginfo_t *info, void *context);

#endif

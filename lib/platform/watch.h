/*
 * watch.h - the part of the porting contract about signals and children.
 */
#ifndef SIDING_PLATFORM_WATCH_H
#define SIDING_PLATFORM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* ---- signals --------------------------------------------------------------------------------- */

#define SIDING_SIGNALS_MAX 65u /* numbers are below */

/**
 * Has a signal reported as well as handled by whoever did before; if nobody did, it does nothing
 * else from now on. May be asked for again, for a later handler that has taken our place.
 * @param notice called on any thread, inside a signal handler; not in a forked child
 * @return 0 or errno; EINVAL: no signal to wait for
 * @thread any, one at a time  @blocks never
 */
int32_t siding_signal_watch(int number, void (*notice)(int number));
/** Reports it no more, and puts back what was there before, unless another handler has taken our
 *  place; if that one puts us back later, the signal does what it would have done without us.
 *  @thread any, one at a time  @blocks never */
void siding_signal_unwatch(int number);

/* ---- children -------------------------------------------------------------------------------- */

struct siding_child {
    int descriptor; /* readable when it has ended */
    int process;
};

enum siding_child_outcome {
    SIDING_CHILD_RUNS,
    SIDING_CHILD_ENDED, /* collected: there is no such process any more */
    SIDING_CHILD_LOST   /* somebody else has collected it */
};

/**
 * @return 0 or errno; ECHILD: it is no child, or a descriptor of this process waits for it already,
 *         as far as the system tells; where it would and cannot now, why: EMFILE
 * @thread any  @blocks never  @owns the caller, until siding_child_close
 */
int32_t siding_child_open(int64_t process, struct siding_child *out_child);
/** Collects it. @param out_code what it gave to exit  @param out_signal what ended it, or 0
 *  @thread any, one at a time  @blocks never */
enum siding_child_outcome siding_child_collect(const struct siding_child *child, int *out_code,
                                               int *out_signal);
/** Leaves it alone. @thread any  @blocks never */
void siding_child_close(const struct siding_child *child);

#endif

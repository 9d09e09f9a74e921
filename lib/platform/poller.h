/*
 * poller.h - the part of the porting contract that waits: descriptors, one timer, kicks.
 *
 * Implemented under lib/platform/{linux,bsd,windows} as platform.h is. One thread waits; what says
 * so may be called meanwhile on any other.
 */
#ifndef SIDING_PLATFORM_POLLER_H
#define SIDING_PLATFORM_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/siding.h"

/* immutable while it is open */
struct siding_poller {
    int queue;
    int kick;  /* -1 where the queue can be kicked itself */
    int timer; /* -1 where the queue has a timer itself */
};

/* What has changed. */
struct siding_ready {
    uint64_t data;       /* as it was registered */
    uint32_t conditions; /* SIDING_READY_... */
};

/* The descriptor is closed; see also siding_poller_remove. */
#define SIDING_POLLER_GONE 0x80000000u

/** @return 0 or errno  @thread any  @blocks never */
int32_t siding_poller_open(struct siding_poller *out_poller);

/*
 * Two kinds of systems: some tell each change of a descriptor. Windows has waits of one shot, which
 * may take what they waited for, such as the signal of an auto-reset event. There a wait begins
 * with siding_poller_await, and is over with what it tells.
 */
#if defined(_WIN32)
#define SIDING_POLLER_TELLS_CHANGES 0
#else
#define SIDING_POLLER_TELLS_CHANGES 1
#endif

/**
 * Gives what the functions below know an object by: a descriptor is itself, a HANDLE becomes a wait
 * of its own.
 * @param conditions as for siding_poller_add
 * @return 0 or errno: EBADF where there is none, EPERM where it cannot be waited for, EINVAL where
 *         it has no such conditions, ENOMEM
 * @thread any  @blocks never  @owns the caller, until siding_poller_remove or _disown
 */
int32_t siding_poller_adopt(int object, uint32_t conditions, int *out_descriptor);
/** Undoes that, of what was not added. @thread any  @blocks never */
void siding_poller_disown(int descriptor);

/**
 * Tells each change of the conditions from now on, and at once those that hold; where no changes
 * are told, nothing until siding_poller_await.
 * @param conditions SIDING_READY_READ, _WRITE, _PRIORITY; the others are told unasked
 * @return 0 or errno: EEXIST where this descriptor of this open file is registered already, EBADF
 *         where it is none or the poller's own
 * @thread any  @blocks never
 */
int32_t siding_poller_add(const struct siding_poller *poller, int descriptor, uint32_t conditions,
                          uint64_t data);
/** The same for one that is registered, instead of what was asked. @thread any  @blocks never */
int32_t siding_poller_change(const struct siding_poller *poller, int descriptor,
                             uint32_t conditions, uint64_t data);
/** Where no changes are told: waits, unless it does, and tells once when one of the conditions
 *  holds, at once if one does; SIDING_READY_ERROR alone: that is not known, the wait has failed.
 *  Elsewhere nothing.
 *  @return false: the system refused, and nothing will be told  @thread any  @blocks never */
bool siding_poller_await(const struct siding_poller *poller, int descriptor);
/**
 * Tells no more of it; what siding_poller_wait has returned already is still to come. One that was
 * closed is unknown already.
 * @param is_untold whether nobody has heard of what was told of it last: what its wait has taken,
 *        it gives back
 * @return false: something may be taken for a moment yet, and SIDING_POLLER_GONE, with its data,
 *         tells when no more
 * @thread any  @blocks never
 */
bool siding_poller_remove(const struct siding_poller *poller, int descriptor, bool is_untold);

/** Ends a wait at that time, never before; replaces the last one.
 *  @param at_ns of siding_clock_ns; UINT64_MAX: none  @thread any, one at a time  @blocks never */
void siding_poller_arm(const struct siding_poller *poller, uint64_t at_ns);
/** Ends a wait, or the next one; keeps errno. @thread any, signal handlers too  @blocks never */
void siding_poller_kick(const struct siding_poller *poller);

/**
 * @param blocks whether to wait until there is something
 * @return how many of out_ready were filled; none: its time has come, it was kicked, or nothing
 * @thread the one that waits  @blocks if asked to
 */
uint32_t siding_poller_wait(const struct siding_poller *poller, struct siding_ready *out_ready,
                            uint32_t capacity, bool blocks);

struct siding_look {
    int descriptor;
    uint32_t conditions; /* wanted, then found: with those told unasked, or SIDING_POLLER_GONE */
};
#define SIDING_LOOKS_MAX 64u

/** Says which conditions hold, and takes what a wait for them would take; without conditions, only
 *  whether it is closed. @param count at most SIDING_LOOKS_MAX  @thread any  @blocks never */
void siding_poller_look_all(struct siding_look *looks, uint32_t count);
/** @return the same of one descriptor  @thread any  @blocks never */
static inline uint32_t siding_poller_look(int descriptor, uint32_t conditions) {
    struct siding_look look = {descriptor, conditions};
    siding_poller_look_all(&look, 1);
    return look.conditions;
}

#endif

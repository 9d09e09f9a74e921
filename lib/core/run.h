/*
 * run.h - the call that a slot's thread is in, for those who watch or interrupt it.
 *
 *             worker begins              watch interrupts
 *    IDLE ──────────────────▶ RUNNING ──────────────────▶ INTERRUPTING
 *     ▲         worker ends      │ ▲      interrupt is over     │
 *     └──────────────────────────┘ └────────────────────────────┘
 *
 * The phase carries the number of the run, so that nobody takes one run for another. Ending and
 * interrupting contend by compare-and-swap; while an interrupt is in progress the worker waits, and
 * starts no further call before every signal that was sent has been handled. Only runs that may be
 * watched or interrupted are noted here.
 */
#ifndef SIDING_CORE_RUN_H
#define SIDING_CORE_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../platform/platform.h"
#include "interrupt.h"

struct record;

enum run_phase { RUN_IDLE, RUN_RUNNING, RUN_INTERRUPTING };

struct run {
    _Atomic(uint64_t) phase;         /* number << 2 | enum run_phase; atomic: see run.c */
    _Atomic(uint64_t) started_ns;    /* atomic: published by phase, see run_look */
    _Atomic(struct record *) record; /* likewise; only compared, but by its own js thread */
    _Atomic(uint32_t) token;         /* likewise */
    _Atomic(uint64_t) noticed;       /* number of the last run said to be stuck; atomic: relaxed */
    _Atomic(uint32_t) signals;       /* sent to this thread; atomic: relaxed, between two phases */
    /* of them, counted by the thread; immutable while a run is in progress */
    const _Atomic(uint32_t) *handled;
    _Atomic(uintptr_t) thread; /* atomic: relaxed, written before the first run */
};

/* What is known of a run. */
struct run_view {
    uint64_t number; /* 0: nothing runs */
    uint64_t started_ns;
    struct record *record;
    uint32_t token;
};

/** Once, when the thread has started. @thread worker  @blocks never */
void run_init(struct run *run);
/** @thread worker  @blocks never */
void run_begin(struct run *run, struct record *record);
/**
 * @return whether the run was said to be stuck
 * @thread worker  @blocks while it is being interrupted
 */
bool run_end(struct run *run, struct siding_parker *parker);
/** @thread any  @blocks never */
struct run_view run_look(const struct run *run);
/**
 * Interrupts the run with that number.
 * @return false: it has ended
 * @thread watch  @blocks as long as the interrupt does
 */
bool run_interrupt(struct run *run, uint64_t number, const struct interrupt *interrupt,
                   struct siding_parker *parker);

#endif

/*
 * task.h - what the poller runs of a source, where waiting for a descriptor is not all: reading,
 * collecting a child.
 *
 * The poller owns the task while the source is open: others send commands. A turn is a run of it;
 * it has one when its descriptor has changed, when the host asks, when its time comes, and when the
 * last one said so. The tasks that want a turn form a line; each has one per round of the poller.
 *
 * A command is a bit; the first one pushes the node, and with it a hold of the source, to the
 * poller, which takes all bits at once. After the end commands do nothing.
 */
#ifndef SIDING_CORE_TASK_H
#define SIDING_CORE_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "source.h"

struct task {
    struct node node;           /* first; of the poller's inbox; owner: who sets the first bit */
    _Atomic(uint32_t) commands; /* atomic: seq_cst; nonzero: the node is in the inbox */
    struct source *source;      /* immutable */
    bool (*run)(struct source *source); /* see task_plan */
    struct timer retry;                 /* see task_retry */
    struct source *next_in_line;        /* owner: poller */
    bool is_in_line;                    /* owner: poller */
    bool is_told;                       /* see task_take_told; owner: poller */
    bool is_leaving;                    /* REGISTRATION_SOON: it has no turn; owner: poller */
    bool is_for_poller;                 /* immutable; see task_plan */
};

struct task_plan {
    uint32_t conditions; /* SIDING_READY_READ, _PRIORITY; become flags of the source */
    bool is_for_poller;  /* code of others, or what may block: never run in the poller's place */
    /** NULL: it has no turns. @return whether it wants another at once
     *  @thread poller  @blocks never */
    bool (*run)(struct source *source);
};

/**
 * For a kind's `open`, of what watches no descriptor: starts the poller.
 * @return SIDING_OK, SIDING_ENOMEM, SIDING_ESYSTEM
 * @thread js  @blocks never
 */
int32_t task_make(struct source *source, const struct task_plan *plan, int32_t *out_error);
/**
 * The same, and has source->object watched.
 * @return SIDING_OK, SIDING_ENOMEM, SIDING_ESYSTEM
 * @thread js  @blocks never
 */
int32_t task_open(struct source *source, const struct task_plan *plan, int32_t *out_error);
/** For `ask`: a turn. @thread js  @blocks never */
void task_ask(struct source *source);
/** For `close`: the poller ends it. Takes no lock, and keeps errno.
 *  @thread js, or who is the last one inside its door; signal handlers too  @blocks never */
void task_close(struct source *source);
/** For `stop`. @thread poller  @blocks never */
void task_stop(struct source *source);
/** For `ready`: a turn. @thread poller  @blocks never */
void task_ready(struct source *source, uint32_t conditions, struct told *told);
/** For `gone`: ends with EBADF. @thread any  @blocks never */
void task_gone(struct source *source, struct told *told);
/** For `deinit`; NULL is none. @thread the last holder  @blocks never */
void task_deinit(struct source *source);

/** Where a wait takes what it tells (SIDING_POLLER_TELLS_CHANGES): it would be lost to who looks
 *  again. @return whether one has told, and it was not taken up yet  @thread poller  @blocks never */
bool task_take_told(struct source *source);
/** A turn when its descriptor has changed. @thread poller  @blocks never */
void task_await(struct source *source);
/** A turn at that time, in place of the last one asked for. @thread poller  @blocks never */
void task_retry(struct source *source, uint64_t at_ns);

/** Obeys a list of commands. @thread poller  @blocks never */
void task_obey(struct node *node);
/** One turn for each that is in line. @return whether there are still some
 *  @thread poller  @blocks never */
bool task_run_line(void);
/** One turn for the first in line, in the poller's place.
 *  @return false: that turn is for the poller's own thread  @thread js  @blocks never */
bool task_run_first_here(void);
/** @return whether there are some in line  @thread poller  @blocks never */
bool task_has_line(void);

#endif

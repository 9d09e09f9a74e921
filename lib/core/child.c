#include "child.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "../platform/watch.h"
#include "task.h"
#include "told.h"

/* tally: code and signal in its halves; a bit that no signal has, for both may be 0 */
#define HAS_ENDED (UINT64_C(1) << 31)

void child_write(uint64_t tally, uint64_t *out) {
    out[0] = tally >> 32;
    out[1] = (uint32_t)(tally & ~HAS_ENDED);
}

static bool run(struct source *source) {
    int code = 0;
    int signal = 0;
    struct told told = {NULL, NULL};
    switch (siding_child_collect(source->own, &code, &signal)) {
    case SIDING_CHILD_RUNS:
        task_await(source);
        return false;
    case SIDING_CHILD_ENDED:
        source_tell(source, HAS_ENDED | (uint64_t)(uint32_t)code << 32 | (uint32_t)signal, &told);
        source_end_later(source, SIDING_OK, 0, &told);
        break;
    case SIDING_CHILD_LOST:
        source_end_later(source, SIDING_ESYSTEM, ECHILD, &told);
        break;
    }
    told_push(&told);
    return false;
}

static int32_t open(struct source *source, const struct siding_source_options *options,
                    int32_t *out_error) {
    struct siding_child *child = malloc(sizeof *child);
    if (child == NULL) {
        return SIDING_ENOMEM;
    }
    int32_t error = siding_child_open(options->object, child);
    if (error != 0) {
        free(child);
        *out_error = error;
        return error == ECHILD ? SIDING_ENOTCHILD : SIDING_ESYSTEM;
    }
    source->own = child;
    source->object = child->descriptor;
    struct task_plan plan = {.conditions = SIDING_READY_READ, .run = run};
    int32_t status = task_open(source, &plan, out_error);
    if (status == SIDING_OK) {
        task_ask(source); /* it may have ended, and not every system tells what is over */
    }
    return status;
}

static void let_go(struct source *source) {
    if (source->own != NULL) {
        siding_child_close(source->own);
        free(source->own);
        source->own = NULL;
    }
}

/* Whoever waits for the same process after the end would find it waited for. */
static void stop(struct source *source) {
    task_stop(source);
    let_go(source);
}

static void deinit(struct source *source) {
    let_go(source);
    task_deinit(source);
}

const struct source_kind child_kind = {.open = open,
                                       .close = task_close,
                                       .stop = stop,
                                       .ready = task_ready,
                                       .gone = task_gone,
                                       .deinit = deinit};

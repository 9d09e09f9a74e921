#include "task.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "../platform/platform.h"
#include "memory.h"
#include "poller.h"
#include "registration.h"
#include "timer.h"

#define TURN 1u
#define CLOSE 2u
#define GONE 4u
#define REFUSED_NS 10000000u /* until a wait that the system refused is tried again */

/* owner, both: poller */
static struct source *line_first;
static struct source *line_last;

/* ---- commands -------------------------------------------------------------------------------- */

static void command(struct source *source, uint32_t bit) {
    struct task *task = source->task;
    /* seq_cst: what came before, as credit, is seen by the turn; pairs with obey */
    if (atomic_fetch_or_explicit(&task->commands, bit, memory_order_seq_cst) == 0) {
        source_retain(source);
        poller_push(&task->node);
    }
}

void task_ask(struct source *source) {
    command(source, TURN);
}

void task_close(struct source *source) {
    command(source, CLOSE);
}

void task_gone(struct source *source, struct told *told) {
    (void)told;
    command(source, GONE);
}

/* ---- turns ----------------------------------------------------------------------------------- */

/* @return whether its end has come, or comes by itself */
static bool is_over(const struct source *source) {
    return source->task->is_leaving || source_has_ended(source);
}

/* A source in line is held. */
static void stand_in_line(struct source *source) {
    struct task *task = source->task;
    if (task->is_in_line || is_over(source)) {
        return;
    }
    source_retain(source);
    task->is_in_line = true;
    task->next_in_line = NULL;
    if (line_first == NULL) {
        line_first = source;
    } else {
        line_last->task->next_in_line = source;
    }
    line_last = source;
}

void task_ready(struct source *source, uint32_t conditions, struct told *told) {
    (void)told;
    if (!SIDING_POLLER_TELLS_CHANGES && (conditions & SIDING_READY_READ) != 0) {
        source->task->is_told = true;
    }
    stand_in_line(source);
}

bool task_take_told(struct source *source) {
    bool was_told = source->task->is_told;
    source->task->is_told = false;
    return was_told;
}

static void run_retry(struct timer *timer, uint64_t ticks, struct told *told) {
    struct task *task = (struct task *)((char *)timer - offsetof(struct task, retry));
    (void)ticks;
    (void)told;
    stand_in_line(task->source);
}

void task_await(struct source *source) {
    if (!siding_poller_await(poller_system(), source->object)) {
        task_retry(source, siding_clock_ns() + REFUSED_NS);
    }
}

void task_retry(struct source *source, uint64_t at_ns) {
    timer_set(&source->task->retry, at_ns, 0);
}

bool task_has_line(void) {
    return line_first != NULL;
}

static void run_first(void) {
    struct source *source = line_first;
    line_first = source->task->next_in_line;
    source->task->is_in_line = false;
    if (!is_over(source) && source->task->run(source)) {
        stand_in_line(source);
    }
    source_release(source);
}

bool task_run_line(void) {
    const struct source *last = line_last;
    bool was_last = line_first == NULL;
    while (!was_last) {
        was_last = line_first == last;
        run_first();
    }
    return line_first != NULL;
}

bool task_run_first_here(void) {
    if (line_first == NULL) {
        return true;
    }
    bool is_for_here = !line_first->task->is_for_poller;
    if (is_for_here) {
        run_first();
    }
    return is_for_here;
}

static void leave(struct source *source) {
    struct task *task = source->task;
    task->is_leaving = registration_remove(source, task->is_told) == REGISTRATION_SOON;
    if (!task->is_leaving) {
        source_end(source, SIDING_OK, 0);
    }
}

static void obey(struct source *source, uint32_t commands) {
    if (is_over(source)) {
        return;
    }
    if (commands & CLOSE) {
        leave(source);
    } else if (commands & GONE) {
        source_end(source, SIDING_ESYSTEM, EBADF);
    } else {
        stand_in_line(source);
    }
}

void task_obey(struct node *node) {
    while (node != NULL) {
        struct task *task = (struct task *)node;
        struct source *source = task->source;
        node = node->next;
        /* seq_cst: from here on the node is another's; pairs with command */
        obey(source, atomic_exchange_explicit(&task->commands, 0, memory_order_seq_cst));
        source_release(source);
    }
}

/* ---- lifetime -------------------------------------------------------------------------------- */

int32_t task_make(struct source *source, const struct task_plan *plan, int32_t *out_error) {
    int32_t status = poller_start(out_error);
    if (status != SIDING_OK) {
        return status;
    }
    struct task *task = calloc(1, sizeof *task);
    status = task == NULL ? SIDING_ENOMEM : timer_reserve();
    if (status != SIDING_OK) {
        free(task);
        return status;
    }
    task->source = source;
    task->run = plan->run;
    task->is_for_poller = plan->is_for_poller;
    task->retry.run = run_retry;
    source->task = task;
    memory_count((int64_t)sizeof *task);
    return SIDING_OK;
}

int32_t task_open(struct source *source, const struct task_plan *plan, int32_t *out_error) {
    int32_t status = task_make(source, plan, out_error);
    if (status != SIDING_OK) {
        return status;
    }
    source->flags |= plan->conditions;
    return registration_add(source, plan->conditions, out_error);
}

void task_stop(struct source *source) {
    bool is_left = registration_remove(source, source->task->is_told) != REGISTRATION_SOON;
    siding_assert(is_left); /* what ends by itself awaits nothing */
    (void)timer_cancel(&source->task->retry);
}

void task_deinit(struct source *source) {
    struct task *task = source->task;
    if (task != NULL) {
        source->task = NULL;
        timer_unreserve();
        memory_count(-(int64_t)sizeof *task);
        free(task);
    }
}

#include "preread.h"

#include <stdlib.h>

#include "../base/assert.h"
#include "memory.h"
#include "page.h"
#include "preread_accept.h"
#include "preread_bytes.h"
#include "preread_call.h"
#include "preread_receive.h"
#include "task.h"

#define STEPS_MAX 8u /* of a turn */
#define RETRY_NS_MIN 4000000u
#define DELAYS_MAX 6u /* each doubles it */
#define MORE_THAN_DATA                                                                             \
    (SIDING_READY_PRIORITY | SIDING_READY_SHUTDOWN | SIDING_READY_HANGUP | SIDING_READY_ERROR)

/* ---- the host's side ------------------------------------------------------------------------- */

static bool is_limit(uint32_t limit_bytes) {
    return limit_bytes > 0 && limit_bytes <= SIDING_PREREAD_BYTES_MAX;
}

/* @return whether a descriptor of this nature can be read so */
static bool fits(uint32_t kind, const struct preread *preread) {
    const struct siding_io_nature *nature = &preread->nature;
    switch (kind) {
    case SIDING_SOURCE_READ:
        return is_limit(preread->limit_bytes) && !nature->is_listener;
    case SIDING_SOURCE_EXACT:
        return is_limit(preread->limit_bytes) && !nature->is_listener && !nature->has_messages;
    case SIDING_SOURCE_RECEIVE:
        return is_limit(preread->limit_bytes) && nature->is_socket && nature->has_messages &&
               !nature->is_listener;
    default:
        return kind == SIDING_SOURCE_ACCEPT && nature->is_listener;
    }
}

static int32_t look(struct preread *preread, const struct siding_source_options *options,
                    int32_t *out_error) {
    bool is_number = options->object >= 0 && options->object <= INT32_MAX;
    int32_t error = siding_io_look(is_number ? (int)options->object : -1, &preread->nature);
    if (error != 0) {
        *out_error = error;
        return SIDING_ESYSTEM;
    }
    return !fits(options->kind, preread)             ? SIDING_EINVALID
           : preread->nature.way == SIDING_IO_BLOCKS ? SIDING_EBLOCKS
                                                     : SIDING_OK;
}

/* Makes what it keeps of the source; takes nothing from the descriptor. */
static int32_t init(struct source *source, const struct siding_source_options *options,
                    int32_t *out_error) {
    struct preread *preread = calloc(1, sizeof *preread);
    if (preread == NULL) {
        return SIDING_ENOMEM;
    }
    preread->limit_bytes = options->limit_bytes;
    int32_t status = options->kind == SIDING_SOURCE_CALL
                         ? preread_call_create(source, options, &preread->call)
                         : look(preread, options, out_error);
    if (status != SIDING_OK) {
        free(preread);
        return status;
    }
    memory_count(sizeof *preread);
    source->own = preread;
    return SIDING_OK;
}

/* ---- the poller's side ----------------------------------------------------------------------- */

static enum preread_step run_step(struct source *source) {
    switch (source->number) {
    case SIDING_SOURCE_READ:
        return preread_bytes_step(source);
    case SIDING_SOURCE_EXACT:
        return preread_exact_step(source);
    case SIDING_SOURCE_ACCEPT:
        return preread_accept_step(source);
    case SIDING_SOURCE_RECEIVE:
        return preread_receive_step(source);
    default:
        siding_assert(source->number == SIDING_SOURCE_CALL);
        return preread_call_step(source);
    }
}

/* Ever later: nothing tells when it is worth while. */
static void delay(struct source *source) {
    struct preread *preread = preread_of(source);
    uint64_t delay_ns = (uint64_t)RETRY_NS_MIN << preread->delays;
    preread->delays += preread->delays < DELAYS_MAX;
    preread->retry_ns = siding_clock_ns() + delay_ns;
    task_retry(source, preread->retry_ns);
}

void preread_tell(struct page *page, struct source *source) {
    preread_of(source)->delays = 0;
    page_push(page, source);
}

static bool is_delayed(struct preread *preread) {
    if (preread->retry_ns != 0 && siding_clock_ns() < preread->retry_ns) {
        return true;
    }
    preread->retry_ns = 0;
    return false;
}

static bool has_credit(struct source *source) {
    /* seq_cst: pairs with source_pull, which wakes the poller where it finds none left */
    return atomic_load_explicit(&source->credit, memory_order_seq_cst) > 0;
}

/* As far as one turn goes. @return whether more is to be done at once, after the others' turns */
static bool run(struct source *source) {
    if (is_delayed(preread_of(source))) {
        return false;
    }
    for (uint32_t steps = 0; steps < STEPS_MAX; steps++) {
        if (!has_credit(source)) {
            return false;
        }
        enum preread_step step = run_step(source);
        if (step == PREREAD_LATER) {
            delay(source);
        } else if (step == PREREAD_WAIT) {
            task_await(source);
        }
        if (step != PREREAD_ON) {
            return false;
        }
    }
    return true;
}

/* ---- the kind -------------------------------------------------------------------------------- */

/* The mark of urgent data ends a read before all was read. */
static uint32_t conditions_of(const struct siding_io_nature *nature) {
    bool is_stream = nature->is_socket && !nature->is_listener && !nature->has_messages;
    return is_stream ? SIDING_READY_READ | SIDING_READY_PRIORITY : SIDING_READY_READ;
}

static int32_t open(struct source *source, const struct siding_source_options *options,
                    int32_t *out_error) {
    int32_t status = init(source, options, out_error);
    if (status != SIDING_OK) {
        return status;
    }
    const struct siding_io_nature *nature = &preread_of(source)->nature;
    struct task_plan plan = {
        .conditions = conditions_of(nature),
        /* others may make the open file block at any time */
        .is_for_poller = source->number == SIDING_SOURCE_CALL || nature->way == SIDING_IO_PLAIN,
        .run = run,
    };
    return task_open(source, &plan, out_error);
}

static void deinit(struct source *source) {
    struct preread *preread = preread_of(source);
    task_deinit(source);
    if (preread == NULL) {
        return;
    }
    preread_call_destroy(preread->call);
    page_destroy(preread->page);
    memory_count(-(int64_t)sizeof *preread);
    free(preread);
    source->own = NULL;
}

static void ready(struct source *source, uint32_t conditions, struct told *told) {
    preread_of(source)->reads_on |= (conditions & MORE_THAN_DATA) != 0;
    task_ready(source, conditions, told);
}

const struct source_kind preread_kind = {
    .open = open,
    .ask = task_ask,
    .close = task_close,
    .stop = task_stop,
    .ready = ready,
    .gone = task_gone,
    .deinit = deinit,
    .reads = true,
};

#include "post.h"

#include <stddef.h>

#include "bridge.h"
#include "source_table.h"
#include "task.h"

static int32_t open(struct source *source, const struct siding_source_options *options,
                    int32_t *out_error) {
    (void)options;
    const struct task_plan plan = {.run = NULL}; /* for its command to be closed */
    int32_t status = task_make(source, &plan, out_error);
    if (status == SIDING_OK) {
        door_open(&source->door);
    }
    return status;
}

static void close(struct source *source) {
    if (door_close(&source->door)) {
        source_end(source, SIDING_OK, 0);
    }
}

const struct source_kind post_kind = {.open = open, .close = close, .deinit = task_deinit};

static void push(struct source *source) {
    struct bridge *bridge = source->bridge;
    enum inbox_push pushed = bridge_push(bridge, &source->node);
    if (pushed == INBOX_PUSHED_WAKE) {
        uint64_t errors = siding_errors_save();
        bridge_kick(bridge);
        siding_errors_restore(errors);
    } else if (pushed == INBOX_REFUSED) {
        source_drop(&source->node);
    }
}

static void add(struct source *source, uint64_t value) {
    if (source->flags & SIDING_SOURCE_COUNTED) {
        atomic_fetch_add_explicit(&source->tally, value, memory_order_seq_cst);
    } else {
        atomic_store_explicit(&source->tally, value, memory_order_seq_cst);
        atomic_fetch_add_explicit(&source->posts, 1, memory_order_seq_cst);
    }
    if (source_queue(source)) {
        push(source);
    }
}

/* The handle counts once inside: before, the source may have become another's. */
int32_t post_value(uint64_t handle, uint64_t value) {
    struct source *source = handle == 0 || siding_process_is_forked() ? NULL : source_at(handle);
    if (source == NULL || !door_enter(&source->door)) {
        return SIDING_ESTALE;
    }
    bool is_same = source_is(source, handle);
    if (is_same) {
        add(source, value);
    }
    if (door_leave(&source->door)) {
        task_close(source); /* where the bridge is closed as well, the end takes locks */
    }
    return is_same ? SIDING_OK : SIDING_ESTALE;
}

#include "ticks.h"

#include <stddef.h>

#include "poller.h"
#include "timer.h"

static void run(struct timer *timer, uint64_t ticks, struct told *told) {
    struct source *source = (struct source *)((char *)timer - offsetof(struct source, timer));
    bool is_over = timer->place == 0;
    source_tell(source, ticks, told);
    if (is_over) {
        source_end_later(source, SIDING_OK, 0, told);
    } else {
        /* nobody is waiting: further ticks are counted when somebody does. Under the timer's mutex:
           who asks after this look finds it parked */
        timer->is_parked = source_is_idle(source);
    }
}

static int32_t open(struct source *source, const struct siding_source_options *options,
                    int32_t *out_error) {
    int32_t status = poller_start(out_error);
    if (status == SIDING_OK) {
        status = timer_reserve();
    }
    if (status == SIDING_OK) {
        source->timer.run = run;
        timer_set(&source->timer, siding_clock_after(options->after_ns), options->every_ns);
        source->own = source;
    }
    return status;
}

static void ask(struct source *source) {
    atomic_fetch_add_explicit(&source->tally, timer_resume(&source->timer), memory_order_seq_cst);
}

static void close(struct source *source) {
    if (timer_cancel(&source->timer)) {
        source_end(source, SIDING_OK, 0);
    }
}

static void deinit(struct source *source) {
    if (source->own != NULL) {
        source->own = NULL;
        timer_unreserve();
    }
}

const struct source_kind ticks_kind = {.open = open, .ask = ask, .close = close, .deinit = deinit};

#include "signals.h"

#include <errno.h>
#include <stddef.h>

#include "../platform/watch.h"
#include "poller.h"

static struct siding_mutex listeners_mutex = SIDING_MUTEX_INITIALIZER;
static struct source *listeners[SIDING_SIGNALS_MAX] SIDING_GUARDED_BY(&listeners_mutex);
/* atomic, both: seq_cst, see signals.h */
static _Atomic(uint32_t) counts[SIDING_SIGNALS_MAX];
static _Atomic(bool) has_come;

static void notice(int number) {
    atomic_fetch_add_explicit(&counts[number], 1, memory_order_seq_cst);
    if (!atomic_exchange_explicit(&has_come, true, memory_order_seq_cst)) {
        poller_kick();
    }
}

void signals_tell(struct told *told) {
    if (!atomic_load_explicit(&has_come, memory_order_seq_cst)) {
        return;
    }
    atomic_store_explicit(&has_come, false, memory_order_seq_cst); /* first, then the counts */
    siding_mutex_lock(&listeners_mutex);
    for (uint32_t number = 1; number < SIDING_SIGNALS_MAX; number++) {
        uint32_t count = atomic_exchange_explicit(&counts[number], 0, memory_order_seq_cst);
        struct source *source = count == 0 ? NULL : listeners[number];
        for (; source != NULL; source = source->next_listener) {
            source_tell(source, count, told);
        }
    }
    siding_mutex_unlock(&listeners_mutex);
}

static void listen(struct source *source) SIDING_REQUIRES(&listeners_mutex) {
    source->next_listener = listeners[source->object];
    listeners[source->object] = source;
}

static int32_t open(struct source *source, const struct siding_source_options *options,
                    int32_t *out_error) {
    int32_t status = poller_start(out_error);
    if (status != SIDING_OK) {
        return status;
    }
    int32_t error = EINVAL;
    siding_mutex_lock(&listeners_mutex);
    if (options->object > 0 && options->object < (int64_t)SIDING_SIGNALS_MAX) {
        error = siding_signal_watch((int)options->object, notice);
    }
    if (error == 0) {
        listen(source);
    }
    siding_mutex_unlock(&listeners_mutex);
    if (error == 0 || error == ENOMEM) {
        return error == 0 ? SIDING_OK : SIDING_ENOMEM;
    }
    *out_error = error;
    return SIDING_ESYSTEM;
}

static void close(struct source *source) {
    siding_mutex_lock(&listeners_mutex);
    struct source **link = &listeners[source->object];
    while (*link != source) {
        link = &(*link)->next_listener;
    }
    *link = source->next_listener;
    if (listeners[source->object] == NULL) {
        siding_signal_unwatch(source->object);
    }
    siding_mutex_unlock(&listeners_mutex);
    source_end(source, SIDING_OK, 0);
}

const struct source_kind signals_kind = {.open = open, .close = close};

#include "ready.h"

#include <errno.h>
#include <stddef.h>

#include "poller.h"
#include "registration.h"

#define ASKABLE (SIDING_READY_READ | SIDING_READY_WRITE | SIDING_READY_PRIORITY)

/* @return which of them it is told */
static uint64_t told_of(const struct source *source, uint32_t conditions) {
    uint32_t wanted = (source->flags & ASKABLE) | SIDING_READY_HANGUP | SIDING_READY_ERROR;
    if (source->flags & SIDING_READY_READ) {
        wanted |= SIDING_READY_SHUTDOWN;
    }
    return conditions & wanted;
}

static int32_t open(struct source *source, const struct siding_source_options *options,
                    int32_t *out_error) {
    (void)options;
    if ((source->flags & ASKABLE) == 0) {
        return SIDING_EINVALID;
    }
    if ((source->flags & SIDING_SOURCE_EDGE) != 0 && !SIDING_POLLER_TELLS_CHANGES) {
        *out_error = ENOTSUP;
        return SIDING_ESYSTEM;
    }
    int32_t status = poller_start(out_error);
    return status == SIDING_OK ? registration_add(source, source->flags & ASKABLE, out_error)
                               : status;
}

/* Edges have been told. */
bool ready_begin_look(struct source *source, struct siding_look *out_look) {
    if (source->number != SIDING_SOURCE_READY || (source->flags & SIDING_SOURCE_EDGE) != 0) {
        return false;
    }
    /* what the poller saw when nobody asked; the look comes after */
    atomic_store_explicit(&source->tally, 0, memory_order_seq_cst);
    *out_look = (struct siding_look){source->object, source->flags & ASKABLE};
    return true;
}

void ready_end_look(struct source *source, const struct siding_look *look) {
    uint64_t amount = told_of(source, look->conditions);
    if (look->conditions & SIDING_POLLER_GONE) {
        if (registration_remove(source, false) == REGISTRATION_DONE) {
            source_end(source, SIDING_ESYSTEM, EBADF);
        }
    } else if (amount != 0) {
        atomic_fetch_or_explicit(&source->tally, amount, memory_order_seq_cst);
    } else if (!siding_poller_await(poller_system(), source->object)) {
        atomic_fetch_or_explicit(&source->tally, SIDING_READY_ERROR, memory_order_seq_cst);
    }
}

/* What was told takes a credit when the host has it. */
static bool is_untold(const struct source *source) {
    return atomic_load_explicit(&source->credit, memory_order_relaxed) > 0;
}

static void close(struct source *source) {
    if (registration_remove(source, is_untold(source)) == REGISTRATION_DONE) {
        source_end(source, SIDING_OK, 0);
    }
}

static void ready(struct source *source, uint32_t conditions, struct told *told) {
    uint64_t amount = told_of(source, conditions);
    if (amount == 0) {
        return;
    }
    if (source->flags & SIDING_SOURCE_EDGE) {
        source_tell(source, amount, told);
    } else {
        source_tell_asked(source, amount, told);
    }
}

static void gone(struct source *source, struct told *told) {
    source_end_later(source, SIDING_ESYSTEM, EBADF, told);
}

const struct source_kind ready_kind = {.open = open, .close = close, .ready = ready, .gone = gone};

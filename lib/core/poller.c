#include "poller.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "../platform/platform.h"
#include "inbox.h"
#include "lead.h"
#include "pool.h"
#include "registration.h"
#include "signals.h"
#include "task.h"
#include "timer.h"
#include "told.h"

#define READY_MAX 256u
/* A host that has its events settles them, which may take a turn of its event loop. */
#define LOAN_NS 500000u
#define SPIN_SHARE_MIN 16u /* an unlucky poller spins 1/16 of the limit */
#define NAME "siding-poller"

static struct siding_mutex start_mutex = SIDING_MUTEX_INITIALIZER;
static bool is_open SIDING_GUARDED_BY(&start_mutex);
static _Atomic(bool) is_started;   /* atomic: acquire/release, for what was made before */
static struct siding_poller waits; /* immutable once is_started */
static struct inbox commands;      /* likewise made; consumer: poller */

const struct siding_poller *poller_system(void) {
    return &waits;
}

void poller_kick(void) {
    siding_poller_kick(&waits);
    lead_recall(0);
}

void poller_push(struct node *command) {
    if (inbox_push(&commands, command, command) == INBOX_PUSHED_WAKE) {
        poller_kick();
    }
}

/* ---- rounds ---------------------------------------------------------------------------------- */

/* @return whether there was something to do */
static bool look_around(bool may_sleep) {
    static struct siding_ready ready[READY_MAX]; /* owner: the leader */
    struct told told = {NULL, NULL};
    uint32_t count = siding_poller_wait(&waits, ready, READY_MAX, may_sleep);
    registration_tell(ready, count, &told);
    timer_run_due(&told);
    signals_tell(&told);
    bool has_told = told.first != NULL;
    told_push(&told);
    struct node *list = inbox_take(&commands);
    task_obey(list);
    return has_told || list != NULL;
}

/* The lead is back for the next timer. */
static uint64_t loan_end_ns(void) {
    uint64_t end_ns = siding_clock_ns() + LOAN_NS;
    uint64_t next_ns = timer_next_ns();
    return next_ns < end_ns ? next_ns : end_ns;
}

enum poller_here poller_begin_here(void) {
    /* acquire: pairs with start */
    if (!atomic_load_explicit(&is_started, memory_order_acquire)) {
        return POLLER_AWAY;
    }
    if (!lead_wish()) {
        return POLLER_LOOKS;
    }
    siding_poller_kick(&waits);
    return POLLER_WISHES;
}

/* One turn of a task at a time: the host may have what it waits for. */
enum poller_here poller_run_here(enum poller_here here) {
    if (here != POLLER_HERE && !lead_take()) {
        return here;
    }
    (void)look_around(false);
    if (task_run_first_here()) {
        return POLLER_HERE;
    }
    lead_give(0);
    return POLLER_AWAY;
}

void poller_end_here(enum poller_here here, bool returns) {
    if (here == POLLER_HERE) {
        /* what is left is the thread's, and the next command is to wake it in time */
        bool may_keep = returns && !task_has_line() && inbox_sleep(&commands);
        lead_give(may_keep ? loan_end_ns() : 0);
    } else if (here == POLLER_WISHES) {
        lead_unwish();
    }
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* How it rests when there is nothing to do. owner: poller */
struct rest {
    uint64_t since_ns; /* 0: it does not */
    uint64_t spin_end_ns;
    uint32_t spin_ns; /* of the next spin; 0: none was yet */
    bool spins;
};

/* As the threads of the pool: who was needed again soon spins its whole limit next time, who was
   not less and less. */
static void end_rest(struct rest *rest) {
    if (rest->since_ns == 0) {
        return;
    }
    uint32_t limit_ns = pool_spin_ns();
    uint32_t least_ns = limit_ns / SPIN_SHARE_MIN;
    bool soon = siding_clock_ns() - rest->since_ns <= 2 * (uint64_t)limit_ns;
    uint32_t half_ns = rest->spin_ns / 2;
    rest->spin_ns = soon ? limit_ns : half_ns > least_ns ? half_ns : least_ns;
    rest->since_ns = 0;
    if (rest->spins) {
        rest->spins = false;
        pool_spin_end();
    }
}

/* @return whether it is to look on, without a sleep */
static bool rest_on(struct rest *rest) {
    if (rest->since_ns == 0) {
        rest->since_ns = siding_clock_ns();
        rest->spin_end_ns = rest->since_ns + rest->spin_ns;
        rest->spins = rest->spin_ns > 0 && pool_spin_begin();
        return rest->spins;
    }
    if (rest->spins && siding_clock_ns() < rest->spin_end_ns) {
        siding_thread_yield();
        return true;
    }
    if (rest->spins) {
        rest->spins = false;
        pool_spin_end();
    }
    return false;
}

static void run_poller(void *argument) {
    (void)argument;
    struct rest rest = {0};
    bool is_busy = true;
    for (;;) {
        if (lead_is_wished()) {
            end_rest(&rest);
            lead_pass(loan_end_ns());
            is_busy = true; /* for what is left, and for commands that woke nobody */
        }
        if (is_busy) {
            end_rest(&rest);
        }
        bool looks = is_busy || rest_on(&rest);
        bool has_told = look_around(!looks && inbox_sleep(&commands));
        is_busy = task_run_line() || has_told;
    }
}

/* ---- its start ------------------------------------------------------------------------------- */

/* @return 0 or errno, and nothing is left */
static int32_t open_all(void) SIDING_REQUIRES(&start_mutex) {
    if (!lead_init()) {
        return ENOMEM;
    }
    int32_t error = siding_poller_open(&waits);
    if (error != 0) {
        lead_deinit();
        return error;
    }
    inbox_init(&commands);
    siding_process_watch_forks();
    is_open = true;
    return 0;
}

/* @return 0 or errno */
static int32_t start(void) SIDING_REQUIRES(&start_mutex) {
    struct siding_thread_options options = {
        .name = NAME, .stack_bytes = pool_stack_bytes(), .run = run_poller};
    int32_t error = is_open ? 0 : open_all();
    if (error != 0) {
        return error;
    }
    error = siding_thread_start(&options);
    /* release: pairs with poller_start */
    atomic_store_explicit(&is_started, error == 0, memory_order_release);
    return error;
}

int32_t poller_start(int32_t *out_error) {
    if (atomic_load_explicit(&is_started, memory_order_acquire)) {
        return SIDING_OK;
    }
    siding_mutex_lock(&start_mutex);
    bool runs = atomic_load_explicit(&is_started, memory_order_relaxed);
    int32_t error = runs ? 0 : start();
    siding_mutex_unlock(&start_mutex);
    if (error != 0) {
        *out_error = error;
        return SIDING_ESYSTEM;
    }
    return SIDING_OK;
}

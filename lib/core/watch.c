/*
 * `next_ns` says how long the watch sleeps. Whoever wants it to look stores what is to be seen,
 * then loads next_ns, and wakes it if that is later. The watch first stores NEVER, then looks at
 * all slots, then stores the earliest time it has found. These operations are sequentially
 * consistent: what was stored after the watch had looked at a slot is followed by a load that gives
 * NEVER, or the time found, so that its thread wakes the watch where it must.
 */
#include "watch.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "notice.h"
#include "outbox.h"
#include "pool.h"
#include "record.h"
#include "recycle.h"

#define NS_PER_MS 1000000u
#define SIGNAL_PAUSE_MS_MAX 20u
#define STACK_BYTES (256u << 10)
#define NAME "siding-watch"

static struct siding_mutex start_mutex = SIDING_MUTEX_INITIALIZER;
static _Atomic(bool) is_started;  /* atomic: acquire/release, for the parker */
static _Atomic(uint64_t) next_ns; /* atomic: see above */
static struct siding_parker parker;
static struct outbox outbox; /* owner: watch */

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns) {
    return a_ns < b_ns ? a_ns : b_ns;
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* A call that was said to be stuck has ended, or its lease has. */
static void look_for_recovery(struct slot *slot, const struct run_view *view, uint64_t now_ns,
                              struct bridge **kick) SIDING_REQUIRES(&slot->lease.mutex) {
    struct stuck *stuck = &slot->lease.stuck;
    if (stuck->run == 0 || stuck->run == view->number) {
        return;
    }
    notice_send(&outbox, slot->lease.listener, SIDING_NOTICE_RECOVERED, stuck->token,
                (now_ns - stuck->started_ns) / NS_PER_MS, kick);
    stuck->run = 0;
}

/* @return when to look again */
static uint64_t look_for_stall(struct slot *slot, const struct run_view *view, uint64_t now_ns,
                               struct bridge **kick) SIDING_REQUIRES(&slot->lease.mutex) {
    uint64_t stuck_ns = atomic_load_explicit(&slot->lease.stuck_ns, memory_order_relaxed);
    bool is_active = slot_state_of(slot_look(slot)) == SLOT_ACTIVE;
    if (view->number == 0 || stuck_ns == 0 || !is_active || slot->lease.stuck.run == view->number) {
        return LEASE_NEVER;
    }
    if (now_ns < view->started_ns + stuck_ns) {
        return view->started_ns + stuck_ns;
    }
    slot->lease.stuck = (struct stuck){view->number, view->started_ns, view->token};
    /* seq_cst: pairs with run_end, so that the worker wakes the watch or the next look sees it */
    atomic_store_explicit(&slot->run.noticed, view->number, memory_order_seq_cst);
    notice_send(&outbox, slot->lease.listener, SIDING_NOTICE_STUCK, view->token,
                (now_ns - view->started_ns) / NS_PER_MS, kick);
    return now_ns;
}

/* ---- interrupts ------------------------------------------------------------------------------ */

void watch_ask(struct asked *asked, uint64_t run, const struct interrupt *interrupt) {
    interrupt_clear(&asked->interrupt);
    *asked = (struct asked){.interrupt = interrupt_copy(interrupt), .run = run, .pause_ms = 1};
}

/* One signal alone may be lost, before the system call begins. @return when to send the next one */
static uint64_t repeat_signal(struct asked *asked, uint64_t now_ns) {
    asked->signal_ns = now_ns + (uint64_t)asked->pause_ms * NS_PER_MS;
    asked->pause_ms =
        asked->pause_ms * 2 < SIGNAL_PAUSE_MS_MAX ? asked->pause_ms * 2 : SIGNAL_PAUSE_MS_MAX;
    return asked->signal_ns;
}

/*
 * @param out_due what to use now on that run; the caller's
 * @return when to look again
 */
static uint64_t take_due(struct asked *asked, const struct run_view *view, uint64_t now_ns,
                         struct interrupt *out_due) {
    bool is_due = asked->run != 0 && asked->run == view->number;
    if (is_due && now_ns < asked->signal_ns) {
        return asked->signal_ns;
    }
    if (is_due) {
        *out_due = interrupt_copy(&asked->interrupt);
    }
    if (is_due && asked->interrupt.kind == SIDING_INTERRUPT_SIGNAL) {
        return repeat_signal(asked, now_ns);
    }
    interrupt_clear(&asked->interrupt);
    asked->run = 0;
    return LEASE_NEVER;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void use(struct slot *slot, const struct run_view *view, struct interrupt *due) {
    if (due->kind != SIDING_INTERRUPT_NONE) {
        (void)run_interrupt(&slot->run, view->number, due, &slot->parker);
        interrupt_clear(due);
    }
}

/* Interrupts and kicks come after the mutex is given back: they run a host's code. */
static uint64_t look_at_run(struct slot *slot, uint64_t now_ns) {
    struct interrupt due[2] = {{.kind = SIDING_INTERRUPT_NONE}, {.kind = SIDING_INTERRUPT_NONE}};
    struct bridge *kick = NULL;
    siding_mutex_lock(&slot->lease.mutex);
    struct run_view view = run_look(&slot->run);
    look_for_recovery(slot, &view, now_ns, &kick);
    uint64_t next = look_for_stall(slot, &view, now_ns, &kick);
    next = earlier(next, take_due(&slot->lease.asked, &view, now_ns, &due[0]));
    next = earlier(next, take_due(&slot->lease.woken, &view, now_ns, &due[1]));
    siding_mutex_unlock(&slot->lease.mutex);
    notice_kick(kick);
    use(slot, &view, &due[0]);
    use(slot, &view, &due[1]);
    return next;
}

/* The lease first: what it asks of the run is done at once. */
static uint64_t look_at_leased(struct slot *slot, uint64_t now_ns) {
    uint64_t next = recycle_watch(slot, now_ns, &outbox);
    return earlier(next, look_at_run(slot, now_ns));
}

static uint64_t look_at(struct slot *slot, uint64_t now_ns) {
    switch (slot_state_of(slot_look(slot))) {
    case SLOT_VACANT:
        return pool_watch_vacant(slot, now_ns);
    case SLOT_RETIRED:
        return LEASE_NEVER;
    default:
        return look_at_leased(slot, now_ns);
    }
}

static uint64_t look_at_all(void) {
    uint64_t next = LEASE_NEVER;
    uint64_t now_ns = siding_clock_ns();
    uint32_t count = pool_slots();
    for (uint32_t index = 0; index < count; index++) {
        next = earlier(next, look_at(pool_slot_at(index), now_ns));
    }
    return next;
}

static void run_watch(void *argument) {
    (void)argument;
    for (;;) {
        atomic_store_explicit(&next_ns, LEASE_NEVER, memory_order_seq_cst);
        uint64_t next = look_at_all();
        atomic_store_explicit(&next_ns, next, memory_order_seq_cst);
        uint64_t now_ns = siding_clock_ns();
        if (next == LEASE_NEVER) {
            siding_parker_park(&parker);
        } else if (next > now_ns) {
            (void)siding_parker_park_for(&parker, next - now_ns);
        }
    }
}

/* @return whether it runs */
static bool ensure_started(void) {
    if (atomic_load_explicit(&is_started, memory_order_acquire)) {
        return true;
    }
    struct siding_thread_options options = {
        .name = NAME, .stack_bytes = STACK_BYTES, .run = run_watch};
    siding_mutex_lock(&start_mutex);
    bool starts = !atomic_load_explicit(&is_started, memory_order_relaxed) &&
                  siding_parker_init(&parker) && siding_thread_start(&options) == 0;
    if (starts) {
        atomic_store_explicit(&is_started, true, memory_order_release);
    }
    bool runs = atomic_load_explicit(&is_started, memory_order_relaxed);
    siding_mutex_unlock(&start_mutex);
    return runs;
}

void watch_arm(uint64_t at_ns) {
    if (at_ns == LEASE_NEVER) {
        return;
    }
    bool is_early = at_ns < atomic_load_explicit(&next_ns, memory_order_seq_cst);
    if (ensure_started() && is_early) {
        siding_parker_unpark(&parker);
    }
}

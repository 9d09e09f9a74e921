#include "run.h"

#include "../base/assert.h"

static uint64_t phase_of(uint64_t number, enum run_phase phase) {
    return number << 2 | phase;
}

void run_init(struct run *run) {
    siding_thread_accept_interrupts();
    run->handled = siding_thread_interrupts();
    uint32_t handled = atomic_load_explicit(run->handled, memory_order_relaxed);
    atomic_store_explicit(&run->thread, siding_thread_self(), memory_order_relaxed);
    atomic_store_explicit(&run->signals, handled, memory_order_relaxed);
}

static bool has_handled_all(const struct run *run) {
    return atomic_load_explicit(run->handled, memory_order_relaxed) ==
           atomic_load_explicit(&run->signals, memory_order_relaxed);
}

void run_begin(struct run *run, struct record *record) {
    uint64_t before = atomic_load_explicit(&run->phase, memory_order_relaxed);
    siding_assert((before & 3) == RUN_IDLE);
    /* release: who sees these of the next run sees that the one before is over; see run_look */
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&run->started_ns, siding_clock_ns(), memory_order_relaxed);
    atomic_store_explicit(&run->record, record, memory_order_relaxed);
    atomic_store_explicit(&run->token, record->token, memory_order_relaxed);
    /* pairs with run_look; seq_cst: the worker looks next at what others ask (watch.c, repeat.c) */
    atomic_store_explicit(&run->phase, phase_of((before >> 2) + 1, RUN_RUNNING),
                          memory_order_seq_cst);
}

/* Each signal that was sent is handled on this thread before it goes on. */
static void await_signals(const struct run *run) {
    if (!has_handled_all(run)) {
        siding_thread_accept_interrupts(); /* C may have left them blocked */
    }
    while (!has_handled_all(run)) {
        siding_thread_yield();
    }
}

bool run_end(struct run *run, struct siding_parker *parker) {
    uint64_t number = atomic_load_explicit(&run->phase, memory_order_relaxed) >> 2;
    uint64_t expected = phase_of(number, RUN_RUNNING);
    /* pairs with the exchange and the store in run_interrupt; seq_cst: `noticed` is looked at after
       it, and stored by the watch before it looks at the phase */
    while (!atomic_compare_exchange_weak_explicit(&run->phase, &expected,
                                                  phase_of(number, RUN_IDLE), memory_order_seq_cst,
                                                  memory_order_acquire)) {
        if (expected == phase_of(number, RUN_INTERRUPTING)) {
            siding_parker_park(parker);
        }
        expected = phase_of(number, RUN_RUNNING);
    }
    await_signals(run);
    return atomic_load_explicit(&run->noticed, memory_order_seq_cst) == number;
}

struct run_view run_look(const struct run *run) {
    for (;;) {
        /* seq_cst: pairs with run_begin and run_end */
        uint64_t phase = atomic_load_explicit(&run->phase, memory_order_seq_cst);
        if ((phase & 3) == RUN_IDLE) {
            return (struct run_view){.number = 0};
        }
        struct run_view view = {
            .number = phase >> 2,
            .started_ns = atomic_load_explicit(&run->started_ns, memory_order_relaxed),
            .record = atomic_load_explicit(&run->record, memory_order_relaxed),
            .token = atomic_load_explicit(&run->token, memory_order_relaxed),
        };
        atomic_thread_fence(memory_order_acquire);
        uint64_t after = atomic_load_explicit(&run->phase, memory_order_relaxed);
        if (after >> 2 == view.number && (after & 3) != RUN_IDLE) {
            return view; /* else the next run began meanwhile, or is about to */
        }
    }
}

bool run_interrupt(struct run *run, uint64_t number, const struct interrupt *interrupt,
                   struct siding_parker *parker) {
    uint64_t expected = phase_of(number, RUN_RUNNING);
    if (!atomic_compare_exchange_strong_explicit(&run->phase, &expected,
                                                 phase_of(number, RUN_INTERRUPTING),
                                                 memory_order_acq_rel, memory_order_relaxed)) {
        return false;
    }
    uintptr_t thread = atomic_load_explicit(&run->thread, memory_order_relaxed);
    /* a signal that still waits to be handled is as good as another one */
    bool is_pending = interrupt->kind == SIDING_INTERRUPT_SIGNAL && !has_handled_all(run);
    uint32_t signals = is_pending ? 0 : interrupt_use(interrupt, thread);
    atomic_fetch_add_explicit(&run->signals, signals, memory_order_relaxed);
    /* release: the worker sees the count; pairs with run_end */
    atomic_store_explicit(&run->phase, phase_of(number, RUN_RUNNING), memory_order_release);
    siding_parker_unpark(parker); /* it may wait for this */
    return true;
}

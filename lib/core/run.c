#include "run.h"

#include "../base/assert.h"

static uint64_t phase_of(uint64_t number, enum run_phase phase) {
    return number << 2 | phase;
}

void run_init(struct run *run) {
    atomic_store_explicit(&run->thread, siding_thread_self(), memory_order_relaxed);
    atomic_store_explicit(&run->signals, siding_thread_interrupts(), memory_order_relaxed);
}

void run_begin(struct run *run, struct record *record) {
    uint64_t before = atomic_load_explicit(&run->phase, memory_order_relaxed);
    siding_assert((before & 3) == RUN_IDLE);
    /* release, each: who sees it sees the end of the run before; pairs with run_look's fence */
    atomic_store_explicit(&run->started_ns, siding_clock_ns(), memory_order_release);
    atomic_store_explicit(&run->record, record, memory_order_release);
    atomic_store_explicit(&run->token, record->token, memory_order_release);
    /* release: pairs with run_look */
    atomic_store_explicit(&run->phase, phase_of((before >> 2) + 1, RUN_RUNNING),
                          memory_order_release);
}

bool run_end(struct run *run, struct siding_parker *parker) {
    uint64_t number = atomic_load_explicit(&run->phase, memory_order_relaxed) >> 2;
    uint64_t expected = phase_of(number, RUN_RUNNING);
    /* acq_rel: pairs with the two exchanges in run_interrupt */
    while (!atomic_compare_exchange_weak_explicit(&run->phase, &expected,
                                                  phase_of(number, RUN_IDLE), memory_order_acq_rel,
                                                  memory_order_acquire)) {
        if (expected == phase_of(number, RUN_INTERRUPTING)) {
            siding_parker_park(parker);
        }
        expected = phase_of(number, RUN_RUNNING);
    }
    /* the interrupter has sent so many to this thread */
    siding_thread_await_interrupts(atomic_load_explicit(&run->signals, memory_order_relaxed));
    return atomic_load_explicit(&run->noticed, memory_order_relaxed) == number;
}

struct run_view run_look(const struct run *run) {
    for (;;) {
        /* acquire: pairs with run_begin */
        uint64_t phase = atomic_load_explicit(&run->phase, memory_order_acquire);
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
    uint32_t signals = interrupt_use(interrupt, thread);
    atomic_fetch_add_explicit(&run->signals, signals, memory_order_relaxed);
    /* release: the worker sees the count; pairs with run_end */
    atomic_store_explicit(&run->phase, phase_of(number, RUN_RUNNING), memory_order_release);
    siding_parker_unpark(parker); /* it may wait for this */
    return true;
}

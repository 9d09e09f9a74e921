#include "interrupt.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "../platform/platform.h"

int32_t interrupt_read(const struct siding_interrupt *options, struct interrupt *out_interrupt) {
    struct interrupt interrupt = {
        .kind = options->kind,
        .address = options->operand,
        .value = (uint32_t)options->value,
    };
    bool is_flag = interrupt.kind == SIDING_INTERRUPT_FLAG;
    if (interrupt.kind > SIDING_INTERRUPT_SIGNAL ||
        (is_flag && (interrupt.address == 0 || interrupt.address % sizeof(uint32_t) != 0))) {
        return SIDING_EINVALID;
    }
    if (interrupt.kind == SIDING_INTERRUPT_BOUND) {
        interrupt.bound = bound_find(options->operand);
        if (interrupt.bound == NULL) {
            return SIDING_ESTALE;
        }
        if (interrupt.bound->holes_count > 0) {
            bound_release(interrupt.bound);
            return SIDING_EINVALID;
        }
    }
    *out_interrupt = interrupt;
    return SIDING_OK;
}

struct interrupt interrupt_copy(const struct interrupt *interrupt) {
    if (interrupt->bound != NULL) {
        held_retain(&interrupt->bound->held);
    }
    return *interrupt;
}

void interrupt_clear(struct interrupt *interrupt) {
    bound_release(interrupt->bound);
    *interrupt = (struct interrupt){.kind = SIDING_INTERRUPT_NONE};
}

static void raise_flag(const struct interrupt *interrupt) {
    _Atomic(uint32_t) *flag = (_Atomic(uint32_t) *)(uintptr_t)interrupt->address;
    atomic_store_explicit(flag, interrupt->value, memory_order_seq_cst);
}

uint32_t interrupt_use(const struct interrupt *interrupt, uintptr_t thread) {
    switch (interrupt->kind) {
    case SIDING_INTERRUPT_BOUND:
        bound_run(interrupt->bound);
        return 0;
    case SIDING_INTERRUPT_FLAG:
        raise_flag(interrupt);
        return 0;
    case SIDING_INTERRUPT_SIGNAL:
        return siding_thread_interrupt(thread) ? 1 : 0;
    default:
        return 0;
    }
}

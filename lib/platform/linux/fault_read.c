#include <stdint.h>
#include <ucontext.h>

#include "../../machine/peek.h"
#include "../platform.h"
#include "../posix/fault.h"

#if defined(__x86_64__)
#define PROGRAM_COUNTER(context) (context)->uc_mcontext.gregs[REG_RIP]
#elif defined(__aarch64__)
#define PROGRAM_COUNTER(context) (context)->uc_mcontext.pc
#endif

bool siding_fault_read(void *out_bytes, const void *from, size_t size_bytes) {
    return machine_peek(out_bytes, from, size_bytes);
}

bool siding_fault_leave_read(void *context) {
    ucontext_t *interrupted = context;
    uintptr_t at = (uintptr_t)PROGRAM_COUNTER(interrupted);
    if (at < (uintptr_t)machine_peek_first || at >= (uintptr_t)machine_peek_lost) {
        return false;
    }
    PROGRAM_COUNTER(interrupted) += machine_peek_lost - (const char *)at;
    return true;
}

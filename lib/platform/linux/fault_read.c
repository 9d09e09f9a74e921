#include <stdint.h>
#include <ucontext.h>

#include "../../machine/peek.h"
#include "../platform.h"
#include "../posix/fault.h"

#if defined(__x86_64__)
typedef greg_t counter;
#define PROGRAM_COUNTER gregs[REG_RIP]
#elif defined(__aarch64__)
typedef unsigned long long counter;
#define PROGRAM_COUNTER pc
#endif

bool siding_fault_read(void *out_bytes, const void *from, size_t size_bytes) {
    return machine_peek(out_bytes, from, size_bytes);
}

bool siding_fault_leave_read(void *context) {
    counter *at = &((ucontext_t *)context)->uc_mcontext.PROGRAM_COUNTER;
    if ((uintptr_t)*at < (uintptr_t)machine_peek_first ||
        (uintptr_t)*at >= (uintptr_t)machine_peek_behind) {
        return false;
    }
    *at = (counter)(uintptr_t)machine_peek_lost;
    return true;
}

#include <windows.h>

#include <setjmp.h>
#include <stdatomic.h>

#include "../platform.h"

#define SHADOW_BYTES 40u /* what a function may use above its return address, and that */

static INIT_ONCE watch_once = INIT_ONCE_STATIC_INIT;
static DWORD attempt_index;     /* immutable after watch_once: where an attempt began, or NULL */
static atomic_bool is_watching; /* atomic: release in watch, acquire in siding_fault_guard */

_Noreturn static void leave(jmp_buf *attempt) {
    longjmp(*attempt, 1);
}

/* The thread goes on in leave: a handler itself may not be left. */
static void go_on_in_leave(CONTEXT *context, jmp_buf *attempt) {
#if defined(__aarch64__)
    context->Pc = (DWORD64)(uintptr_t)leave;
    context->X0 = (DWORD64)(uintptr_t)attempt;
#else
    context->Rip = (DWORD64)(uintptr_t)leave;
    context->Rcx = (DWORD64)(uintptr_t)attempt;
    context->Rsp = (context->Rsp & ~(DWORD64)15) - SHADOW_BYTES;
#endif
}

static LONG CALLBACK on_fault(EXCEPTION_POINTERS *fault) {
    DWORD code = fault->ExceptionRecord->ExceptionCode;
    if (code != EXCEPTION_ACCESS_VIOLATION && code != EXCEPTION_IN_PAGE_ERROR) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    jmp_buf *attempt = TlsGetValue(attempt_index);
    if (attempt == NULL) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    go_on_in_leave(fault->ContextRecord, attempt);
    return EXCEPTION_CONTINUE_EXECUTION;
}

static BOOL CALLBACK watch(INIT_ONCE *once, void *parameter, void **context) {
    (void)once, (void)parameter, (void)context;
    attempt_index = TlsAlloc();
    if (attempt_index != TLS_OUT_OF_INDEXES && AddVectoredExceptionHandler(1, on_fault) != NULL) {
        atomic_store_explicit(&is_watching, true, memory_order_release);
    }
    return TRUE;
}

void siding_fault_watch(void) {
    (void)InitOnceExecuteOnce(&watch_once, watch, NULL, NULL);
}

static bool run_guarded(void (*attempt)(void *), void *argument) {
    jmp_buf start;
    /* Without a frame: the way back is not to unwind what it leaves. */
    if (_setjmp(start, NULL) != 0) {
        (void)TlsSetValue(attempt_index, NULL);
        return false;
    }
    (void)TlsSetValue(attempt_index, &start);
    attempt(argument);
    (void)TlsSetValue(attempt_index, NULL);
    return true;
}

bool siding_fault_guard(void (*attempt)(void *argument), void *argument) {
    if (atomic_load_explicit(&is_watching, memory_order_acquire)) {
        return run_guarded(attempt, argument);
    }
    attempt(argument);
    return true;
}

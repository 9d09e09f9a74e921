#include <windows.h>

#include "../platform.h"

bool siding_thread_interrupt(uintptr_t thread) {
    HANDLE handle = OpenThread(THREAD_TERMINATE, FALSE, (DWORD)thread);
    if (handle != NULL) {
        (void)CancelSynchronousIo(handle);
        (void)CloseHandle(handle);
    }
    return false; /* it is over already */
}

const _Atomic(uint32_t) *siding_thread_interrupts(void) {
    static const _Atomic(uint32_t) none;
    return &none;
}

void siding_thread_accept_interrupts(void) {
}

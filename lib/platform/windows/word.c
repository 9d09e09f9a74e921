#include <windows.h>

#include "../platform.h"

#define NS_PER_MS 1000000u

/* Rounded up, so that a wait is never short. */
static DWORD rounded_ms(uint64_t timeout_ns) {
    uint64_t timeout_ms = timeout_ns / NS_PER_MS + (timeout_ns % NS_PER_MS != 0);
    return timeout_ms < INFINITE ? (DWORD)timeout_ms : INFINITE;
}

void siding_word_wait(const _Atomic(uint32_t) *word, uint32_t seen, uint32_t mask,
                      uint64_t timeout_ns) {
    (void)mask;
    DWORD error = GetLastError();
    (void)WaitOnAddress((volatile void *)(uintptr_t)word, &seen, sizeof seen,
                        rounded_ms(timeout_ns));
    SetLastError(error);
}

void siding_word_wake(const _Atomic(uint32_t) *word, uint32_t mask) {
    (void)mask;
    WakeByAddressAll((void *)(uintptr_t)word);
}

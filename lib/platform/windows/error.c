#include <windows.h>

#include <errno.h>

#include "../platform.h"

/* errno is that of the universal C runtime, which all libraries of today share. */

void siding_error_clear(enum siding_error_kind kind) {
    if (kind == SIDING_ERROR_C) {
        errno = 0;
    } else {
        SetLastError(ERROR_SUCCESS);
    }
}

int32_t siding_error_get(enum siding_error_kind kind) {
    return kind == SIDING_ERROR_C ? errno : (int32_t)GetLastError();
}

uint64_t siding_errors_save(void) {
    DWORD last = GetLastError();
    return (uint64_t)last << 32 | (uint32_t)errno;
}

void siding_errors_restore(uint64_t errors) {
    errno = (int)(uint32_t)errors;
    SetLastError((DWORD)(errors >> 32));
}

#include <windows.h>

#include "../platform.h"

void siding_error_clear(void) {
    SetLastError(ERROR_SUCCESS);
}

int32_t siding_error_get(void) {
    return (int32_t)GetLastError();
}

void siding_error_set(int32_t error) {
    SetLastError((DWORD)error);
}

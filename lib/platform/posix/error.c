#include <errno.h>

#include "../platform.h"

void siding_error_clear(enum siding_error_kind kind) {
    (void)kind;
    errno = 0;
}

int32_t siding_error_get(enum siding_error_kind kind) {
    (void)kind;
    return errno;
}

uint64_t siding_errors_save(void) {
    return (uint32_t)errno;
}

void siding_errors_restore(uint64_t errors) {
    errno = (int)(uint32_t)errors;
}

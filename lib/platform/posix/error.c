#include <errno.h>

#include "../platform.h"

void siding_error_clear(void) {
    errno = 0;
}

int32_t siding_error_get(void) {
    return errno;
}

void siding_error_set(int32_t error) {
    errno = error;
}

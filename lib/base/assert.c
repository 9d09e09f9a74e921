#include "assert.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void siding_assert_failed(const char *expression, const char *file, int line) {
    (void)fprintf(stderr, "siding: assertion failed: %s (%s:%d)\n", expression, file, line);
    (void)fflush(stderr);
    abort();
}

/*
 * values.c - calls that do next to nothing with arguments that are more than integers.
 */
#include <stdint.h>
#include <string.h>

#define BENCH_API __attribute__((visibility("default")))

struct bench_vector {
    double x, y, z, w;
};

BENCH_API int32_t bench_out(int32_t a, int32_t *out);
BENCH_API const char *bench_text(const char *text);
BENCH_API struct bench_vector bench_vector(struct bench_vector vector, int32_t by);

int32_t bench_out(int32_t a, int32_t *out) {
    *out = a + 1;
    return a;
}

/* Gives 32 bytes that depend on what it was given. */
const char *bench_text(const char *text) {
    static _Thread_local char copy[33];
    strncpy(copy, text, 32);
    copy[0]++;
    return copy;
}

struct bench_vector bench_vector(struct bench_vector vector, int32_t by) {
    return (struct bench_vector){vector.x + by, vector.y + by, vector.z + by, vector.w + by};
}

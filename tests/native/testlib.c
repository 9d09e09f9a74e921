/*
 * testlib.c - a plain C library for the TypeScript tests to call.
 */
#include <stdint.h>

#if defined(_WIN32)
#define TEST_API __declspec(dllexport)
#else
#define TEST_API __attribute__((visibility("default")))
#endif

TEST_API int32_t test_add(int32_t a, int32_t b);

int32_t test_add(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/*
 * testlib.h - a plain C library for the TypeScript tests to call. It knows nothing of Siding: what
 * the tests see of it is what they would see of any other library.
 */
#ifndef TESTLIB_H
#define TESTLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define TEST_API __declspec(dllexport)
#else
#define TEST_API __attribute__((visibility("default")))
#endif

/* X(suffix, C type) */
#define TEST_INTEGERS(X)                                                                           \
    X(bool, bool)                                                                                  \
    X(i8, int8_t)                                                                                  \
    X(u8, uint8_t)                                                                                 \
    X(i16, int16_t)                                                                                \
    X(u16, uint16_t)                                                                               \
    X(i32, int32_t)                                                                                \
    X(u32, uint32_t)                                                                               \
    X(i64, int64_t)                                                                                \
    X(u64, uint64_t)                                                                               \
    X(isize, ptrdiff_t)                                                                            \
    X(usize, size_t)                                                                               \
    X(long, long)                                                                                  \
    X(ulong, unsigned long)

#define TEST_SCALARS(X)                                                                            \
    TEST_INTEGERS(X)                                                                               \
    X(f32, float)                                                                                  \
    X(f64, double)                                                                                 \
    X(pointer, void *)

/* test_echo_T gives its argument back, test_out_T fills a cell, test_variable_T is a variable. */
#define TEST_DECLARE(suffix, type)                                                                 \
    TEST_API type test_echo_##suffix(type value);                                                  \
    TEST_API int32_t test_out_##suffix(type value, type *out_value);                               \
    extern TEST_API type test_variable_##suffix;
TEST_SCALARS(TEST_DECLARE)
#undef TEST_DECLARE

/* The value as C sees it: its decimal digits. */
#define TEST_DECLARE(suffix, type) TEST_API const char *test_decimal_##suffix(type value);
TEST_INTEGERS(TEST_DECLARE)
#undef TEST_DECLARE

struct test_point {
    double x;
    double y;
};

struct test_line {
    struct test_point from;
    struct test_point to;
};

struct test_inner {
    float b;
    int64_t c;
};

/* Every padding that nesting can make. */
struct test_mixed {
    int8_t a;
    struct test_inner inner;
    uint16_t d;
    bool e;
    void *f;
};

struct test_bytes2 {
    int8_t a;
    uint8_t b;
};

struct test_floats3 {
    float a;
    float b;
    float c;
};

struct test_pair {
    int64_t a;
    uint64_t b;
};

extern TEST_API struct test_line test_variable_line;
extern TEST_API int32_t test_variable_second_name;

/* arithmetic */
TEST_API int32_t test_add(int32_t a, int32_t b);
TEST_API int32_t test_answer(void);
TEST_API void test_nothing(void);
TEST_API uint32_t test_bits_f32(float value);
TEST_API uint64_t test_bits_f64(double value);
TEST_API double test_weigh20(int8_t a0, uint8_t a1, int16_t a2, uint16_t a3, int32_t a4,
                             uint32_t a5, int64_t a6, uint64_t a7, float a8, double a9, int8_t b0,
                             uint8_t b1, int16_t b2, uint16_t b3, int32_t b4, uint32_t b5,
                             int64_t b6, uint64_t b7, float b8, double b9);
TEST_API void *test_address_of_add(void);

/* structs by value */
TEST_API struct test_point test_point_add(struct test_point a, struct test_point b);
TEST_API struct test_line test_line_turn(struct test_line line);
TEST_API struct test_mixed test_mixed_next(int32_t step, struct test_mixed mixed, double factor);
TEST_API struct test_bytes2 test_bytes2_swap(struct test_bytes2 value);
TEST_API struct test_floats3 test_floats3_turn(struct test_floats3 value);
TEST_API struct test_pair test_pair_swap(struct test_pair value);

/* texts; a result lies in memory of the library that its next call overwrites */
TEST_API const char *test_text_echo(const char *text);
TEST_API const char *test_text_null(void);
TEST_API uint64_t test_text_length(const char *text);
TEST_API const char *test_text_repeat(uint32_t unit, uint32_t length);
TEST_API const char *test_text_number(int32_t number);
TEST_API const char *test_variadic_text(const char *kinds, ...);

/* tagged pointers */
struct test_box;
TEST_API struct test_box *test_box_create(int32_t value);
TEST_API int32_t test_box_create_out(int32_t value, struct test_box **out_box);
TEST_API int32_t test_box_value(const struct test_box *box);
TEST_API void test_box_destroy(struct test_box *box);
TEST_API int32_t test_out_pair(int32_t seed, int32_t *out_first, double *out_second);

/* errno */
TEST_API int32_t test_errno_fail(int32_t error);
TEST_API int32_t test_errno_fail_late(int32_t error, uint32_t spin_us);
TEST_API void *test_errno_fail_pointer(int32_t error);
TEST_API int32_t test_errno_succeed(int32_t error, int32_t result);

/* buffers */
TEST_API void test_buffer_fill(uint8_t *bytes, size_t size, uint8_t byte);
TEST_API uint64_t test_buffer_sum(const uint8_t *bytes, size_t size);
TEST_API uint64_t test_buffer_increment(uint8_t *bytes, size_t size);
TEST_API uint64_t test_buffer_storm(uint8_t *bytes, size_t size, uint32_t duration_ms);
TEST_API bool test_buffer_is_null(const uint8_t *bytes);

/* threads and time */
TEST_API uint64_t test_thread_id(void);
TEST_API int32_t test_sleep_ms(uint32_t duration_ms);
TEST_API int32_t test_spin_us(uint32_t duration_us);
TEST_API int32_t test_sleep_together(uint32_t duration_ms);
TEST_API int32_t test_together_peak(void);
TEST_API uint64_t test_order_next(uint32_t index, int64_t expected);
TEST_API int64_t test_count_add(uint32_t index);
TEST_API int64_t test_count_get(uint32_t index);

/* gates: a call waits at one until a test opens it */
TEST_API int32_t test_gate_make(void);
TEST_API int32_t test_gate_wait(int32_t gate);
TEST_API uint64_t test_gate_fill(int32_t gate, uint8_t *bytes, size_t size, uint8_t byte);
TEST_API int32_t test_gate_arrived(int32_t gate);
TEST_API void test_gate_open(int32_t gate);

#endif

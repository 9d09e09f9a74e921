/*
 * testlib_language.h - the part of the tests' C library that has a function for every word of the
 * type language: what a C header may ask of a caller besides numbers.
 */
#ifndef TESTLIB_LANGUAGE_H
#define TESTLIB_LANGUAGE_H

#include "testlib.h"

/* cells: test_in_T gives what it reads; test_inout_T changes the cell and gives what was there */
#define TEST_DECLARE(suffix, type)                                                                 \
    TEST_API type test_in_##suffix(type const *cell);                                              \
    TEST_API type test_inout_##suffix(type *cell, type value);
TEST_SCALARS(TEST_DECLARE)
#undef TEST_DECLARE

TEST_API bool test_cell_is_null(const void *cell);
TEST_API double test_point_product(const struct test_point *point);
TEST_API int32_t test_point_turn(struct test_point *point);
TEST_API int32_t test_line_between(struct test_point from, struct test_point to,
                                   struct test_line *out_line);

/* arrays */
struct test_vector {
    float values[4];
    int16_t tag;
};

struct test_matrix {
    int8_t kind;
    int32_t rows[2][3];
    struct test_point corners[2];
};

TEST_API int64_t test_array_weigh(const int32_t values[4]);
TEST_API void test_array_reverse(int32_t values[4]);
TEST_API int32_t test_array_count(int32_t from, int32_t out_values[20]);
TEST_API struct test_vector test_vector_turn(struct test_vector vector);
TEST_API void test_matrix_turn(struct test_matrix *matrix);

/* unions */
union test_value {
    int64_t integer;
    double number;
    uint8_t bytes[8];
};

struct test_variant {
    int32_t kind;
    union test_value value;
};

union test_wide {
    struct test_point point;
    int32_t numbers[6];
};

TEST_API union test_value test_value_negate(int32_t kind, union test_value value);
TEST_API struct test_variant test_variant_next(struct test_variant variant);
TEST_API void test_variant_switch(struct test_variant *variant);
TEST_API union test_wide test_wide_turn(union test_wide wide);

/* UTF-16 */
TEST_API uint64_t test_text16_length(const uint16_t *text);
TEST_API uint64_t test_text16_sum(const uint16_t *text);
TEST_API const uint16_t *test_text16_echo(const uint16_t *text);
TEST_API const uint16_t *test_text16_repeat(uint32_t unit, uint32_t length);

/* lists that end with NULL */
TEST_API int64_t test_list_count(const char *const *list);
TEST_API const char *test_list_join(const char *const *list);
TEST_API const char *const *test_list_copy(const char *const *list);
TEST_API const char *const *test_list_number(int32_t count);
TEST_API void test_list_out(int32_t count, const char *const **out_list);
TEST_API const char *test_text_two(uint32_t length, const char **out_text);
TEST_API int64_t test_list_sum(void *const *list);

/* bytes of a length known from elsewhere: byte i is (uint8_t)(seed + i) */
TEST_API const uint8_t *test_bytes_pattern(uint32_t length, uint8_t seed);
TEST_API const uint8_t *test_bytes_area(uint16_t width, int8_t height, uint8_t seed);
TEST_API const uint8_t *test_bytes_slow(uint32_t length, uint32_t duration_ms);
TEST_API const uint8_t *test_bytes_out_size(uint8_t seed, uint64_t *out_size);
TEST_API int32_t test_bytes_out(uint32_t length, const uint8_t **out_bytes);
TEST_API int32_t test_bytes_owned(uint32_t length, uint8_t **out_bytes, size_t *out_size);

struct test_stream {
    uint8_t *bytes;
    size_t size;
    size_t position;
};

struct test_slice {
    const uint8_t *bytes;
    uint64_t size;
};

/* Its length is in the last bytes of all. */
struct test_tail {
    const uint8_t *bytes;
    uint32_t seed;
    uint32_t size;
};

TEST_API struct test_tail test_tail_next(void);
TEST_API void test_tail_out(struct test_tail *out_tail);
TEST_API size_t test_stream_write(struct test_stream *stream, size_t count);
TEST_API int64_t test_slice_sum(struct test_slice slice);
TEST_API struct test_slice test_slice_pattern(uint32_t length, uint8_t seed);

/* memory that the caller frees; test_owned_free notes where and how often that was done */
TEST_API char *test_owned_text(int32_t number);
TEST_API int32_t test_owned_text_out(int32_t number, char **out_text);
TEST_API void test_owned_free(void *memory);
TEST_API int64_t test_owned_made(void);
TEST_API int64_t test_owned_freed(void);
/* Memory freed twice, or on another thread than the one that made it. */
TEST_API int64_t test_owned_wrong(void);

/* structs that point to more */
struct test_entry {
    const char *key;
    int64_t value;
};

struct test_person {
    const char *name;
    int32_t age;
    uint32_t size;
    const uint8_t *data;
    const uint16_t *title;
    struct test_entry entries[2];
};

TEST_API const struct test_person *test_person_get(int32_t number);
TEST_API struct test_person *test_person_make(int32_t number);
TEST_API int32_t test_person_out(int32_t number, const struct test_person **out_person);
TEST_API struct test_person test_person_value(int32_t number);
TEST_API const char *test_person_text(const struct test_person *person);
TEST_API const char *test_person_value_text(struct test_person person);
TEST_API void test_person_birthday(struct test_person *person);

/* functions by address */
struct test_table {
    int32_t (*add)(int32_t a, int32_t b);
    int32_t (*subtract)(int32_t a, int32_t b);
};

TEST_API int32_t test_apply(int32_t (*function)(int32_t a, int32_t b), int32_t a, int32_t b);
TEST_API const struct test_table *test_table_get(void);

#endif

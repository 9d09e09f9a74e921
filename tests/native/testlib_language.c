#include "testlib_language.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_BYTES (1u << 21)
#define LIST_MAX 512

/* ---- cells ----------------------------------------------------------------------------------- */

#define TEST_DEFINE(suffix, type)                                                                  \
    type test_in_##suffix(type const *cell) {                                                      \
        return *cell;                                                                              \
    }                                                                                              \
    type test_inout_##suffix(type *cell, type value) {                                             \
        type before = *cell;                                                                       \
        *cell = value;                                                                             \
        return before;                                                                             \
    }
TEST_SCALARS(TEST_DEFINE)
#undef TEST_DEFINE

bool test_cell_is_null(const void *cell) {
    return cell == NULL;
}

double test_point_product(const struct test_point *point) {
    return point == NULL ? -1 : point->x * point->y;
}

int32_t test_point_turn(struct test_point *point) {
    *point = (struct test_point){point->y, point->x};
    return 5;
}

int32_t test_line_between(struct test_point from, struct test_point to,
                          struct test_line *out_line) {
    *out_line = (struct test_line){from, to};
    return 6;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

int64_t test_array_weigh(const int32_t values[4]) {
    return values[0] + 10ll * values[1] + 100ll * values[2] + 1000ll * values[3];
}

void test_array_reverse(int32_t values[4]) {
    for (int i = 0; i < 2; i++) {
        int32_t value = values[i];
        values[i] = values[3 - i];
        values[3 - i] = value;
    }
}

int32_t test_array_count(int32_t from, int32_t out_values[20]) {
    for (int32_t i = 0; i < 20; i++) {
        out_values[i] += from + i; /* shows that a cell starts as zero */
    }
    return 20;
}

struct test_vector test_vector_turn(struct test_vector vector) {
    const float *v = vector.values;
    return (struct test_vector){{v[3], v[2], v[1], v[0]}, (int16_t)-vector.tag};
}

void test_matrix_turn(struct test_matrix *matrix) {
    struct test_matrix before = *matrix;
    matrix->kind++;
    for (int i = 0; i < 3; i++) {
        matrix->rows[0][i] = before.rows[1][i];
        matrix->rows[1][i] = before.rows[0][i];
    }
    matrix->corners[0] = before.corners[1];
    matrix->corners[1] = before.corners[0];
}

/* ---- unions ---------------------------------------------------------------------------------- */

union test_value test_value_negate(int32_t kind, union test_value value) {
    if (kind == 0) {
        value.integer = -value.integer;
    } else if (kind == 1) {
        value.number = -value.number;
    } else {
        for (int i = 0; i < 8; i++) {
            value.bytes[i] = (uint8_t)-value.bytes[i];
        }
    }
    return value;
}

struct test_variant test_variant_next(struct test_variant variant) {
    variant.value = test_value_negate(variant.kind, variant.value);
    variant.kind++;
    return variant;
}

void test_variant_switch(struct test_variant *variant) {
    if (variant->kind == 0) {
        variant->value.number = (double)variant->value.integer;
    } else {
        variant->value.integer = (int64_t)variant->value.number;
    }
    variant->kind = 1 - variant->kind;
}

union test_wide test_wide_turn(union test_wide wide) {
    double x = wide.point.x;
    wide.point.x = wide.point.y;
    wide.point.y = x;
    return wide;
}

/* ---- UTF-16 ---------------------------------------------------------------------------------- */

static _Thread_local uint16_t text16_buffer[PATTERN_BYTES];

uint64_t test_text16_length(const uint16_t *text) {
    uint64_t length = 0;
    while (text != NULL && text[length] != 0) {
        length++;
    }
    return text == NULL ? UINT64_MAX : length;
}

uint64_t test_text16_sum(const uint16_t *text) {
    uint64_t sum = 0;
    for (uint64_t i = 0; text[i] != 0; i++) {
        sum += text[i] * (i + 1);
    }
    return sum;
}

const uint16_t *test_text16_echo(const uint16_t *text) {
    return text;
}

const uint16_t *test_text16_repeat(uint32_t unit, uint32_t length) {
    uint32_t count = length < PATTERN_BYTES ? length : PATTERN_BYTES - 1;
    for (uint32_t i = 0; i < count; i++) {
        text16_buffer[i] = (uint16_t)unit;
    }
    text16_buffer[count] = 0;
    return text16_buffer;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static _Thread_local char line_buffer[1 << 16];
static _Thread_local const char *list_buffer[LIST_MAX + 1];
static _Thread_local char list_texts[LIST_MAX][32];

int64_t test_list_count(const char *const *list) {
    int64_t count = 0;
    while (list != NULL && list[count] != NULL) {
        count++;
    }
    return list == NULL ? -1 : count;
}

const char *test_list_join(const char *const *list) {
    size_t used = 0;
    line_buffer[0] = '\0';
    for (; list != NULL && *list != NULL && used < sizeof line_buffer; list++) {
        int written = snprintf(line_buffer + used, sizeof line_buffer - used, "%s|", *list);
        used += written < 0 ? 0 : (size_t)written;
    }
    return line_buffer;
}

const char *const *test_list_copy(const char *const *list) {
    return list;
}

const char *const *test_list_number(int32_t count) {
    if (count < 0) {
        return NULL;
    }
    int32_t texts = count < LIST_MAX ? count : LIST_MAX;
    for (int32_t i = 0; i < texts; i++) {
        snprintf(list_texts[i], sizeof list_texts[i], "text %d of %d", i, count);
        list_buffer[i] = list_texts[i];
    }
    list_buffer[texts] = NULL;
    return list_buffer;
}

void test_list_out(int32_t count, const char *const **out_list) {
    *out_list = test_list_number(count);
}

const char *test_text_two(uint32_t length, const char **out_text) {
    size_t size = length < sizeof line_buffer ? length : sizeof line_buffer - 1;
    memset(line_buffer, 'b', size);
    line_buffer[size] = '\0';
    *out_text = length == 3 ? NULL : line_buffer;
    return length == 4 ? NULL : test_text_repeat('a', length);
}

int64_t test_list_sum(void *const *list) {
    int64_t sum = 0;
    for (; list != NULL && *list != NULL; list++) {
        sum += (intptr_t)*list;
    }
    return sum;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static _Thread_local uint8_t pattern_buffer[PATTERN_BYTES];

static void fill_pattern(uint8_t *bytes, size_t length, uint8_t seed) {
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)(seed + i);
    }
}

const uint8_t *test_bytes_pattern(uint32_t length, uint8_t seed) {
    uint32_t size = length < PATTERN_BYTES ? length : PATTERN_BYTES;
    fill_pattern(pattern_buffer, size, seed);
    return pattern_buffer;
}

const uint8_t *test_bytes_area(uint16_t width, int8_t height, uint8_t seed) {
    return height < 0 ? pattern_buffer : test_bytes_pattern((uint32_t)(width * height), seed);
}

const uint8_t *test_bytes_slow(uint32_t length, uint32_t duration_ms) {
    test_sleep_ms(duration_ms);
    return test_bytes_pattern(length, 0);
}

const uint8_t *test_bytes_out_size(uint8_t seed, uint64_t *out_size) {
    *out_size = seed * 3u;
    return test_bytes_pattern(seed * 3u, seed);
}

int32_t test_bytes_out(uint32_t length, const uint8_t **out_bytes) {
    *out_bytes = test_bytes_pattern(length, 7);
    return (int32_t)(length / 2);
}

size_t test_stream_write(struct test_stream *stream, size_t count) {
    size_t left = stream->size - stream->position;
    size_t written = count < left ? count : left;
    fill_pattern(stream->bytes + stream->position, written, (uint8_t)stream->position);
    stream->position += written;
    return count - written;
}

struct test_tail test_tail_next(void) {
    return (struct test_tail){test_bytes_pattern(9, 4), 4, 9};
}

void test_tail_out(struct test_tail *out_tail) {
    *out_tail = test_tail_next();
}

int64_t test_slice_sum(struct test_slice slice) {
    return slice.bytes == NULL ? -1 : (int64_t)test_buffer_sum(slice.bytes, slice.size);
}

struct test_slice test_slice_pattern(uint32_t length, uint8_t seed) {
    return (struct test_slice){test_bytes_pattern(length, seed), length};
}

/* ---- owned memory ---------------------------------------------------------------------------- */

/* Stays, so that what is done to freed memory is seen. */
struct owned {
    uint64_t thread;
    _Atomic(bool) is_freed;
    _Alignas(16) char bytes[];
};

static _Atomic(int64_t) owned_made;
static _Atomic(int64_t) owned_freed;
static _Atomic(int64_t) owned_wrong;

static void *make_owned(size_t size) {
    struct owned *owned = malloc(sizeof *owned + size);
    if (owned == NULL) {
        return NULL;
    }
    owned->thread = test_thread_id();
    atomic_init(&owned->is_freed, false);
    atomic_fetch_add(&owned_made, 1);
    return owned->bytes;
}

void test_owned_free(void *memory) {
    struct owned *owned = (struct owned *)(void *)((char *)memory - offsetof(struct owned, bytes));
    bool is_right = !atomic_exchange(&owned->is_freed, true) && owned->thread == test_thread_id();
    atomic_fetch_add(&owned_wrong, is_right ? 0 : 1);
    atomic_fetch_add(&owned_freed, 1);
    owned->bytes[0] = '#'; /* whoever reads it later sees this */
}

char *test_owned_text(int32_t number) {
    char *text = number < 0 ? NULL : make_owned(64);
    if (text != NULL) {
        snprintf(text, 64, "owned text %d", number);
    }
    return text;
}

int32_t test_owned_text_out(int32_t number, char **out_text) {
    *out_text = test_owned_text(number);
    return *out_text == NULL ? -1 : 0;
}

int32_t test_bytes_owned(uint32_t length, uint8_t **out_bytes, size_t *out_size) {
    *out_bytes = make_owned(length + 1u);
    *out_size = length;
    if (*out_bytes != NULL) {
        fill_pattern(*out_bytes, length, 1);
    }
    return 0;
}

int64_t test_owned_made(void) {
    return atomic_load(&owned_made);
}

int64_t test_owned_freed(void) {
    return atomic_load(&owned_freed);
}

int64_t test_owned_wrong(void) {
    return atomic_load(&owned_wrong);
}

/* ---- structs that point to more -------------------------------------------------------------- */

static _Thread_local struct test_person person_buffer;
static _Thread_local char person_name[64];
static _Thread_local uint8_t person_data[256];
static _Thread_local char person_keys[2][32];
static const uint16_t person_title[] = {'D', 'r', 0x2713, 0};

static void fill_person(struct test_person *person, int32_t number) {
    snprintf(person_name, sizeof person_name, "person %d", number);
    fill_pattern(person_data, sizeof person_data, (uint8_t)number);
    *person = (struct test_person){
        .name = person_name,
        .age = number,
        .size = (uint32_t)number % sizeof person_data,
        .data = number % 7 == 0 ? NULL : person_data,
        .title = number % 2 == 0 ? NULL : person_title,
    };
    for (int i = 0; i < 2; i++) {
        snprintf(person_keys[i], sizeof person_keys[i], "key %d of %d", i, number);
        person->entries[i] = (struct test_entry){person_keys[i], number * 10 + i};
    }
}

const struct test_person *test_person_get(int32_t number) {
    fill_person(&person_buffer, number);
    return number < 0 ? NULL : &person_buffer;
}

struct test_person *test_person_make(int32_t number) {
    struct test_person *person = make_owned(sizeof *person);
    if (person != NULL) {
        fill_person(person, number);
    }
    return person;
}

int32_t test_person_out(int32_t number, const struct test_person **out_person) {
    *out_person = test_person_get(number);
    return *out_person == NULL ? -1 : 0;
}

struct test_person test_person_value(int32_t number) {
    fill_person(&person_buffer, number);
    return person_buffer;
}

const char *test_person_text(const struct test_person *person) {
    if (person == NULL) {
        return "nobody";
    }
    const struct test_entry *entries = person->entries;
    uint64_t sum = person->data == NULL ? 0 : test_buffer_sum(person->data, person->size);
    uint64_t title = person->title == NULL ? 0 : test_text16_sum(person->title);
    snprintf(line_buffer, sizeof line_buffer,
             "%s, %d, %u bytes: %llu, title %llu, %s=%lld, %s=%lld",
             person->name == NULL ? "(null)" : person->name, person->age, person->size,
             (unsigned long long)sum, (unsigned long long)title,
             entries[0].key == NULL ? "(null)" : entries[0].key, (long long)entries[0].value,
             entries[1].key == NULL ? "(null)" : entries[1].key, (long long)entries[1].value);
    return line_buffer;
}

const char *test_person_value_text(struct test_person person) {
    return test_person_text(&person);
}

void test_person_birthday(struct test_person *person) {
    person->age++;
    person->name = "older";
    person->size /= 2;
    person->entries[0].value++;
    person->title = NULL;
}

/* ---- functions by address -------------------------------------------------------------------- */

static int32_t subtract(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

int32_t test_apply(int32_t (*function)(int32_t a, int32_t b), int32_t a, int32_t b) {
    return function == NULL ? -1 : function(a, b);
}

const struct test_table *test_table_get(void) {
    static const struct test_table table = {test_add, subtract};
    return &table;
}

/*
 * testlib_cursor.c - a cursor as databases have them: stepped, read column by column, closed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "testlib.h"

#define CURSOR_ROW 100
#define CURSOR_DONE 101

struct test_cursor {
    uint32_t rows;
    uint32_t at;
    char text[32]; /* what the last text column gave; overwritten by the next */
};

struct test_point2 {
    double x;
    int32_t y;
};

TEST_API struct test_cursor *test_cursor_open(uint32_t rows);
TEST_API int32_t test_cursor_step(struct test_cursor *cursor);
TEST_API int64_t test_cursor_number(struct test_cursor *cursor, int32_t column);
TEST_API const char *test_cursor_text(struct test_cursor *cursor, int32_t column);
TEST_API int32_t test_cursor_point(struct test_cursor *cursor, struct test_point2 *out);
TEST_API int32_t test_cursor_shift(struct test_cursor *cursor, const struct test_point2 *by,
                                   struct test_point2 *in_out);
TEST_API int32_t test_cursor_find(struct test_cursor *cursor, const char *text);
TEST_API int64_t test_cursor_twice(int64_t number);
TEST_API double test_cursor_half(double number);
TEST_API void test_cursor_close(struct test_cursor *cursor);

struct test_cursor *test_cursor_open(uint32_t rows) {
    struct test_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor != NULL) {
        cursor->rows = rows;
    }
    return cursor;
}

int32_t test_cursor_step(struct test_cursor *cursor) {
    if (cursor->at == cursor->rows) {
        errno = ENOENT;
        return CURSOR_DONE;
    }
    cursor->at++;
    return CURSOR_ROW;
}

int64_t test_cursor_number(struct test_cursor *cursor, int32_t column) {
    return (int64_t)cursor->at * 1000 + column;
}

const char *test_cursor_text(struct test_cursor *cursor, int32_t column) {
    if (cursor->at % 5 == 0) {
        return NULL;
    }
    (void)snprintf(cursor->text, sizeof cursor->text, "row %u \xc3\xa4 %d", cursor->at, column);
    return cursor->text;
}

int32_t test_cursor_point(struct test_cursor *cursor, struct test_point2 *out) {
    *out = (struct test_point2){.x = cursor->at * 0.5, .y = (int32_t)cursor->at};
    return 0;
}

int32_t test_cursor_shift(struct test_cursor *cursor, const struct test_point2 *by,
                          struct test_point2 *in_out) {
    in_out->x += by == NULL ? 1000 : by->x;
    in_out->y += (int32_t)cursor->at;
    return by == NULL;
}

int32_t test_cursor_find(struct test_cursor *cursor, const char *text) {
    return text[0] == 'r' && cursor->at % 2 == 1;
}

int64_t test_cursor_twice(int64_t number) {
    return number * 2;
}

double test_cursor_half(double number) {
    return number / 2;
}

void test_cursor_close(struct test_cursor *cursor) {
    free(cursor);
}

/*
 * testlib_callback.h - the part of the tests' C library that callbacks are tried with: functions
 * that call a pointer, on the calling thread or on threads of their own.
 */
#ifndef TESTLIB_CALLBACK_H
#define TESTLIB_CALLBACK_H

#include "testlib.h"

/* Calls with the value and gives what came back; where `is_foreign`, on a new thread. */
#define TEST_ASK_LIST(X)                                                                           \
    TEST_SCALARS(X)                                                                                \
    X(point, struct test_point)                                                                    \
    X(mixed, struct test_mixed)                                                                    \
    X(bytes2, struct test_bytes2)                                                                  \
    X(floats3, struct test_floats3)                                                                \
    X(pair, struct test_pair)

#define TEST_ASK_DECLARE(name, type)                                                               \
    typedef type (*test_ask_##name##_fn)(type value);                                              \
    TEST_API type test_ask_##name(test_ask_##name##_fn callback, type value, bool is_foreign);
TEST_ASK_LIST(TEST_ASK_DECLARE)
#undef TEST_ASK_DECLARE

typedef void (*test_nothing_fn)(void);
/* Calls on a new thread and waits for its end. */
TEST_API void test_call_foreign(test_nothing_fn callback);
/* Sets errno, calls, and gives errno. */
TEST_API int32_t test_errno_around(test_nothing_fn callback, int32_t error);

/* Threads that call a pointer again and again, with their number and a count from 0. */
typedef void (*test_post_fn)(uint32_t thread, uint32_t index);
struct test_storm;
TEST_API struct test_storm *test_storm_start(test_post_fn callback, uint32_t threads,
                                             uint32_t calls);
/* Waits for all of them. */
TEST_API void test_storm_join(struct test_storm *storm);

/* The same with results, which are added up: of the calls, and of those that gave `closed`. */
TEST_API struct test_storm *test_asks_start(test_ask_i32_fn callback, uint32_t threads,
                                            uint32_t calls, int32_t closed);
TEST_API uint32_t test_asks_made(struct test_storm *storm);
/* Waits for all of them, frees them, and gives the sum of what was not `closed`. */
TEST_API int64_t test_asks_join(struct test_storm *storm, int64_t *out_closed);

/* One thread that calls once. */
struct test_asker;
TEST_API struct test_asker *test_asker_start(test_ask_i32_fn callback, int32_t value);
TEST_API int32_t test_asker_join(struct test_asker *asker);

/* What the child of a fork gets from the pointer, 0 to 255; negative: there was no child. */
TEST_API int32_t test_ask_in_child(test_ask_i32_fn callback, int32_t value);

/* Calls with memory that is overwritten as soon as the callback has returned. */
typedef void (*test_text_fn)(uint32_t index, const char *text);
TEST_API void test_say(test_text_fn callback, uint32_t count, bool is_foreign);
typedef size_t (*test_write_fn)(const uint8_t *bytes, size_t size, size_t count, void *user);
TEST_API uint64_t test_write(test_write_fn callback, uint32_t size, uint32_t count);

struct test_entry {
    uint32_t id;
    const char *name;
    uint32_t size;
    const uint8_t *payload;
    const char *const *tags;
};
typedef void (*test_entry_fn)(const struct test_entry *entry, struct test_entry value);
TEST_API void test_entries(test_entry_fn callback, uint32_t count);

/* Calls with a length and a pointer as they are given. */
typedef void (*test_sized_fn)(const uint8_t *bytes, int32_t size);
TEST_API void test_sized(test_sized_fn callback, uint64_t address, int32_t size);
typedef void (*test_texts_fn)(const char *text, const uint16_t *text16);
TEST_API void test_texts(test_texts_fn callback, const char *text, const uint16_t *text16);

/* Twelve arguments of every kind; gives what the callback gave. */
typedef double (*test_many_fn)(int8_t a, uint16_t b, int32_t c, uint64_t d, float e, double f,
                               struct test_point g, bool h, int64_t i, void *j, uint8_t k,
                               double l);
TEST_API double test_many(test_many_fn callback);

/* A value added to one that is kept at an address; the id of the thread is kept behind it. */
TEST_API int64_t test_add_at(int64_t *cell, int64_t value);

#endif

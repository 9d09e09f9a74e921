/*
 * testlib_context.h - the part of the tests' C library that contexts are tried with: handles whose
 * destruction leaves a record, state of the thread, functions that block until they are told, and
 * an event loop of a library's own.
 */
#ifndef TESTLIB_CONTEXT_H
#define TESTLIB_CONTEXT_H

#include "testlib.h"

/* Destroying a thing writes its number and the thread into its log. */
struct test_thing;
TEST_API int32_t test_log_make(void);
TEST_API int32_t test_log_count(int32_t log);
TEST_API int32_t test_log_thing(int32_t log, int32_t index);
TEST_API uint64_t test_log_thread(int32_t log, int32_t index);
TEST_API struct test_thing *test_thing_create(int32_t log, int32_t number);
TEST_API int32_t test_thing_destroy(struct test_thing *thing);
/* The same, once the gate with the number of the thing is open. */
TEST_API int32_t test_thing_destroy_slowly(struct test_thing *thing);
/* Writes a number and the thread into a log. */
TEST_API int32_t test_log_add(int32_t log, int32_t number);

/* How often the calling thread has called it. */
TEST_API int32_t test_local_next(void);
/* Bytes of stack that the calling thread has, or 0 where that is not known. */
TEST_API uint64_t test_stack_size(void);

/* A function that blocks until its flag is set, and gives the flag. */
TEST_API uint32_t test_flag_wait(uint32_t *flag);
TEST_API void test_flag_set(uint32_t *flag, uint32_t value);

/* An event loop: waiting gives an event, or 0 when the loop was woken. */
struct test_loop;
TEST_API struct test_loop *test_loop_create(void);
TEST_API int32_t test_loop_wait(struct test_loop *loop);
TEST_API int32_t test_loop_waits(struct test_loop *loop);
TEST_API void test_loop_wake(struct test_loop *loop);
TEST_API void test_loop_post(struct test_loop *loop, int32_t event);
TEST_API void test_loop_destroy(struct test_loop *loop);

/* Counts from 1, and gives the remainder. */
TEST_API int32_t test_count_modulo(uint32_t index, int32_t modulus);
/* Counts from 1 and fails with the error when it comes to `limit`. */
TEST_API int32_t test_count_fail(uint32_t index, int32_t limit, int32_t error);

#endif

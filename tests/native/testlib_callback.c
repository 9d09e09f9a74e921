#include "testlib_callback.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

enum { THREADS_MAX = 64, TEXT_BYTES = 64, WRITE_BYTES = 4096 };

static pthread_t start_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument) != 0) {
        abort();
    }
    return thread;
}

static void run_on_thread(void *(*body)(void *), void *argument) {
    pthread_join(start_thread(body, argument), NULL);
}

#define TEST_ASK_DEFINE(name, type)                                                                \
    struct ask_##name {                                                                            \
        test_ask_##name##_fn callback;                                                             \
        type value;                                                                                \
    };                                                                                             \
    static void *run_ask_##name(void *argument) {                                                  \
        struct ask_##name *ask = argument;                                                         \
        ask->value = ask->callback(ask->value);                                                    \
        return NULL;                                                                               \
    }                                                                                              \
    type test_ask_##name(test_ask_##name##_fn callback, type value, bool is_foreign) {             \
        if (!is_foreign) {                                                                         \
            return callback(value);                                                                \
        }                                                                                          \
        struct ask_##name ask = {callback, value};                                                 \
        run_on_thread(run_ask_##name, &ask);                                                       \
        return ask.value;                                                                          \
    }
TEST_ASK_LIST(TEST_ASK_DEFINE)

static void *run_nothing(void *argument) {
    (*(test_nothing_fn *)argument)();
    return NULL;
}

void test_call_foreign(test_nothing_fn callback) {
    run_on_thread(run_nothing, &callback);
}

int32_t test_errno_around(test_nothing_fn callback, int32_t error) {
    errno = error;
    callback();
    return errno;
}

struct test_storm {
    test_post_fn post;
    test_ask_i32_fn ask;
    uint32_t calls;
    int32_t closed;
    uint32_t threads;
    _Atomic(uint32_t) next;
    _Atomic(uint32_t) made;
    _Atomic(int64_t) sum;
    _Atomic(int64_t) closed_count;
    pthread_t ids[THREADS_MAX];
};

static void *run_posts(void *argument) {
    struct test_storm *storm = argument;
    uint32_t thread = atomic_fetch_add(&storm->next, 1);
    for (uint32_t i = 0; i < storm->calls; i++) {
        storm->post(thread, i);
    }
    return NULL;
}

static void *run_asks(void *argument) {
    struct test_storm *storm = argument;
    for (uint32_t i = 0; i < storm->calls; i++) {
        int32_t value = storm->ask((int32_t)i);
        if (value == storm->closed) {
            atomic_fetch_add(&storm->closed_count, 1);
        } else {
            atomic_fetch_add(&storm->sum, value);
        }
        atomic_fetch_add(&storm->made, 1);
    }
    return NULL;
}

static struct test_storm *start_storm(const struct test_storm *of, void *(*body)(void *)) {
    struct test_storm *storm = malloc(sizeof *storm);
    if (storm == NULL || of->threads > THREADS_MAX) {
        abort();
    }
    memcpy(storm, of, sizeof *storm);
    for (uint32_t i = 0; i < storm->threads; i++) {
        storm->ids[i] = start_thread(body, storm);
    }
    return storm;
}

static void wait_for_storm(struct test_storm *storm) {
    for (uint32_t i = 0; i < storm->threads; i++) {
        pthread_join(storm->ids[i], NULL);
    }
}

struct test_storm *test_storm_start(test_post_fn callback, uint32_t threads, uint32_t calls) {
    struct test_storm storm = {.post = callback, .threads = threads, .calls = calls};
    return start_storm(&storm, run_posts);
}

void test_storm_join(struct test_storm *storm) {
    wait_for_storm(storm);
    free(storm);
}

struct test_storm *test_asks_start(test_ask_i32_fn callback, uint32_t threads, uint32_t calls,
                                   int32_t closed) {
    struct test_storm storm = {
        .ask = callback, .threads = threads, .calls = calls, .closed = closed};
    return start_storm(&storm, run_asks);
}

uint32_t test_asks_made(struct test_storm *storm) {
    return atomic_load(&storm->made);
}

int64_t test_asks_join(struct test_storm *storm, int64_t *out_closed) {
    wait_for_storm(storm);
    int64_t sum = atomic_load(&storm->sum);
    *out_closed = atomic_load(&storm->closed_count);
    free(storm);
    return sum;
}

#if !defined(_WIN32)
int32_t test_ask_in_child(test_ask_i32_fn callback, int32_t value) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(callback(value) & 0xff);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#else
int32_t test_ask_in_child(test_ask_i32_fn callback, int32_t value) {
    (void)callback;
    (void)value;
    return -1;
}
#endif

struct test_asker {
    test_ask_i32_fn callback;
    int32_t value;
    pthread_t thread;
};

static void *run_asker(void *argument) {
    struct test_asker *asker = argument;
    asker->value = asker->callback(asker->value);
    return NULL;
}

struct test_asker *test_asker_start(test_ask_i32_fn callback, int32_t value) {
    struct test_asker *asker = malloc(sizeof *asker);
    if (asker == NULL) {
        abort();
    }
    *asker = (struct test_asker){.callback = callback, .value = value};
    asker->thread = start_thread(run_asker, asker);
    return asker;
}

int32_t test_asker_join(struct test_asker *asker) {
    pthread_join(asker->thread, NULL);
    int32_t value = asker->value;
    free(asker);
    return value;
}

struct saying {
    test_text_fn callback;
    uint32_t count;
};

static void *run_saying(void *argument) {
    const struct saying *saying = argument;
    char text[TEXT_BYTES];
    for (uint32_t i = 0; i < saying->count; i++) {
        (void)snprintf(text, sizeof text, "text number %u", i);
        saying->callback(i, text);
        memset(text, '#', sizeof text - 1);
    }
    return NULL;
}

void test_say(test_text_fn callback, uint32_t count, bool is_foreign) {
    struct saying saying = {callback, count};
    if (is_foreign) {
        run_on_thread(run_saying, &saying);
    } else {
        run_saying(&saying);
    }
}

uint64_t test_write(test_write_fn callback, uint32_t size, uint32_t count) {
    uint8_t bytes[WRITE_BYTES];
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    uint64_t written = callback(bytes, size, count, bytes);
    memset(bytes, 0, sizeof bytes);
    return written;
}

void test_entries(test_entry_fn callback, uint32_t count) {
    char name[TEXT_BYTES];
    uint8_t payload[TEXT_BYTES];
    char tag[TEXT_BYTES];
    const char *tags[] = {"first", tag, NULL};
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "entry %u", i);
        (void)snprintf(tag, sizeof tag, "tag %u", i);
        uint32_t size = i % TEXT_BYTES;
        memset(payload, (uint8_t)i, size);
        struct test_entry entry = {i, name, size, payload, tags};
        callback(&entry, entry);
        memset(name, '#', sizeof name - 1);
        memset(tag, '#', sizeof tag - 1);
        memset(payload, 0xff, sizeof payload);
        memset(&entry, 0, sizeof entry);
    }
}

void test_sized(test_sized_fn callback, uint64_t address, int32_t size) {
    callback((const uint8_t *)(uintptr_t)address, size);
}

void test_texts(test_texts_fn callback, const char *text, const uint16_t *text16) {
    callback(text, text16);
}

double test_many(test_many_fn callback) {
    int here = 0;
    struct test_point point = {1.5, -2.5};
    return callback(-1, 65535, -2147483647 - 1, UINT64_MAX, 0.25F, -0.0, point, true, INT64_MIN,
                    &here, 255, 12.5);
}

int64_t test_add_at(int64_t *cell, int64_t value) {
    cell[0] += value;
    cell[1] = (int64_t)test_thread_id();
    return cell[0];
}

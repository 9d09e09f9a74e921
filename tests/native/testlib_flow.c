/*
 * testlib_flow.c - foreign threads that give stations something to wait for: bytes on a socket, and
 * posts to native events. They end when they are through, or when nobody listens any more: so they
 * also outlive the JavaScript thread that started them.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testlib.h"

enum { FLOWS_MAX = 1024, PART_BYTES_MAX = 65536 };

typedef int32_t (*post_fn)(uint64_t event, uint64_t value);

struct flow {
    bool is_taken;
    bool is_left;   /* guarded by mutex, as all but the thread's own */
    bool has_ended; /* likewise */
    int reading;    /* what JavaScript waits for */
    int writing;    /* the thread's own */
    uint64_t bytes; /* likewise, as what follows */
    uint32_t part_bytes_max;
    uint32_t key;
};

struct poster {
    post_fn post;
    uint64_t event;
    uint32_t count;
};

TEST_API int32_t test_flow_start(uint32_t key, uint64_t bytes, uint32_t part_bytes_max);
TEST_API int32_t test_flow_descriptor(int32_t number);
TEST_API void test_flow_leave(int32_t number);
TEST_API void test_flows_leave(void);
TEST_API int32_t test_flows_running(void);
TEST_API void test_posters_start(post_fn post, uint64_t event, uint32_t threads, uint32_t count);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct flow flows[FLOWS_MAX];
static _Atomic(int32_t) running;

static void start_thread(void *(*run)(void *), void *argument) {
    pthread_t thread;
    atomic_fetch_add(&running, 1);
    if (pthread_create(&thread, NULL, run, argument) != 0 || pthread_detach(thread) != 0) {
        abort();
    }
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* @return whether somebody still reads */
static bool send_part(const struct flow *flow, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(flow->writing, bytes, size, MSG_NOSIGNAL);
        if (sent < 0) {
            return false;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void *run_flow(void *argument) {
    static _Thread_local uint8_t part[PART_BYTES_MAX];
    struct flow *flow = argument;
    uint64_t sent = 0;
    uint32_t size = flow->key;
    bool is_read = true;
    while (is_read && sent < flow->bytes) {
        size = (size * 1103515245u + 12345u) % flow->part_bytes_max + 1;
        uint64_t rest = flow->bytes - sent;
        size = rest < size ? (uint32_t)rest : size;
        for (uint32_t i = 0; i < size; i++) {
            part[i] = (uint8_t)(flow->key + sent + i);
        }
        is_read = send_part(flow, part, size);
        sent += size;
    }
    close(flow->writing);
    pthread_mutex_lock(&mutex);
    flow->has_ended = true;
    flow->is_taken = !flow->is_left;
    pthread_mutex_unlock(&mutex);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static struct flow *take_place(void) {
    pthread_mutex_lock(&mutex);
    struct flow *flow = flows;
    while (flow < flows + FLOWS_MAX && flow->is_taken) {
        flow++;
    }
    if (flow == flows + FLOWS_MAX) {
        abort();
    }
    *flow = (struct flow){.is_taken = true};
    pthread_mutex_unlock(&mutex);
    return flow;
}

/* Byte i is key + i. @return its number */
int32_t test_flow_start(uint32_t key, uint64_t bytes, uint32_t part_bytes_max) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        abort();
    }
    struct flow *flow = take_place();
    flow->reading = ends[0];
    flow->writing = ends[1];
    flow->key = key;
    flow->bytes = bytes;
    flow->part_bytes_max = part_bytes_max < PART_BYTES_MAX ? part_bytes_max : PART_BYTES_MAX;
    start_thread(run_flow, flow);
    return (int32_t)(flow - flows);
}

int32_t test_flow_descriptor(int32_t number) {
    return flows[number].reading;
}

/* Nobody waits for it any more. */
void test_flow_leave(int32_t number) {
    struct flow *flow = &flows[number];
    pthread_mutex_lock(&mutex);
    if (flow->is_taken && !flow->is_left) {
        close(flow->reading);
        flow->is_left = true;
        flow->is_taken = !flow->has_ended;
    }
    pthread_mutex_unlock(&mutex);
}

/* Those of JavaScript threads that have ended. */
void test_flows_leave(void) {
    for (int32_t i = 0; i < FLOWS_MAX; i++) {
        test_flow_leave(i);
    }
}

/* Threads of all kinds. */
int32_t test_flows_running(void) {
    return atomic_load(&running);
}

/* ---- posts ----------------------------------------------------------------------------------- */

static void *run_poster(void *argument) {
    struct poster *poster = argument;
    bool is_open = true;
    for (uint32_t i = 0; i < poster->count && is_open; i++) {
        is_open = poster->post(poster->event, 1) == 0;
    }
    free(poster);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

/* Each posts 1 so often, or until the event is closed. */
void test_posters_start(post_fn post, uint64_t event, uint32_t threads, uint32_t count) {
    for (uint32_t i = 0; i < threads; i++) {
        struct poster *poster = malloc(sizeof *poster);
        if (poster == NULL) {
            abort();
        }
        *poster = (struct poster){post, event, count};
        start_thread(run_poster, poster);
    }
}

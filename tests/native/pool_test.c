/*
 * pool_test.c - the shared queue: how many threads serve it at once, and that it rests when idle.
 *
 * Threads of the pool never end, so each test allows as many as the one before or more.
 */
#include <dirent.h>

#include "fixture.h"

static struct host host; /* each test opens and closes it */
static union request request;

/* ---- rounds ---------------------------------------------------------------------------------- */

/* Calls leave in rounds: each waits until its round is complete. */
struct rounds {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int size; /* of a round */
    int total;
    int entered;
    int inside;
    int inside_max;
};

static void take_part(struct rounds *rounds) {
    struct timespec deadline = wait_deadline();
    int error = 0;
    pthread_mutex_lock(&rounds->mutex);
    int end = (rounds->entered++ / rounds->size + 1) * rounds->size;
    end = end < rounds->total ? end : rounds->total;
    rounds->inside++;
    rounds->inside_max = rounds->inside > rounds->inside_max ? rounds->inside : rounds->inside_max;
    pthread_cond_broadcast(&rounds->changed);
    while (rounds->entered < end && error == 0) {
        error = pthread_cond_timedwait(&rounds->changed, &rounds->mutex, &deadline);
    }
    rounds->inside--;
    pthread_mutex_unlock(&rounds->mutex);
    EXPECT_EQ(error, 0);
}

/* `total` calls on `threads` threads. */
static void expect_rounds(uint32_t total, uint32_t threads) {
    struct rounds rounds = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER,
                            .size = (int)threads,
                            .total = (int)total};
    request_start(&request, SIGNATURE(VOID_T, PTR), FUNCTION(take_part));
    request_put(&request, ADDRESS(&rounds));
    for (uint32_t token = 0; token < total; token++) {
        EXPECT_EQ(host_submit(&host, &request, token), 1);
    }
    EXPECT_EQ(host_discard(&host, total), total);
    EXPECT_EQ(rounds.entered, total);
    EXPECT(rounds.inside_max <= (int)threads);
}

TEST("C4: blocking calls run in as many rounds as the maximum of threads makes necessary") {
    static const uint32_t maxima[] = {1, 2, 3, 4};
    REQUIRE(host_open(&host, 64));
    for (int i = 0; i < 4; i++) {
        REQUIRE(configure_pool(maxima[i], 20));
        expect_rounds(10, maxima[i]);
        expect_rounds(maxima[i], maxima[i]);
        EXPECT(stats_now().threads <= maxima[i]);
    }
    host_close(&host);
}

/* ---- short calls ----------------------------------------------------------------------------- */

#define BRIDGES 4
#define SHORT_CALLS ROUNDS(50000u) /* of each bridge */
#define WINDOW 512u

static uint64_t scramble(uint64_t value) {
    return value * 0x9e3779b97f4a7c15u;
}

struct caller {
    struct host host;
    union request request;
    uint32_t numbers[WINDOW]; /* of the call that a token carries */
    uint32_t sent;
    uint32_t received;
};

static void send_one(struct caller *caller, uint32_t token) {
    request_start(&caller->request, SIGNATURE(U64, U64), FUNCTION(scramble));
    request_put(&caller->request, caller->sent);
    caller->numbers[token] = caller->sent++;
    EXPECT_EQ(host_submit(&caller->host, &caller->request, token), 1);
}

/* Keeps a window of calls in flight; a token that came twice would be refused or out of step. */
static void *call_short(void *argument) {
    struct caller *caller = argument;
    EXPECT(host_open(&caller->host, WINDOW));
    for (uint32_t token = 0; token < WINDOW; token++) {
        send_one(caller, token);
    }
    while (caller->received < SHORT_CALLS) {
        const struct siding_event *event = host_next(&caller->host);
        if (event == NULL) {
            harness_fail(__FILE__, __LINE__, "a call was lost");
            break;
        }
        uint32_t token = event->token;
        EXPECT_EQ(event->status, SIDING_OK);
        EXPECT_EQ(event_payload(event)[0], scramble(caller->numbers[token]));
        caller->received++;
        if (caller->sent < SHORT_CALLS) {
            send_one(caller, token);
        }
    }
    EXPECT_EQ(siding_bridge_drain(caller->host.bridge, caller->host.events, SIDING_EVENT_WORDS_MAX),
              0);
    host_close(&caller->host);
    return NULL;
}

TEST("200,000 short calls of 4 bridges on 4 threads: none lost, none repeated") {
    static struct caller callers[BRIDGES];
    pthread_t threads[BRIDGES];
    REQUIRE(configure_pool(4, 20));
    for (int i = 0; i < BRIDGES; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, call_short, &callers[i]) == 0);
    }
    for (int i = 0; i < BRIDGES; i++) {
        pthread_join(threads[i], NULL);
        EXPECT_EQ(callers[i].received, SHORT_CALLS);
    }
    EXPECT(wait_until(pool_rests, NULL));
}

#define OVERTAKE_MS_MAX 10

/* Short calls behind a blocked one. @return after how many ms the last had its event */
static uint64_t overtake(uint32_t short_calls) {
    struct gate gate = GATE_INITIALIZER;
    request_start(&request, SIGNATURE(BOOL_T, PTR), FUNCTION(gate_pass));
    request_put(&request, ADDRESS(&gate));
    uint64_t start_ns = siding_clock_ns();
    EXPECT_EQ(host_submit(&host, &request, 0), 1);
    request_start(&request, SIGNATURE(U64, U64), FUNCTION(scramble));
    request_put(&request, 1);
    for (uint32_t token = 1; token <= short_calls; token++) {
        EXPECT_EQ(host_submit(&host, &request, token), 1);
    }
    for (uint32_t came = 0; came < short_calls; came++) {
        const struct siding_event *event = host_next(&host);
        EXPECT(event != NULL && event->token != 0);
    }
    uint64_t took_ms = elapsed_ms(start_ns);
    gate_open(&gate);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    return took_ms;
}

TEST("short calls overtake a blocked one within some milliseconds") {
    uint64_t best_ms = UINT64_MAX; /* the machine may be busy, but not always */
    REQUIRE(configure_pool(4, 20) && host_open(&host, 128));
    for (int round = 0; round < 50; round++) {
        uint64_t took_ms = overtake(round % 2 == 0 ? 1 : 100);
        best_ms = took_ms < best_ms ? took_ms : best_ms;
        if (round % 5 == 4) {
            EXPECT(wait_until(pool_rests, NULL)); /* from rest, too */
        }
    }
    EXPECT(best_ms <= OVERTAKE_MS_MAX);
    host_close(&host);
}

/* ---- idle ------------------------------------------------------------------------------------ */

#if defined(__linux__)

#define IDLE_MS 1000
#define PARKED 64

static bool is_pool_thread(const char *status) {
    return strncmp(status, "Name:\tsiding\n", 13) == 0 ||
           strncmp(status, "Name:\tparked\n", 13) == 0;
}

/* @return voluntary context switches of a thread of the pool, or 0 */
static uint64_t switches_of(const char *thread) {
    char path[300];
    char status[4096];
    (void)snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
    FILE *file = fopen(path, "r");
    size_t size_bytes = file == NULL ? 0 : fread(status, 1, sizeof status - 1, file);
    status[size_bytes] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
    const char *line = strstr(status, "\nvoluntary_ctxt_switches:");
    return line == NULL || !is_pool_thread(status) ? 0 : strtoull(strchr(line, ':') + 1, NULL, 10);
}

/* @return of all threads of the pool together */
static uint64_t switches_now(uint32_t *out_threads) {
    uint64_t sum = 0;
    DIR *tasks = opendir("/proc/self/task");
    *out_threads = 0;
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        uint64_t switches = switches_of(task->d_name);
        sum += switches;
        *out_threads += switches != 0;
    }
    if (tasks != NULL) {
        (void)closedir(tasks);
    }
    return sum;
}

/* Whether nothing has changed since the last look, 50 ms ago. */
static bool switches_rest(void *argument) {
    uint64_t *last = argument;
    uint32_t threads;
    nap_ms(50);
    uint64_t now = switches_now(&threads);
    bool same = now == *last;
    *last = now;
    return same;
}

/* Expects no wake-up of the pool's threads for IDLE_MS. */
static void expect_idle(uint32_t threads_min) {
    uint64_t before = 0;
    uint32_t threads = 0;
    EXPECT(wait_until(switches_rest, &before));
    uint64_t start_ns = siding_clock_ns();
    while (elapsed_ms(start_ns) < IDLE_MS) {
        nap_ms(IDLE_MS);
    }
    EXPECT_EQ(switches_now(&threads), before);
    EXPECT(threads >= threads_min);
}

TEST("P14: a pool that was busy and has 64 parked contexts makes no wake-up while idle") {
    uint64_t contexts[PARKED];
    REQUIRE(configure_pool(PARKED + 4, 20) && host_open(&host, 128));
    (void)overtake(100); /* leaves servers and a follower to go to rest */
    expect_idle(1);
    for (int i = 0; i < PARKED; i++) {
        REQUIRE(acquire_context(host.bridge, "parked", &contexts[i]) == SIDING_OK);
        request_start(&request, SIGNATURE(U64, U64), FUNCTION(scramble));
        request_put(&request, 1);
        request.call.context = contexts[i];
        REQUIRE(host_submit(&host, &request, 0) == 1);
        EXPECT_EQ(host_status(&host), SIDING_OK);
    }
    (void)overtake(100);
    expect_idle(PARKED);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL)); /* what is leased does not count against the maximum */
}

#endif

/* ---- many ------------------------------------------------------------------------------------ */

TEST("C4: 600 blocking calls are all inside C at once when 600 threads are allowed") {
    REQUIRE(configure_pool(600, 20) && host_open(&host, 600));
    uint64_t start_ns = siding_clock_ns();
    expect_rounds(600, 600);
    printf("600 threads met after %" PRIu64 " ms\n", elapsed_ms(start_ns));
    expect_rounds(600, 600);
    EXPECT(stats_now().threads <= 600);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

TEST("a thousand short calls behind 599 blocked ones still run") {
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(configure_pool(600, 20) && host_open(&host, 1600));
    request_start(&request, SIGNATURE(BOOL_T, PTR), FUNCTION(gate_pass));
    request_put(&request, ADDRESS(&gate));
    for (uint32_t token = 0; token < 599; token++) {
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    request_start(&request, SIGNATURE(U64, U64), FUNCTION(scramble));
    request_put(&request, 1);
    for (uint32_t token = 599; token < 1599; token++) {
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    for (uint32_t came = 0; came < 1000; came++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && event->token >= 599);
    }
    gate_open(&gate);
    EXPECT_EQ(host_discard(&host, 599), 599);
    host_close(&host);
}

/*
 * context_fixture.h - what the tests of leases share: leases with times of their own, bound calls,
 * a journal of what ran where, notices, pipes to block in.
 */
#ifndef SIDING_TESTS_CONTEXT_FIXTURE_H
#define SIDING_TESTS_CONTEXT_FIXTURE_H

#include "fixture.h"
#include "fixture/blocking.h"

/* ---- leases ---------------------------------------------------------------------------------- */

static inline struct siding_context_options times(uint32_t drain_ms, uint32_t teardown_ms,
                                                  uint32_t stuck_ms, uint32_t flags) {
    return (struct siding_context_options){.size_bytes = sizeof(struct siding_context_options),
                                           .flags = flags,
                                           .drain_ms = drain_ms,
                                           .teardown_ms = teardown_ms,
                                           .stuck_ms = stuck_ms};
}

/* @return the context; 0, and the test fails: there is none */
static inline uint64_t lease(struct host *host, struct siding_context_options options) {
    uint64_t context = 0;
    EXPECT_EQ(siding_context_acquire(host->bridge, &options, NULL, 0, &context), SIDING_OK);
    return context;
}

/* Leases up to so many slots, no thread of which ends by itself. */
static inline bool limit_pool(uint32_t threads_max) {
    return wait_until(pool_rests, NULL) && configure_pool(threads_max, 20);
}

/* Lets every vacant thread end, so that the pool starts anew. */
static inline bool has_no_thread(void *unused) {
    (void)unused;
    return stats_now().threads == 0;
}

static inline bool empty_pool(uint32_t threads_max) {
    struct siding_pool_options options = {.size_bytes = sizeof options,
                                          .threads_max = threads_max,
                                          .spin_us = 20,
                                          .stack_bytes = STACK_BYTES,
                                          .threads_min = 0,
                                          .idle_ms = 1};
    return siding_pool_configure(&options) == SIDING_OK && wait_until(has_no_thread, NULL) &&
           configure_pool(threads_max, 20);
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* A call of a function with one argument of 64 bits. */
static inline void put_one(union request *request, uint64_t function, uint64_t argument,
                           uint64_t context) {
    request_start(request, SIGNATURE(U64, U64), function);
    request_put(request, argument);
    request->call.context = context;
}

static inline bool submit_one(struct host *host, uint64_t function, uint64_t argument,
                              uint64_t context, uint32_t token) {
    union request *request = malloc(sizeof *request);
    put_one(request, function, argument, context);
    int32_t taken = host_submit(host, request, token);
    free(request);
    return taken == 1;
}

static inline uint64_t bind_one(struct host *host, uint64_t function, uint64_t argument) {
    union request *request = malloc(sizeof *request);
    uint64_t bound = 0;
    put_one(request, function, argument, 0);
    EXPECT_EQ(
        siding_bound_create(host->bridge, request->words, request->call.words, NULL, 0, &bound),
        SIDING_OK);
    free(request);
    return bound;
}

/* Submits a run of a bound call made by bind_one. */
static inline bool submit_bound(struct host *host, uint64_t bound, uint16_t flags, uint64_t context,
                                uint32_t token) {
    union request *request = malloc(sizeof *request);
    put_one(request, bound, 0, context);
    request->call.flags = flags;
    int32_t taken = host_submit(host, request, token);
    free(request);
    return taken == 1;
}

static inline bool defer_one(struct host *host, uint64_t context, uint64_t function,
                             uint64_t argument) {
    uint64_t bound = bind_one(host, function, argument);
    return siding_context_defer(host->bridge, context, bound) == SIDING_OK &&
           siding_bound_release(bound) == SIDING_OK;
}

/* For U64 calls that take a gate as their argument. */
static inline uint64_t pass(uint64_t gate) {
    return gate_pass((struct gate *)(uintptr_t)gate);
}

static inline uint64_t open_gate(uint64_t gate) {
    gate_open((struct gate *)(uintptr_t)gate);
    return 0;
}

/* Shuts it again, when nobody is at it. */
static inline void gate_reset(struct gate *gate) {
    *gate = (struct gate)GATE_INITIALIZER;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* An event, copied. */
struct news {
    uint32_t token;
    uint16_t flags;
    int32_t status;
    int32_t error;
    uint64_t words[4];
};

/* @return the next event; its status is INT32_MIN, and the test fails: none came */
static inline struct news next_news(struct host *host) {
    const struct siding_event *event = host_next(host);
    struct news news = {.token = UINT32_MAX, .status = INT32_MIN};
    if (!harness_expect(event != NULL, __FILE__, __LINE__, "an event came")) {
        return news;
    }
    news = (struct news){event->token, event->flags, event->status, event->error, {0}};
    for (uint32_t i = 0; i < 4 && SIDING_EVENT_WORDS + i < event->words; i++) {
        news.words[i] = event_payload(event)[i];
    }
    return news;
}

/* @return whether an event waits or comes at once */
static inline bool has_news(struct host *host) {
    if (host->at_words == host->used_words) {
        int32_t words = siding_bridge_drain(host->bridge, host->events, SIDING_EVENT_WORDS_MAX);
        host->at_words = 0;
        host->used_words = words < 0 ? 0 : (uint32_t)words & ~(uint32_t)SIDING_DRAIN_MORE;
    }
    return host->at_words < host->used_words;
}

/* Waits for the event of that token, which must be the next one. */
static inline struct news expect_news(struct host *host, uint32_t token, int32_t status) {
    struct news news = next_news(host);
    EXPECT_EQ(news.token, token);
    EXPECT_EQ(news.status, status);
    return news;
}

/* ---- journal --------------------------------------------------------------------------------- */

#define JOURNAL_MAX 16384

/* What ran, in order, and where. */
struct journal {
    atomic_uint count;
    uint64_t marks[JOURNAL_MAX];
    uintptr_t threads[JOURNAL_MAX];
};

static struct journal journal; /* owner of an element: who has counted it */

static inline uint64_t write_journal(uint64_t mark) {
    uint32_t at = atomic_load(&journal.count);
    if (at < JOURNAL_MAX) {
        journal.marks[at] = mark;
        journal.threads[at] = siding_thread_self();
    }
    atomic_store(&journal.count, at + 1); /* one context writes at a time */
    return mark;
}

static inline uint32_t journal_count(void) {
    return atomic_load(&journal.count);
}

static inline bool has_journal(void *count) {
    return journal_count() >= *(uint32_t *)count;
}

/* ---- stats ----------------------------------------------------------------------------------- */

static inline bool has_wedged(void *count) {
    return stats_now().slots_wedged == *(uint32_t *)count;
}

static inline bool has_waiting(void *count) {
    return stats_now().waiting == *(uint32_t *)count;
}

/* What tests must give back. */
static inline bool gives_all_back(void *argument) {
    const struct siding_stats *before = argument;
    struct siding_stats now = stats_now();
    return now.memory_bytes == before->memory_bytes && now.bridges == before->bridges &&
           now.bound_calls == before->bound_calls && now.slots_vacant == now.threads;
}

/* ---- a pipe to block in ---------------------------------------------------------------------- */

struct reading {
    struct blocking pipe;
    atomic_int entered; /* reads begun */
    atomic_int broken;  /* reads that were interrupted */
};

static inline bool reading_open(struct reading *reading) {
    atomic_store(&reading->entered, 0);
    atomic_store(&reading->broken, 0);
    return blocking_open(&reading->pipe);
}

static inline void reading_close(struct reading *reading) {
    blocking_close(&reading->pipe);
}

static inline bool reading_feed(struct reading *reading) {
    return blocking_feed(&reading->pipe);
}

/* A blocking read, once. @return 0, or EINTR where it was interrupted */
static inline uint64_t read_once(uint64_t argument) {
    struct reading *reading = (struct reading *)(uintptr_t)argument;
    atomic_fetch_add(&reading->entered, 1);
    int error = blocking_read(&reading->pipe);
    atomic_fetch_add(&reading->broken, error == EINTR);
    return (uint64_t)error;
}

static inline bool is_reading(void *argument) {
    struct reading *reading = argument;
    return atomic_load(&reading->entered) > 0;
}

/* ---- ways to interrupt ----------------------------------------------------------------------- */

static inline struct siding_interrupt by_signal(void) {
    return (struct siding_interrupt){.size_bytes = sizeof(struct siding_interrupt),
                                     .kind = SIDING_INTERRUPT_SIGNAL};
}

static inline struct siding_interrupt by_bound(uint64_t bound) {
    return (struct siding_interrupt){.size_bytes = sizeof(struct siding_interrupt),
                                     .kind = SIDING_INTERRUPT_BOUND,
                                     .operand = bound};
}

static inline struct siding_interrupt by_flag(atomic_uint *flag, uint32_t value) {
    return (struct siding_interrupt){.size_bytes = sizeof(struct siding_interrupt),
                                     .kind = SIDING_INTERRUPT_FLAG,
                                     .operand = ADDRESS(flag),
                                     .value = value};
}

static atomic_int computing; /* computations begun; atomic: any worker adds */

static inline bool is_computing(void *unused) {
    (void)unused;
    return atomic_load(&computing) > 0;
}

/* Spins, as a library's long computation, until the flag is up. @return what it then is */
static inline uint64_t compute(uint64_t flag) {
    atomic_uint *stop = (atomic_uint *)(uintptr_t)flag;
    uint64_t start_ns = siding_clock_ns();
    atomic_fetch_add(&computing, 1);
    while (atomic_load(stop) == 0 && elapsed_ms(start_ns) < WAIT_MS_MAX) {
        siding_thread_yield();
    }
    return atomic_load(stop);
}

#endif

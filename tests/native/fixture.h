/*
 * fixture.h - what the tests of the core share: a host with a bridge, call records, gates that hold
 * calls inside C, random numbers with a printed seed.
 *
 * Nothing here sleeps to let time pass: every wait is for a condition and has a bound.
 */
#ifndef SIDING_TESTS_FIXTURE_H
#define SIDING_TESTS_FIXTURE_H

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "../../lib/include/siding.h"
#include "../../lib/platform/platform.h"
#include "fixture/wake.h"
#include "harness.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define FIXTURE_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FIXTURE_SANITIZED 1
#endif

/* Rounds of a stress: fewer where a sanitizer makes each dearer. */
#ifdef FIXTURE_SANITIZED
#define ROUNDS(plain) ((plain) / 8)
#else
#define ROUNDS(plain) (plain)
#endif

#define NS_PER_MS 1000000u
/* Longer than any machine needs; only what hangs waits that long. */
#define WAIT_MS_MAX (20000 * harness_slowness())

/* ---- time and chance ------------------------------------------------------------------------- */

static inline uint64_t elapsed_ms(uint64_t since_ns) {
    return (siding_clock_ns() - since_ns) / NS_PER_MS;
}

/* About so long, if no signal comes. */
static inline void nap_ms(uint32_t duration_ms) {
    struct timespec duration = {duration_ms / 1000, (long)(duration_ms % 1000) * 1000000};
    (void)nanosleep(&duration, NULL);
}

/* Looks once a millisecond. @return false: still not after WAIT_MS_MAX */
static inline bool wait_until(bool (*holds)(void *argument), void *argument) {
    uint64_t start_ns = siding_clock_ns();
    while (!holds(argument)) {
        if (elapsed_ms(start_ns) >= WAIT_MS_MAX) {
            return false;
        }
        nap_ms(1);
    }
    return true;
}

/* SIDING_SEED=<number> repeats a run. */
static inline uint64_t print_seed(void) {
    const char *chosen = getenv("SIDING_SEED");
    uint64_t seed = chosen != NULL ? strtoull(chosen, NULL, 0) : siding_clock_ns();
    printf("seed %" PRIu64 " of %s\n", seed, harness_name);
    return seed;
}

/* splitmix64 (Steele, Lea, Flood) */
static inline uint64_t random_next(uint64_t *state) {
    uint64_t bits = *state += 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return bits ^ bits >> 31;
}

static inline uint32_t random_below(uint64_t *state, uint32_t limit) {
    return (uint32_t)(random_next(state) % limit);
}

static inline void spin_for(uint64_t ns) {
    uint64_t end_ns = siding_clock_ns() + ns;
    while (siding_clock_ns() < end_ns) {
        siding_thread_pause();
    }
}

/* ---- gate ------------------------------------------------------------------------------------ */

/* Holds whoever enters until it is opened; a call that passes it runs as long as a test likes. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_open;
    int entered;
};

#define GATE_INITIALIZER {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0}

static inline struct timespec wait_deadline(void) {
    struct timespec deadline;
    (void)clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += WAIT_MS_MAX / 1000;
    return deadline;
}

/* @return false, and the test fails: it stayed closed */
static inline bool gate_pass(struct gate *gate) {
    struct timespec deadline = wait_deadline();
    int error = 0;
    pthread_mutex_lock(&gate->mutex);
    gate->entered++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open && error == 0) {
        error = pthread_cond_timedwait(&gate->changed, &gate->mutex, &deadline);
    }
    bool passed = gate->is_open;
    pthread_mutex_unlock(&gate->mutex);
    return harness_expect(passed, __FILE__, __LINE__, "a gate was opened in time");
}

static inline void gate_open(struct gate *gate) {
    pthread_mutex_lock(&gate->mutex);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

/* @return whether so many have entered within the bound */
static inline bool gate_await(struct gate *gate, int entered) {
    struct timespec deadline = wait_deadline();
    int error = 0;
    pthread_mutex_lock(&gate->mutex);
    while (gate->entered < entered && error == 0) {
        error = pthread_cond_timedwait(&gate->changed, &gate->mutex, &deadline);
    }
    bool arrived = gate->entered >= entered;
    pthread_mutex_unlock(&gate->mutex);
    return arrived;
}

/* ---- signatures ------------------------------------------------------------------------------ */

static inline uint32_t prepare(const uint8_t *descriptor, size_t size_bytes) {
    int32_t number = siding_signature_prepare(descriptor, (uint32_t)size_bytes);
    if (number <= 0) {
        harness_fail(__FILE__, __LINE__, "a signature of the test is refused");
        abort();
    }
    return (uint32_t)number;
}

/* SIGNATURE(result, parameters...) with the short names of enum siding_type */
#define SIGNATURE_VARIADIC(...)                                                                    \
    prepare((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define SIGNATURE(...) SIGNATURE_VARIADIC(SIDING_NOT_VARIADIC, __VA_ARGS__)

enum short_type {
    VOID_T = SIDING_TYPE_VOID,
    BOOL_T = SIDING_TYPE_BOOL,
    I8 = SIDING_TYPE_I8,
    U8 = SIDING_TYPE_U8,
    I16 = SIDING_TYPE_I16,
    U16 = SIDING_TYPE_U16,
    I32 = SIDING_TYPE_I32,
    U32 = SIDING_TYPE_U32,
    I64 = SIDING_TYPE_I64,
    U64 = SIDING_TYPE_U64,
    F32 = SIDING_TYPE_F32,
    F64 = SIDING_TYPE_F64,
    PTR = SIDING_TYPE_POINTER,
    BUF = SIDING_TYPE_BUFFER,
    TEXT = SIDING_TYPE_TEXT,
    STRUCT = SIDING_TYPE_STRUCT,
    OUT = SIDING_TYPE_OUT
};

/* ---- call records ---------------------------------------------------------------------------- */

#define REQUEST_WORDS_MAX 2100

union request {
    struct siding_call call;
    uint64_t words[REQUEST_WORDS_MAX];
};

#define FUNCTION(name) ((uint64_t)(uintptr_t)(name))
#define ADDRESS(object) ((uint64_t)(uintptr_t)(object))

static inline void request_start(union request *request, uint32_t signature, uint64_t function) {
    request->call = (struct siding_call){
        .signature = signature, .function = function, .words = SIDING_CALL_WORDS};
}

static inline void request_put(union request *request, uint64_t word) {
    request->words[request->call.words++] = word;
}

static inline void request_put_bytes(union request *request, const void *bytes, size_t size_bytes) {
    uint16_t words = (uint16_t)((size_bytes + 7) / 8);
    memset(&request->words[request->call.words], 0, words * 8u);
    memcpy(&request->words[request->call.words], bytes, size_bytes);
    request->call.words = (uint16_t)(request->call.words + words);
}

static inline void request_put_f64(union request *request, double value) {
    request_put_bytes(request, &value, sizeof value);
}

static inline void request_put_reference(union request *request, uint32_t kind, uint32_t operand) {
    request_put(request, (uint64_t)kind << 32 | operand);
}

/* Lays a text behind everything put before and makes the argument word refer to it. */
static inline void request_inline(union request *request, uint32_t argument_word,
                                  const char *text) {
    uint64_t *word = &request->words[SIDING_CALL_WORDS + argument_word];
    *word = (uint64_t)SIDING_REFERENCE_INLINE << 32 | (uint32_t)request->call.words * 8;
    request_put_bytes(request, text, strlen(text) + 1);
}

/* ---- host ------------------------------------------------------------------------------------ */

/* One bridge and the thread that opened it. */
struct host {
    uint64_t bridge;
    struct wake wake;
    uint32_t at_words;
    uint32_t used_words;
    uint64_t events[SIDING_EVENT_WORDS_MAX];
};

static inline bool host_open(struct host *host, uint32_t calls_max) {
    struct siding_bridge_options options = {.size_bytes = sizeof options, .calls_max = calls_max};
    host->at_words = host->used_words = 0;
    return wake_open(&host->wake, &options, &host->bridge);
}

static inline void host_close(struct host *host) {
    EXPECT_EQ(siding_bridge_close(host->bridge), SIDING_OK);
    wake_close(&host->wake);
}

/* Submits one record with this token. */
static inline int32_t host_submit(struct host *host, union request *request, uint32_t token) {
    request->call.token = token;
    return siding_bridge_submit(host->bridge, request->words, request->call.words);
}

static inline bool is_readable(const struct host *host, int timeout_ms) {
    return wake_await(&host->wake, timeout_ms);
}

/* @return how many kicks there were */
static inline int discard_kicks(const struct host *host) {
    return wake_discard(&host->wake);
}

static inline const struct siding_event *host_take(struct host *host) {
    const struct siding_event *event = (const struct siding_event *)&host->events[host->at_words];
    host->at_words += event->words;
    return event;
}

/* The next event; sleeps until it is roused, as a real host does. @return NULL: none came */
static inline const struct siding_event *host_next(struct host *host) {
    while (host->at_words == host->used_words) {
        int32_t words = siding_bridge_drain(host->bridge, host->events, SIDING_EVENT_WORDS_MAX);
        if (words < 0) {
            return NULL;
        }
        host->at_words = 0;
        host->used_words = (uint32_t)words & ~(uint32_t)SIDING_DRAIN_MORE;
        if (host->used_words == 0) {
            if (!is_readable(host, WAIT_MS_MAX)) {
                return NULL;
            }
            (void)discard_kicks(host);
        }
    }
    return host_take(host);
}

static inline const uint64_t *event_payload(const struct siding_event *event) {
    return (const uint64_t *)(event + 1);
}

/* Waits for one event. @return its status, or a number that no status has: none came */
static inline int32_t host_status(struct host *host) {
    const struct siding_event *event = host_next(host);
    return event == NULL ? INT32_MIN : event->status;
}

/* @return how many of `count` events came */
static inline uint32_t host_discard(struct host *host, uint32_t count) {
    uint32_t came = 0;
    while (came < count && host_next(host) != NULL) {
        came++;
    }
    return came;
}

#define CONTEXT_OPTIONS                                                                            \
    {.size_bytes = sizeof(struct siding_context_options), .drain_ms = 20000, .teardown_ms = 20000}

/* Leases without waiting in line. */
static inline int32_t acquire_context(uint64_t bridge, const char *name, uint64_t *out_context) {
    struct siding_context_options options = CONTEXT_OPTIONS;
    return siding_context_acquire(bridge, &options, name, 0, out_context);
}

/* @return how many events will tell of the end: none where it has ended already */
static inline uint32_t begin_release(struct host *host, uint64_t context, uint32_t token) {
    int32_t status = siding_context_release(host->bridge, context, token);
    EXPECT(status == SIDING_OK || status == 1);
    return status == SIDING_OK ? 1 : 0;
}

/* Waits until the context's thread is given back. Token `token` must be free. */
static inline void host_release(struct host *host, uint64_t context, uint32_t token) {
    if (begin_release(host, context, token) == 1) {
        EXPECT_EQ(host_status(host), SIDING_OK);
    }
}

/* ---- pool ------------------------------------------------------------------------------------ */

#define STACK_BYTES (512u << 10)

static inline bool configure_pool(uint32_t threads_max, uint32_t spin_us) {
    struct siding_pool_options options = {.size_bytes = sizeof options,
                                          .threads_max = threads_max,
                                          .spin_us = spin_us,
                                          .stack_bytes = STACK_BYTES,
                                          .threads_min = SIDING_THREADS_MAX};
    return siding_pool_configure(&options) == SIDING_OK;
}

static inline struct siding_stats stats_now(void) {
    struct siding_stats stats = {.size_bytes = sizeof stats};
    EXPECT_EQ(siding_stats_read(&stats), SIDING_OK);
    return stats;
}

/* Whether every thread of the pool is vacant. */
static inline bool pool_rests(void *unused) {
    (void)unused;
    struct siding_stats stats = stats_now();
    return stats.slots_vacant == stats.threads;
}

#endif

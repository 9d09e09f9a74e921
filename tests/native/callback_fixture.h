/*
 * callback_fixture.h - what the tests of callbacks share: opening them, taking and answering their
 * events, threads that call them.
 */
#ifndef SIDING_TESTS_CALLBACK_FIXTURE_H
#define SIDING_TESTS_CALLBACK_FIXTURE_H

#include "closure_fixture.h"

#define TIMEOUT_MS 10000u

static inline struct siding_callback_options post_options(uint32_t signature, uint32_t token) {
    return (struct siding_callback_options){
        .size_bytes = sizeof(struct siding_callback_options),
        .signature = signature,
        .mode = SIDING_CALLBACK_POST,
        .token = token,
        .capacity = 1024,
        .copy_bytes_max = 4096,
        .timeout_ms = TIMEOUT_MS,
        .returned = SIDING_RETURN_VALUE,
    };
}

static inline struct siding_callback_options call_options(uint32_t signature, uint32_t token) {
    struct siding_callback_options options = post_options(signature, token);
    options.mode = SIDING_CALLBACK_CALL;
    return options;
}

/* Opens one whose values, of one word each, are 100 (closed), 101 (timeout), 102 (throw). */
static inline struct made open_callback(const struct host *host,
                                        const struct siding_callback_options *options) {
    const uint64_t values[] = {100, 101, 102};
    struct made made = {0, 0};
    EXPECT_EQ(siding_callback_open(host->bridge, options, values,
                                   options->mode == SIDING_CALLBACK_CALL ? 3 : 1, &made.closure,
                                   &made.pointer),
              SIDING_OK);
    return made;
}

static inline struct siding_callback_stats stats_of(const struct host *host,
                                                    const struct made *made) {
    struct siding_callback_stats stats = {.size_bytes = sizeof stats};
    EXPECT_EQ(siding_callback_stats_read(host->bridge, made->closure, &stats), SIDING_OK);
    return stats;
}

/* Waits for the end of a callback that was closed; what comes before is discarded. */
static inline void await_end(struct host *host, uint32_t token) {
    const struct siding_event *event = NULL;
    do {
        event = host_next(host);
    } while (event != NULL && (event->token != token || (event->flags & SIDING_EVENT_MORE) != 0));
    EXPECT(event != NULL && event->status == SIDING_OK && event->words == SIDING_EVENT_WORDS);
}

static inline void close_callback(struct host *host, const struct made *made, uint32_t token) {
    EXPECT_EQ(siding_closure_close(host->bridge, made->closure), SIDING_OK);
    await_end(host, token);
}

/* What precedes the arguments of a CALL. */
struct asked {
    uint64_t ask;
    uint64_t nest;
    uint64_t context;
};
#define ASKED_WORDS 3u

static inline struct asked asked_of(const struct siding_event *event) {
    const uint64_t *payload = event_payload(event);
    return (struct asked){payload[0], payload[1], payload[2]};
}

#define ANSWER_WORDS_MAX 64u

static inline int32_t give_answer(const struct host *host, uint64_t ask, int32_t status,
                                  const void *words, uint32_t count) {
    uint64_t answer[ANSWER_WORDS_MAX] = {0};
    *(struct siding_answer *)answer = (struct siding_answer){
        .ask = ask,
        .status = status,
        .words = SIDING_ANSWER_WORDS + count,
    };
    memcpy(answer + SIDING_ANSWER_WORDS, words, count * sizeof *answer);
    return siding_callback_answer(host->bridge, answer, SIDING_ANSWER_WORDS + count);
}

/* @return the event of a CALL, which must be the next one, or NULL */
static inline const struct siding_event *next_asked(struct host *host) {
    const struct siding_event *event = host_next(host);
    bool is_call = event != NULL && event->status == SIDING_OK &&
                   (event->flags & (SIDING_EVENT_MORE | SIDING_EVENT_LOST)) == SIDING_EVENT_MORE;
    return harness_expect(is_call, __FILE__, __LINE__, "a call came") ? event : NULL;
}

/* A thread that calls a U64(U64) pointer once. */
struct caller {
    pthread_t thread;
    uint64_t pointer;
    uint64_t given;
    uint64_t result;
    uint64_t elapsed_ms;
    atomic_bool is_back;
};

static inline void *run_caller(void *argument) {
    struct caller *caller = argument;
    uint64_t start_ns = siding_clock_ns();
    caller->result = ((uint64_t (*)(uint64_t))(uintptr_t)caller->pointer)(caller->given);
    caller->elapsed_ms = elapsed_ms(start_ns);
    atomic_store(&caller->is_back, true);
    return NULL;
}

static inline bool start_caller(struct caller *caller, uint64_t pointer, uint64_t given) {
    caller->pointer = pointer;
    caller->given = given;
    atomic_store(&caller->is_back, false);
    return pthread_create(&caller->thread, NULL, run_caller, caller) == 0;
}

/* @return what it got */
static inline uint64_t join_caller(struct caller *caller) {
    pthread_join(caller->thread, NULL);
    return caller->result;
}

static inline bool has_asks(void *count) {
    return stats_now().asks == *(uint32_t *)count;
}

#endif

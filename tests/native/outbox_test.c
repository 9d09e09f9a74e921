/*
 * outbox_test.c - events of several threads on their way to one host: each comes once, those of one
 * context in order, whether they travel in batches or in their records.
 */
#include <stdlib.h>

#include "fixture.h"

#define CONTEXTS 4u
#define TOKENS 600u
#define TEXT_BYTES_MAX 9000u
#define LENGTHS 5u

/* fits a batch easily, barely, not, not even an event; the first is no text at all */
static const uint32_t lengths[LENGTHS] = {0, 12, 480, 2000, TEXT_BYTES_MAX};

static _Thread_local char text[TEXT_BYTES_MAX + 1];

/* Every call of a thread overwrites what the one before returned. */
static const char *tell(uint32_t number, uint32_t length) {
    memset(text, '.', length);
    text[length] = 0;
    int digits = snprintf(text, length, "%" PRIu32, number);
    text[digits] = '.'; /* where it put the end */
    return text;
}

static uint32_t echo(uint32_t number) {
    return number;
}

struct course {
    struct host host;
    union request request;
    uint64_t contexts[CONTEXTS];
    uint32_t sent[CONTEXTS];
    uint32_t seen[CONTEXTS];
    uint8_t context_of[TOKENS];
    uint8_t length_of[TOKENS];
    uint32_t free_tokens[TOKENS];
    uint32_t free_count;
    uint64_t chance;
};

static void put_call(struct course *course, uint32_t context, uint32_t length) {
    union request *request = &course->request;
    if (length == 0) {
        request_start(request, SIGNATURE(U32, U32), FUNCTION(echo));
        request_put(request, course->sent[context]);
    } else {
        request_start(request, SIGNATURE(TEXT, U32, U32), FUNCTION(tell));
        request_put(request, course->sent[context]);
        request_put(request, length);
    }
    request->call.context = course->contexts[context];
}

static void send_one(struct course *course) {
    uint32_t token = course->free_tokens[--course->free_count];
    uint32_t context = random_below(&course->chance, CONTEXTS);
    uint32_t kind = random_below(&course->chance, 4 * LENGTHS);
    kind = kind < LENGTHS ? kind : kind % 2; /* mostly what travels in batches */
    put_call(course, context, lengths[kind]);
    course->request.call.token = token;
    course->context_of[token] = (uint8_t)context;
    course->length_of[token] = (uint8_t)kind;
    course->sent[context]++;
    EXPECT_EQ(
        siding_bridge_feed(course->host.bridge, course->request.words, course->request.call.words),
        1);
}

static uint32_t told_number(struct course *course, const struct siding_event *event) {
    static uint64_t taken[TEXT_BYTES_MAX / 8 + 2];
    const uint64_t *payload = event_payload(event);
    if (lengths[course->length_of[event->token]] == 0) {
        return (uint32_t)payload[0];
    }
    const uint64_t *told = payload + 1;
    if (event->flags & SIDING_EVENT_BLOCK) {
        EXPECT_EQ(siding_block_take(course->host.bridge, (uint32_t)payload[1], taken, payload[2]),
                  SIDING_OK);
        told = taken;
    }
    EXPECT_EQ(told[0], lengths[course->length_of[event->token]]);
    const char *bytes = (const char *)(told + 1);
    return (uint32_t)strtoul(bytes, NULL, 10);
}

static void read_events(struct course *course, uint32_t words) {
    for (uint32_t at = 0; at < words;) {
        const struct siding_event *event = (const struct siding_event *)&course->host.events[at];
        EXPECT_EQ(event->status, SIDING_OK);
        uint32_t context = course->context_of[event->token];
        EXPECT_EQ(told_number(course, event), course->seen[context]);
        course->seen[context]++;
        course->free_tokens[course->free_count++] = event->token;
        at += event->words;
    }
}

/* @return false: the host may sleep until it is woken */
static bool look(struct course *course) {
    struct host *host = &course->host;
    uint32_t spin_ns = random_below(&course->chance, 3000);
    int32_t words = random_below(&course->chance, 2) == 0
                        ? siding_bridge_drain(host->bridge, host->events, SIDING_EVENT_WORDS_MAX)
                        : siding_bridge_exchange(host->bridge, course->request.words, 0,
                                                 host->events, SIDING_EVENT_WORDS_MAX,
                                                 random_below(&course->chance, 100), spin_ns);
    if (!harness_expect(words >= 0, __FILE__, __LINE__, "events can be read")) {
        abort();
    }
    read_events(course, (uint32_t)words & ~(uint32_t)SIDING_DRAIN_MORE);
    return (words & SIDING_DRAIN_MORE) != 0;
}

static void start(struct course *course) {
    REQUIRE(host_open(&course->host, TOKENS));
    for (uint32_t i = 0; i < CONTEXTS; i++) {
        REQUIRE(acquire_context(course->host.bridge, NULL, &course->contexts[i]) == 0);
    }
    for (uint32_t token = 0; token < TOKENS; token++) {
        course->free_tokens[course->free_count++] = token;
    }
}

static uint32_t sum(const uint32_t *counts) {
    uint32_t total = 0;
    for (uint32_t i = 0; i < CONTEXTS; i++) {
        total += counts[i];
    }
    return total;
}

/* Sends `calls` in bursts; sleeps whenever the library promises to wake it. */
static void run(struct course *course, uint32_t calls) {
    while (sum(course->seen) < calls) {
        uint32_t burst = random_below(&course->chance, 300);
        while (burst-- > 0 && course->free_count > 0 && sum(course->sent) < calls) {
            send_one(course);
        }
        while (look(course)) {
        }
        if (sum(course->sent) == calls && sum(course->seen) < calls) {
            REQUIRE(is_readable(&course->host, WAIT_MS_MAX));
            (void)discard_kicks(&course->host);
        }
    }
}

TEST("200,000 events of four contexts, small and large, come once each and in order") {
    static struct course course;
    course.chance = print_seed();
    start(&course);
    run(&course, ROUNDS(200000u));
    for (uint32_t i = 0; i < CONTEXTS; i++) {
        EXPECT_EQ(course.seen[i], course.sent[i]);
    }
    EXPECT_EQ(course.free_count, TOKENS);
    host_close(&course.host);
}

#define FLOOD 30000u

/* One record per call, submitted at once. */
static void flood(struct host *host, uint64_t context) {
    static union request request;
    for (uint32_t token = 0; token < FLOOD; token++) {
        request_start(&request, SIGNATURE(U32, U32), FUNCTION(echo));
        request_put(&request, token);
        request.call.context = context;
        REQUIRE(host_submit(host, &request, token) == 1);
    }
}

TEST("30,000 events that nobody looks at wait in order, again and again") {
    static struct host host;
    uint64_t context = 0;
    REQUIRE(host_open(&host, FLOOD + 1));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    for (int round = 0; round < 4; round++) {
        flood(&host, context);
        for (uint32_t number = 0; number < FLOOD; number++) {
            const struct siding_event *event = host_next(&host);
            REQUIRE(event != NULL);
            EXPECT_EQ(event->token, number);
            EXPECT_EQ(event_payload(event)[0], number);
        }
    }
    host_release(&host, context, FLOOD);
    host_close(&host);
}

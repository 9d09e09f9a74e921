/*
 * source_await_test.c - waiting on the spot: the host runs the poller's rounds meanwhile, the
 * poller's thread steps aside and comes back.
 */
#include "context_fixture.h"
#include "preread_fixture.h"

#define SPIN_NS 1000000u /* the longest */
#define MESSAGES ROUNDS(3000u)
#define TICK_NS 200000u
#define TICKS 50u
#define CREDIT 64u

static union request request;

/* Waits on the spot, again and again, until there is an event. */
static const struct siding_event *await_event(struct host *waiting) {
    const uint64_t since_ns = siding_clock_ns();
    while (waiting->at_words == waiting->used_words) {
        int32_t words =
            siding_bridge_await(waiting->bridge, waiting->events,
                                sizeof waiting->events / sizeof waiting->events[0], SPIN_NS);
        EXPECT(words >= 0);
        if (words < 0 || elapsed_ms(since_ns) > WAIT_MS_MAX) {
            return NULL;
        }
        waiting->at_words = 0;
        waiting->used_words = (uint32_t)words & ~(uint32_t)SIDING_DRAIN_MORE;
    }
    return host_take(waiting);
}

/* ---- to and fro ------------------------------------------------------------------------------ */

/* Sends back what comes until the peer closes. */
static void *echo(void *argument) {
    int descriptor = *(int *)argument;
    uint64_t number;
    while (recv(descriptor, &number, sizeof number, 0) == sizeof number) {
        EXPECT_EQ(send(descriptor, &number, sizeof number, MSG_NOSIGNAL), sizeof number);
    }
    return NULL;
}

struct line {
    struct host host;
    int ends[2]; /* the echo's, ours */
    pthread_t thread;
    uint64_t source;
    uint32_t token;
};

static bool line_open(struct line *line, uint32_t token) {
    if (!host_open(&line->host, CALLS_MAX) ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, line->ends) != 0) {
        return false;
    }
    pthread_create(&line->thread, NULL, echo, &line->ends[0]);
    struct siding_source_options options =
        plain_options(SIDING_SOURCE_EXACT, token, line->ends[1], CREDIT);
    options.limit_bytes = sizeof(uint64_t);
    line->token = token;
    line->source = open_source(&line->host, &options);
    return line->source != 0;
}

/* @return whether the answer is the same number */
static bool send_and_await(struct line *line, uint64_t number) {
    EXPECT_EQ(send(line->ends[1], &number, sizeof number, MSG_NOSIGNAL), sizeof number);
    const struct siding_event *event = await_event(&line->host);
    if (event == NULL || event->token != line->token || is_end(event)) {
        return false;
    }
    pull(&line->host, line->source, 1);
    return event_payload(event)[0] == sizeof number && event_payload(event)[1] == number;
}

static void line_close(struct line *line) {
    close_source(&line->host, line->source);
    expect_end(&line->host, line->token, SIDING_OK, 0);
    shutdown(line->ends[1], SHUT_RDWR);
    pthread_join(line->thread, NULL);
    host_close(&line->host);
    close_both(line->ends);
}

TEST("a message and its answer go to and fro on the spot") {
    static struct line line;
    REQUIRE(line_open(&line, TOKEN));
    for (uint64_t number = 0; number < MESSAGES; number++) {
        REQUIRE(send_and_await(&line, number));
    }
    line_close(&line);
}

static void *exchange_all(void *argument) {
    struct line line;
    bool is_right = line_open(&line, *(uint32_t *)argument);
    for (uint64_t number = 0; is_right && number < MESSAGES / 4; number++) {
        is_right = send_and_await(&line, number);
    }
    EXPECT(is_right);
    line_close(&line);
    return NULL;
}

TEST("several hosts wait on the spot at once, each for its own") {
    pthread_t threads[3];
    uint32_t tokens[3] = {1, 2, 3};
    for (uint32_t i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, exchange_all, &tokens[i]);
    }
    for (uint32_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* ---- coming back ----------------------------------------------------------------------------- */

TEST("a host that does not come back is woken as ever") {
    static struct line line;
    REQUIRE(line_open(&line, TOKEN));
    for (uint64_t number = 0; number < ROUNDS(50u); number++) {
        REQUIRE(send_and_await(&line, 2 * number));
        EXPECT_EQ(send(line.ends[1], &number, sizeof number, MSG_NOSIGNAL), sizeof number);
        const struct siding_event *event = host_next(&line.host);
        REQUIRE(event != NULL && event->token == TOKEN && !is_end(event));
        EXPECT_EQ(event_payload(event)[1], number);
        pull(&line.host, line.source, 1);
    }
    line_close(&line);
}

TEST("a source that is closed while its host leads comes to its end") {
    static struct line line;
    REQUIRE(line_open(&line, TOKEN));
    for (uint64_t number = 0; number < ROUNDS(50u); number++) {
        REQUIRE(send_and_await(&line, number));
        close_source(&line.host, line.source);
        const struct siding_event *event =
            number % 2 == 0 ? host_next(&line.host) : await_event(&line.host);
        REQUIRE(event != NULL && is_end(event));
        EXPECT_EQ(event->status, SIDING_OK);
        struct siding_source_options options =
            plain_options(SIDING_SOURCE_EXACT, TOKEN, line.ends[1], CREDIT);
        options.limit_bytes = sizeof(uint64_t);
        line.source = open_source(&line.host, &options);
    }
    line_close(&line);
}

TEST("the ticks of a timer come on the spot too") {
    REQUIRE(host_open(&host, CALLS_MAX));
    struct siding_source_options options = timer_options(TOKEN, TICK_NS, TICK_NS, UINT32_MAX);
    uint64_t since_ns = siding_clock_ns();
    uint64_t source = open_source(&host, &options);
    for (uint64_t ticks = 0; ticks < TICKS;) {
        const struct siding_event *event = await_event(&host);
        REQUIRE(event != NULL && event->token == TOKEN);
        ticks += event_payload(event)[0];
        EXPECT(siding_clock_ns() - since_ns >= ticks * TICK_NS);
    }
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
}

/* ---- the poller's own ------------------------------------------------------------------------ */

static _Atomic(uintptr_t) runner; /* atomic: the poller stores, the test looks */

static int32_t take_and_tell_thread(int32_t descriptor) {
    uint64_t number;
    atomic_store(&runner, siding_thread_self());
    return (int32_t)recv(descriptor, &number, sizeof number, MSG_DONTWAIT);
}

TEST("a bound call runs on the poller's thread, though its host waits on the spot") {
    int ends[2];
    REQUIRE(host_open(&host, CALLS_MAX));
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    request_start(&request, SIGNATURE(I32, I32), FUNCTION(take_and_tell_thread));
    request_put(&request, (uint32_t)ends[1]);
    uint64_t bound = 0;
    REQUIRE(siding_bound_create(host.bridge, request.words, request.call.words, NULL, 0, &bound) ==
            SIDING_OK);
    struct siding_source_options options =
        plain_options(SIDING_SOURCE_CALL, TOKEN, ends[1], UINT32_MAX);
    options.bound = bound;
    uint64_t source = open_source(&host, &options);
    uintptr_t first = 0;
    for (uint64_t number = 0; number < ROUNDS(200u); number++) {
        EXPECT_EQ(send(ends[0], &number, sizeof number, MSG_NOSIGNAL), sizeof number);
        const struct siding_event *event = await_event(&host);
        REQUIRE(event != NULL && event->token == TOKEN && !is_end(event));
        first = first == 0 ? atomic_load(&runner) : first;
        EXPECT_EQ(atomic_load(&runner), first);
        EXPECT(atomic_load(&runner) != siding_thread_self());
    }
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_close(&host);
    close_both(ends);
}

/* ---- what is refused ------------------------------------------------------------------------- */

TEST("a wait that is too long, or has no room for an event, is refused") {
    REQUIRE(host_open(&host, CALLS_MAX));
    uint64_t *events = host.events;
    EXPECT_EQ(siding_bridge_await(host.bridge, NULL, SIDING_EVENT_WORDS_MAX, 1), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_await(host.bridge, (char *)events + 4, SIDING_EVENT_WORDS_MAX, 1),
              SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_await(host.bridge, events, SIDING_EVENT_WORDS_MAX - 1, 1),
              SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_await(host.bridge, events, SIDING_EVENT_WORDS_MAX, SPIN_NS + 1),
              SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_await(0, events, SIDING_EVENT_WORDS_MAX, 1), SIDING_ESTALE);
    EXPECT_EQ(siding_bridge_await(host.bridge, events, SIDING_EVENT_WORDS_MAX, 1), 0);
    host_close(&host);
}

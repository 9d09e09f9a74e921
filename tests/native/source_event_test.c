/*
 * source_event_test.c - native events: what several threads post. For signal handlers, see
 * source_signal_test.c.
 */
#include "source_fixture.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u
#define POSTERS 4u

#ifdef FIXTURE_SANITIZED
#define POSTS_PER_SECOND_MIN 0.0
#else
#define POSTS_PER_SECOND_MIN 5e6
#endif

static struct siding_source_options event_options(uint32_t flags, uint32_t credit) {
    struct siding_source_options options = plain_options(SIDING_SOURCE_EVENT, TOKEN, 0, credit);
    options.flags = flags;
    return options;
}

struct poster {
    pthread_t thread;
    uint64_t event;
    uint32_t count;
    uint32_t taken; /* posts that were not refused */
};

/* Posts 1, 2, 3 and so on. */
static void *post_all(void *argument) {
    struct poster *poster = argument;
    for (uint32_t i = 1; i <= poster->count; i++) {
        poster->taken += siding_event_post(poster->event, i) == SIDING_OK;
    }
    return NULL;
}

static void start_posters(struct poster *posters, uint64_t event, uint32_t count) {
    for (uint32_t i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.event = event, .count = count};
        pthread_create(&posters[i].thread, NULL, post_all, &posters[i]);
    }
}

static void join_posters(struct poster *posters) {
    for (uint32_t i = 0; i < POSTERS; i++) {
        pthread_join(posters[i].thread, NULL);
    }
}

TEST("S9: the sum of what four threads post is exact, at 5,000,000 posts a second") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = event_options(SIDING_SOURCE_COUNTED, UINT32_MAX);
    uint64_t source = open_source(&host, &options);
    struct poster posters[POSTERS];
    const uint64_t each = ROUNDS(2000000u);
    uint64_t start_ns = siding_clock_ns();
    start_posters(posters, source, (uint32_t)each);
    uint64_t sum = 0;
    uint64_t wanted = POSTERS * (each * (each + 1) / 2);
    while (sum < wanted) {
        uint64_t told = next_word(&host, TOKEN);
        if (told == UINT64_MAX) {
            break;
        }
        sum += told;
    }
    uint64_t took_ns = siding_clock_ns() - start_ns;
    join_posters(posters);
    EXPECT_EQ(sum, wanted);
    EXPECT(has_none(&host));
    double rate = (double)(POSTERS * each) * 1e9 / (double)took_ns;
    printf("     %.1f million posts a second\n", rate / 1e6);
    EXPECT(rate * harness_slowness() >= POSTS_PER_SECOND_MIN);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
}

TEST("S9: the last value comes after the last post, once at least") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = event_options(0, UINT32_MAX);
    uint64_t source = open_source(&host, &options);
    struct poster poster = {.event = source, .count = ROUNDS(400000u)};
    pthread_create(&poster.thread, NULL, post_all, &poster);
    uint64_t last = 0;
    uint64_t backwards = 0;
    while (last != poster.count) {
        uint64_t told = next_word(&host, TOKEN);
        if (told == UINT64_MAX) {
            break;
        }
        backwards += told < last;
        last = told;
    }
    pthread_join(poster.thread, NULL);
    EXPECT_EQ(last, poster.count);
    EXPECT_EQ(backwards, 0);
    close_source(&host, source);
    host_close(&host);
}

TEST("S9: a value of 0 is told as any other, unless it is counted") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = event_options(0, 8);
    uint64_t source = open_source(&host, &options);
    EXPECT_EQ(siding_event_post(source, 0), SIDING_OK);
    EXPECT_EQ(next_word(&host, TOKEN), 0);
    EXPECT(has_none(&host));
    struct siding_source_stats stats = {.size_bytes = sizeof stats};
    EXPECT_EQ(siding_event_post(source, 1), SIDING_OK);
    EXPECT_EQ(siding_event_post(source, 2), SIDING_OK);
    EXPECT_EQ(next_word(&host, TOKEN), 2);
    EXPECT_EQ(siding_source_stats_read(host.bridge, source, &stats), SIDING_OK);
    EXPECT_EQ(stats.events, 2);
    EXPECT_EQ(stats.coalesced, 1);
    EXPECT_EQ(stats.credit, 6);
    host_close(&host);
}

TEST("S9: posts while it is closed and its place is used again harm nobody") {
    REQUIRE(host_open(&host, 64));
    struct poster posters[POSTERS];
    for (uint32_t round = 0; round < ROUNDS(400u); round++) {
        struct siding_source_options options = event_options(SIDING_SOURCE_COUNTED, 1000);
        uint64_t source = open_source(&host, &options);
        start_posters(posters, source, 200);
        (void)has_none(&host);
        close_source(&host, source);
        const struct siding_event *event = host_next(&host);
        while (event != NULL && !is_end(event)) {
            event = host_next(&host);
        }
        /* its successor, of which the late posts know nothing */
        uint64_t next = open_source(&host, &options);
        join_posters(posters);
        EXPECT(has_none(&host));
        EXPECT_EQ(siding_event_post(next, 1), SIDING_OK);
        EXPECT_EQ(next_word(&host, TOKEN), 1);
        close_source(&host, next);
        expect_end(&host, TOKEN, SIDING_OK, 0);
    }
    EXPECT_EQ(stats_now().sources, 0);
    host_close(&host);
}

static bool no_sources(void *argument) {
    (void)argument;
    return stats_now().sources == 0;
}

TEST("S9: bridges closed while posts are under way leave nothing behind, and start anew") {
    struct poster posters[POSTERS];
    for (uint32_t round = 0; round < ROUNDS(400u); round++) {
        REQUIRE(host_open(&host, 64));
        struct siding_source_options options = event_options(SIDING_SOURCE_COUNTED, 2);
        start_posters(posters, open_source(&host, &options), 200);
        if (round % 2 == 0) {
            EXPECT(host_next(&host) != NULL);
        }
        host_close(&host);
        /* a successor of the source, perhaps, of which the late posts know nothing */
        REQUIRE(host_open(&host, 64));
        uint64_t next = open_source(&host, &options);
        EXPECT_EQ(siding_event_post(next, 1), SIDING_OK);
        EXPECT_EQ(next_word(&host, TOKEN), 1);
        join_posters(posters);
        EXPECT(has_none(&host));
        host_close(&host);
        EXPECT(wait_until(no_sources, NULL));
    }
}

static struct gate poster_gate = GATE_INITIALIZER;
static struct gate poller_gate = GATE_INITIALIZER;

static void hold_poster(void) {
    (void)gate_pass(&poster_gate);
}

static void hold_poller(void) {
    (void)gate_pass(&poller_gate);
}

/* A host that is woken by a function. */
static bool open_woken(struct host *on, void (*wake)(void)) {
    struct siding_bridge_options options = {
        .size_bytes = sizeof options, .calls_max = 8, .wake_function = (uintptr_t)wake};
    int32_t none;
    return siding_bridge_open(&options, &on->bridge, &none) == SIDING_OK;
}

TEST(
    "S9: who posts last to a source that is closed, and its bridge as well, leaves it the poller") {
    static struct host aside;
    REQUIRE(open_woken(&aside, hold_poller) && open_woken(&host, hold_poster));
    struct siding_source_options now = timer_options(TOKEN, 0, 0, 1);
    (void)open_source(&aside, &now);
    REQUIRE(gate_await(&poller_gate, 1));
    struct siding_source_options options = event_options(SIDING_SOURCE_COUNTED, 1);
    struct poster poster = {.event = open_source(&host, &options), .count = 1};
    REQUIRE(pthread_create(&poster.thread, NULL, post_all, &poster) == 0);
    REQUIRE(gate_await(&poster_gate, 1));
    close_source(&host, poster.event);
    EXPECT_EQ(siding_bridge_close(host.bridge), SIDING_OK);
    gate_open(&poster_gate);
    pthread_join(poster.thread, NULL);
    EXPECT_EQ(poster.taken, 1);
    EXPECT_EQ(stats_now().sources, 2); /* to let go of one takes locks */
    gate_open(&poller_gate);
    EXPECT_EQ(siding_bridge_close(aside.bridge), SIDING_OK);
    EXPECT(wait_until(no_sources, NULL));
}

TEST("S9: nothing that is no event takes a post") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = timer_options(TOKEN, UINT64_MAX, 0, 1);
    uint64_t timer = open_source(&host, &options);
    EXPECT_EQ(siding_event_post(timer, 1), SIDING_ESTALE);
    EXPECT_EQ(siding_event_post(host.bridge, 1), SIDING_ESTALE);
    EXPECT_EQ(siding_event_post(0, 1), SIDING_ESTALE);
    EXPECT_EQ(siding_event_post(UINT64_MAX, 1), SIDING_ESTALE);
    host_close(&host);
}

/*
 * source_timer_test.c - timers: never early, in order, without drift.
 */
#include "fixture/poller_thread.h"
#include "source_fixture.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u
#define MANY 10000u

/* Another process may have the processor for a while. */
#define LATE_NS_MAX (NS_PER_S / 2)

TEST("S6: 10,000 timers set at once are never early, and come in order of their times") {
    static uint64_t earliest_ns[MANY];
    static uint64_t latest_ns[MANY];
    REQUIRE(host_open(&host, MANY + 1));
    uint64_t seed = print_seed();
    for (uint32_t i = 0; i < MANY; i++) {
        uint64_t after_ns = 20 * NS_PER_MS + random_below(&seed, 200 * NS_PER_MS);
        struct siding_source_options options = timer_options(i, after_ns, 0, 1);
        earliest_ns[i] = siding_clock_ns() + after_ns;
        (void)open_source(&host, &options);
        latest_ns[i] = siding_clock_ns() + after_ns;
    }
    uint64_t last_ns = 0;
    uint32_t early = 0;
    uint32_t disordered = 0;
    uint32_t ends = 0;
    for (uint32_t i = 0; i < 2 * MANY; i++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        if (is_end(event)) {
            ends++;
            continue;
        }
        uint32_t token = event->token;
        early += siding_clock_ns() < earliest_ns[token];
        disordered += latest_ns[token] < last_ns;
        last_ns = earliest_ns[token] > last_ns ? earliest_ns[token] : last_ns;
    }
    EXPECT_EQ(ends, MANY);
    EXPECT_EQ(early, 0);
    EXPECT_EQ(disordered, 0);
    host_close(&host);
}

TEST("S6: a repeating timer does not drift, and tells ticks that nobody waited for together") {
    REQUIRE(host_open(&host, 64));
    const uint64_t every_ns = NS_PER_MS;
    struct siding_source_options options = timer_options(TOKEN, every_ns, every_ns, UINT32_MAX);
    uint64_t start_ns = siding_clock_ns();
    uint64_t source = open_source(&host, &options);
    uint64_t opened_ns = siding_clock_ns();
    uint64_t ticks = 0;
    uint32_t early = 0;
    while (ticks < 1000) {
        uint64_t told = next_word(&host, TOKEN);
        REQUIRE(told != UINT64_MAX);
        ticks += told;
        early += siding_clock_ns() < start_ns + ticks * every_ns;
    }
    uint64_t took_ns = siding_clock_ns() - opened_ns;
    EXPECT_EQ(early, 0);
    /* by its due times, whatever the machine does in between */
    EXPECT(took_ns < ticks * every_ns + LATE_NS_MAX);
    printf("     %" PRIu64 " ticks within %.1f ms of their time\n", ticks,
           ((double)took_ns - (double)(ticks * every_ns)) / 1e6);
    struct siding_source_stats stats = {.size_bytes = sizeof stats};
    EXPECT_EQ(siding_source_stats_read(host.bridge, source, &stats), SIDING_OK);
    EXPECT_EQ(stats.events + stats.coalesced, ticks);
    close_source(&host, source);
    host_close(&host);
}

TEST("S6: ticks without credit are added up, and come with the next pull") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = timer_options(TOKEN, 1, NS_PER_MS, 1);
    uint64_t source = open_source(&host, &options);
    EXPECT(next_word(&host, TOKEN) >= 1);
    /* another timer that is due ten ticks later has gone off: so have these */
    struct siding_source_options later = timer_options(TOKEN + 1, 10 * NS_PER_MS, 0, 1);
    (void)open_source(&host, &later);
    EXPECT_EQ(next_word(&host, TOKEN + 1), 1);
    expect_end(&host, TOKEN + 1, SIDING_OK, 0);
    EXPECT_EQ(siding_source_pull(host.bridge, source, 1), 1);
    EXPECT(next_word(&host, TOKEN) >= 9);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
}

struct rest {
    uint64_t sleeps;
    uint32_t looks; /* in which it slept on */
};

static bool rests(void *argument) {
    struct rest *rest = argument;
    uint64_t sleeps = sleeps_of_poller();
    bool is_same = sleeps != UINT64_MAX && sleeps == rest->sleeps;
    rest->looks = is_same && poller_sleeps(NULL) ? rest->looks + 1 : 0;
    rest->sleeps = sleeps;
    return rest->looks >= 20;
}

TEST("S6: a timer that nobody asks wakes nobody, and has all its ticks when somebody does") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = timer_options(TOKEN, 0, 1, 1);
    struct rest rest = {0};
    uint64_t start_ns = siding_clock_ns();
    uint64_t source = open_source(&host, &options);
    uint64_t opened_ns = siding_clock_ns();
    uint64_t ticks = next_word(&host, TOKEN);
    for (uint32_t i = 0; i < 100; i++) {
        rest.looks = 0;
        EXPECT(wait_until(rests, &rest)); /* it may still note ticks from before the pull */
        uint64_t before_ns = siding_clock_ns();
        pull(&host, source, 1);
        ticks += next_word(&host, TOKEN);
        EXPECT(ticks >= before_ns - opened_ns);
        EXPECT(ticks <= siding_clock_ns() - start_ns + 1);
    }
    EXPECT(wait_until(rests, &rest));
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
}

TEST("S6: a timer closed in its own tick ticks no more") {
    REQUIRE(host_open(&host, 64));
    for (uint32_t round = 0; round < ROUNDS(400u); round++) {
        struct siding_source_options options = timer_options(TOKEN, 1000, 1000, UINT32_MAX);
        uint64_t source = open_source(&host, &options);
        EXPECT(next_word(&host, TOKEN) >= 1);
        close_source(&host, source);
        close_source(&host, source);
        host.at_words = host.used_words; /* a tick may have been drained together with the first */
        expect_end(&host, TOKEN, SIDING_OK, 0);
        EXPECT(has_none(&host));
    }
    host_close(&host);
}

TEST("S6: a timer ticks though another one, due earlier, was closed") {
    REQUIRE(host_open(&host, 64));
    for (uint32_t round = 0; round < ROUNDS(200u); round++) {
        struct siding_source_options options = timer_options(TOKEN, 100000, 0, 1);
        uint64_t closed = open_source(&host, &options);
        close_source(&host, closed);
        if (round % 2 == 0) {
            spin_for(200000); /* its time comes, and nobody is there */
        }
        struct siding_source_options other = timer_options(TOKEN + 1, 200000, 0, 1);
        (void)open_source(&host, &other);
        expect_end(&host, TOKEN, SIDING_OK, 0);
        EXPECT_EQ(next_word(&host, TOKEN + 1), 1);
        expect_end(&host, TOKEN + 1, SIDING_OK, 0);
    }
    host_close(&host);
}

TEST("S6: the tick of a timer without credit is told before its end") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = timer_options(TOKEN, 1, 0, 0);
    uint64_t source = open_source(&host, &options);
    settle_poller(&host, TOKEN + 1);
    EXPECT(siding_source_pull(host.bridge, source, 1) >= 0);
    EXPECT_EQ(next_word(&host, TOKEN), 1);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
}

TEST("S6: a time beyond all time never comes") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options never = timer_options(TOKEN, UINT64_MAX, UINT64_MAX, 1);
    uint64_t source = open_source(&host, &never);
    struct siding_source_options soon = timer_options(TOKEN + 1, 1, UINT64_MAX, 2);
    uint64_t once = open_source(&host, &soon);
    EXPECT_EQ(next_word(&host, TOKEN + 1), 1);
    close_source(&host, once);
    expect_end(&host, TOKEN + 1, SIDING_OK, 0);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
}

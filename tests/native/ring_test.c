/*
 * ring_test.c - the queue of one callback: producers, policies, and every way to end.
 */
#include "../../lib/core/bridge.h"
#include "../../lib/core/ring.h"
#include "fixture.h"

#define TOKEN 3u
#define PRODUCERS_MAX 16u
#define EVENT_WORDS (SIDING_EVENT_WORDS + 2u)
#define LONG_NS (UINT64_C(1000000) * 20000)

static struct host host; /* each test opens and closes it */

/* A ring and its owner, which here only counts. */
struct source {
    struct ring ring; /* first */
    _Atomic(int) holders;
};

static void retain(struct ring *ring) {
    atomic_fetch_add(&((struct source *)ring)->holders, 1);
}

static void release(struct ring *ring) {
    atomic_fetch_sub(&((struct source *)ring)->holders, 1);
}

static void lose(struct ring *ring, const uint64_t *event) {
    EXPECT(ring == NULL && event == NULL); /* these events have no long tails */
}

static bool source_open(struct source *source, uint32_t overflow, uint32_t capacity,
                        bool is_pulled) {
    struct bridge *bridge = NULL;
    EXPECT_EQ(bridge_find(host.bridge, &bridge), SIDING_OK);
    struct ring_options options = {
        .bridge = bridge,
        .token = TOKEN,
        .overflow = overflow,
        .capacity = capacity,
        .event_words = EVENT_WORDS,
        .is_pulled = is_pulled,
        .retain = retain,
        .release = release,
        .lose = lose,
    };
    atomic_store(&source->holders, 0);
    return ring_init(&source->ring, &options) == SIDING_OK;
}

/* Closes it and lets the host come to its node, which is the last holder. */
static void source_close(struct source *source) {
    ring_close(&source->ring);
    EXPECT_EQ(siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX), 0);
    EXPECT_EQ(atomic_load(&source->holders), 0);
    ring_deinit(&source->ring);
}

static bool post(struct ring *ring, uint64_t first, uint64_t second, uint64_t timeout_ns) {
    uint64_t *event = ring_begin(ring, timeout_ns);
    if (event == NULL) {
        return false;
    }
    event[SIDING_EVENT_WORDS] = first;
    event[SIDING_EVENT_WORDS + 1] = second;
    ring_publish(ring, event, EVENT_WORDS, 0);
    return true;
}

static void post_many(struct ring *ring, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        (void)post(ring, 0, i, 0);
    }
}

/* Expects the next event to be the one with this number. */
static void expect_event(uint64_t number) {
    const struct siding_event *event = host_next(&host);
    if (harness_expect(event != NULL, __FILE__, __LINE__, "an event comes")) {
        EXPECT_EQ(event->token, TOKEN);
        EXPECT_EQ(event->flags, SIDING_EVENT_MORE);
        EXPECT_EQ(event_payload(event)[1], number);
    }
}

static void expect_lost(uint64_t dropped, uint64_t refused) {
    const struct siding_event *event = host_next(&host);
    if (harness_expect(event != NULL, __FILE__, __LINE__, "an event comes")) {
        EXPECT_EQ(event->flags, SIDING_EVENT_MORE | SIDING_EVENT_LOST);
        EXPECT_EQ(event_payload(event)[0], dropped);
        EXPECT_EQ(event_payload(event)[1], refused);
    }
}

static void expect_counts(struct ring *ring, uint32_t waiting, uint64_t events, uint64_t dropped,
                          uint64_t refused) {
    struct ring_counts counts;
    ring_count(ring, &counts);
    EXPECT_EQ(counts.waiting, waiting);
    EXPECT_EQ(counts.events, events);
    EXPECT_EQ(counts.dropped, dropped);
    EXPECT_EQ(counts.refused, refused);
}

/* ---- policies -------------------------------------------------------------------------------- */

TEST("E5: drop-newest keeps the first events, tells how many it dropped, and goes on") {
    static struct source source;
    REQUIRE(host_open(&host, 4));
    REQUIRE(source_open(&source, SIDING_OVERFLOW_DROP_NEWEST, 8, false));
    post_many(&source.ring, 12);
    expect_counts(&source.ring, 8, 8, 4, 0);
    expect_lost(4, 0);
    for (uint64_t i = 0; i < 8; i++) {
        expect_event(i);
    }
    post_many(&source.ring, 3);
    for (uint64_t i = 0; i < 3; i++) {
        expect_event(i);
    }
    expect_counts(&source.ring, 0, 11, 4, 0);
    source_close(&source);
    host_close(&host);
}

TEST("E5: drop-oldest keeps the last events") {
    static struct source source;
    REQUIRE(host_open(&host, 4));
    REQUIRE(source_open(&source, SIDING_OVERFLOW_DROP_OLDEST, 8, false));
    post_many(&source.ring, 100);
    expect_lost(92, 0);
    for (uint64_t i = 92; i < 100; i++) {
        expect_event(i);
    }
    expect_counts(&source.ring, 0, 8, 92, 0);
    source_close(&source);
    host_close(&host);
}

TEST("E5: latest delivers the last event only") {
    static struct source source;
    REQUIRE(host_open(&host, 4));
    REQUIRE(source_open(&source, SIDING_OVERFLOW_LATEST, 2, false));
    for (uint64_t round = 0; round < 3; round++) {
        post_many(&source.ring, 50);
        expect_lost(49, 0);
        expect_event(49);
        expect_counts(&source.ring, 0, round + 1, (round + 1) * 49, 0);
    }
    source_close(&source);
    host_close(&host);
}

TEST("E5: a full ring that blocks gives up after its timeout, and counts that") {
    static struct source source;
    REQUIRE(host_open(&host, 4));
    REQUIRE(source_open(&source, SIDING_OVERFLOW_BLOCK, 4, false));
    post_many(&source.ring, 4);
    uint64_t start_ns = siding_clock_ns();
    EXPECT(!post(&source.ring, 0, 4, 2 * NS_PER_MS));
    EXPECT(siding_clock_ns() - start_ns >= 2 * NS_PER_MS);
    expect_lost(1, 0);
    for (uint64_t i = 0; i < 4; i++) {
        expect_event(i);
    }
    source_close(&source);
    host_close(&host);
}

TEST("what was refused is told though no event follows") {
    static struct source source;
    REQUIRE(host_open(&host, 4));
    REQUIRE(source_open(&source, SIDING_OVERFLOW_BLOCK, 4, false));
    ring_refuse(&source.ring);
    ring_refuse(&source.ring);
    expect_lost(0, 2);
    source_close(&source);
    host_close(&host);
}

TEST("a pulled ring delivers what was asked for, and no more") {
    static struct source source;
    REQUIRE(host_open(&host, 4));
    REQUIRE(source_open(&source, SIDING_OVERFLOW_BLOCK, 16, true));
    post_many(&source.ring, 10);
    EXPECT_EQ(siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX), 0);
    ring_pull(&source.ring, 3);
    for (uint64_t i = 0; i < 3; i++) {
        expect_event(i);
    }
    EXPECT_EQ(siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX), 0);
    ring_pull(&source.ring, UINT32_MAX);
    ring_pull(&source.ring, UINT32_MAX);
    for (uint64_t i = 3; i < 10; i++) {
        expect_event(i);
    }
    source_close(&source);
    REQUIRE(source_open(&source, SIDING_OVERFLOW_BLOCK, 16, true));
    post_many(&source.ring, 10);
    EXPECT_EQ(siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX), 0);
    source_close(&source); /* while it is stalled */
    host_close(&host);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void post_block(struct ring *ring, uint64_t size_bytes) {
    uint64_t *memory = malloc(size_bytes);
    uint64_t *event = ring_begin(ring, 0);
    memset(memory, 0x5a, size_bytes);
    event[SIDING_EVENT_WORDS] = ADDRESS(memory);
    event[SIDING_EVENT_WORDS + 1] = size_bytes;
    ring_publish(ring, event, EVENT_WORDS, SIDING_EVENT_BLOCK);
}

TEST("long tails become blocks, and are freed where nobody reads them") {
    static struct source source;
    REQUIRE(host_open(&host, 4));
    REQUIRE(source_open(&source, SIDING_OVERFLOW_BLOCK, 4, false));
    post_block(&source.ring, 4096);
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL && (event->flags & SIDING_EVENT_BLOCK) != 0);
    EXPECT_EQ(event_payload(event)[1], 4096);
    EXPECT_EQ(siding_block_drop(host.bridge, (uint32_t)event_payload(event)[0]), SIDING_OK);
    post_block(&source.ring, 4096);
    post_block(&source.ring, 100);
    source_close(&source);
    EXPECT_EQ(stats_now().memory_bytes, 0);
    host_close(&host);
}

TEST("only a ring that blocks makes its memory with the first event") {
    static struct source source;
    REQUIRE(host_open(&host, 4));
    REQUIRE(source_open(&source, SIDING_OVERFLOW_BLOCK, 1024, false));
    EXPECT_EQ(stats_now().memory_bytes, 0);
    EXPECT(post(&source.ring, 0, 0, 0));
    EXPECT(stats_now().memory_bytes > 1024 * 8);
    expect_event(0);
    source_close(&source);
    REQUIRE(source_open(&source, SIDING_OVERFLOW_DROP_NEWEST, 1024, false));
    uint64_t made = stats_now().memory_bytes;
    EXPECT(made > 1024 * 8);
    post_many(&source.ring, 2000);
    EXPECT_EQ(stats_now().memory_bytes, made);
    source_close(&source);
    host_close(&host);
}

/* ---- many producers -------------------------------------------------------------------------- */

struct producer {
    struct source *source;
    uint64_t id;
    uint64_t posts;
    uint64_t timeout_ns;
    pthread_t thread;
};

static void *produce(void *argument) {
    struct producer *producer = argument;
    for (uint64_t i = 0; i < producer->posts; i++) {
        (void)post(&producer->source->ring, producer->id, i, producer->timeout_ns);
    }
    return NULL;
}

static void start_producers(struct producer *producers, uint32_t count, struct source *source,
                            uint64_t posts, uint64_t timeout_ns) {
    for (uint32_t id = 0; id < count; id++) {
        producers[id] = (struct producer){source, id, posts, timeout_ns, 0};
        EXPECT_EQ(pthread_create(&producers[id].thread, NULL, produce, &producers[id]), 0);
    }
}

static void join_producers(struct producer *producers, uint32_t count) {
    for (uint32_t id = 0; id < count; id++) {
        pthread_join(producers[id].thread, NULL);
    }
}

/* @return events that came; each producer's must come in order */
static uint64_t collect(uint64_t total, uint64_t *out_lost) {
    uint64_t next[PRODUCERS_MAX] = {0};
    uint64_t came = 0;
    while (came + *out_lost < total) {
        const struct siding_event *event = host_next(&host);
        if (!harness_expect(event != NULL, __FILE__, __LINE__, "no wake-up was lost")) {
            return came;
        }
        const uint64_t *payload = event_payload(event);
        if (event->flags & SIDING_EVENT_LOST) {
            *out_lost += payload[0];
            continue;
        }
        if (payload[1] < next[payload[0]]) {
            EXPECT_EQ(payload[1], next[payload[0]]);
        }
        next[payload[0]] = payload[1] + 1;
        came++;
    }
    return came;
}

static void storm(uint32_t overflow, uint32_t producers_count, uint64_t total, uint32_t capacity) {
    static struct source source;
    struct producer producers[PRODUCERS_MAX];
    uint64_t lost = 0;
    uint64_t posts = total / producers_count;
    EXPECT(host_open(&host, 4) && source_open(&source, overflow, capacity, false));
    start_producers(producers, producers_count, &source, posts, LONG_NS);
    uint64_t came = collect(posts * producers_count, &lost);
    join_producers(producers, producers_count);
    EXPECT_EQ(came + lost, posts * producers_count);
    if (overflow == SIDING_OVERFLOW_BLOCK) {
        EXPECT_EQ(lost, 0);
    }
    source_close(&source);
    host_close(&host);
}

TEST("E1: 1, 4 and 16 threads post 1,000,000 events: none is lost, each thread's are in order") {
    storm(SIDING_OVERFLOW_BLOCK, 1, ROUNDS(1000000u), 1024);
    storm(SIDING_OVERFLOW_BLOCK, 4, ROUNDS(1000000u), 1024);
    storm(SIDING_OVERFLOW_BLOCK, 16, ROUNDS(1000000u), 1024);
    storm(SIDING_OVERFLOW_BLOCK, 4, ROUNDS(100000u), 2);
}

TEST("E5: with each drop policy every event of 1, 4 and 16 threads is delivered or counted") {
    const uint32_t policies[] = {SIDING_OVERFLOW_DROP_NEWEST, SIDING_OVERFLOW_DROP_OLDEST,
                                 SIDING_OVERFLOW_LATEST};
    for (uint32_t i = 0; i < 3; i++) {
        storm(policies[i], 1, ROUNDS(400000u), 64);
        storm(policies[i], 4, ROUNDS(400000u), 64);
        storm(policies[i], 16, ROUNDS(400000u), 2);
    }
}

TEST("E9: one event at a time never waits for another one to wake the host, 200,000 times") {
    static struct source source;
    struct producer producer;
    uint64_t lost = 0;
    REQUIRE(host_open(&host, 4) && source_open(&source, SIDING_OVERFLOW_BLOCK, 2, false));
    for (uint32_t round = 0; round < ROUNDS(2000u); round++) {
        start_producers(&producer, 1, &source, 100, LONG_NS);
        EXPECT_EQ(collect(100, &lost), 100);
        join_producers(&producer, 1);
    }
    source_close(&source);
    host_close(&host);
}

TEST("a flood makes one wake-up until the host has looked") {
    static struct source source;
    REQUIRE(host_open(&host, 4) && source_open(&source, SIDING_OVERFLOW_BLOCK, 1024, false));
    uint64_t before = bridge_kicks();
    post_many(&source.ring, 1024);
    EXPECT_EQ(bridge_kicks() - before, 1);
    for (uint64_t i = 0; i < 1024; i++) {
        expect_event(i);
    }
    source_close(&source);
    host_close(&host);
}

TEST("two rings take turns: a flood in one does not hold up the other") {
    static struct source flood;
    static struct source other;
    REQUIRE(host_open(&host, 4));
    REQUIRE(source_open(&flood, SIDING_OVERFLOW_BLOCK, 512, false));
    REQUIRE(source_open(&other, SIDING_OVERFLOW_BLOCK, 8, false));
    post_many(&flood.ring, 512);
    EXPECT(post(&other.ring, 1, 0, 0));
    uint64_t before = 0;
    for (const struct siding_event *event = host_next(&host); event != NULL && before < 1024;
         event = host_next(&host), before++) {
        if (event_payload(event)[0] == 1) {
            break;
        }
        EXPECT(post(&flood.ring, 0, 512 + before, LONG_NS)); /* it stays full */
    }
    EXPECT(before < 1024);
    ring_close(&flood.ring);
    ring_close(&other.ring);
    while (siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX) != 0) {
    }
    EXPECT_EQ(atomic_load(&flood.holders) + atomic_load(&other.holders), 0);
    ring_deinit(&flood.ring);
    ring_deinit(&other.ring);
    host_close(&host);
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void *produce_until_closed(void *argument) {
    struct producer *producer = argument;
    while (post(&producer->source->ring, producer->id, 0, LONG_NS) ||
           !ring_is_closed(&producer->source->ring)) {
        producer->posts++;
    }
    return NULL;
}

/* @param ends_bridge else only the ring is closed */
static void end_under_storm(bool ends_bridge, uint64_t *chance) {
    struct source *source = calloc(1, sizeof *source);
    struct producer producers[4];
    EXPECT(host_open(&host, 4) && source_open(source, SIDING_OVERFLOW_BLOCK, 16, false));
    for (uint32_t id = 0; id < 4; id++) {
        producers[id] = (struct producer){source, id, 0, LONG_NS, 0};
        EXPECT_EQ(pthread_create(&producers[id].thread, NULL, produce_until_closed, &producers[id]),
                  0);
    }
    for (uint32_t drains = random_below(chance, 20); drains > 0; drains--) {
        (void)siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX);
    }
    struct bridge *bridge = source->ring.options.bridge;
    bridge_retain(bridge); /* as a callback does */
    ring_close(&source->ring);
    if (ends_bridge) {
        host_close(&host);
    }
    join_producers(producers, 4);
    bridge_let_go(bridge);
    if (!ends_bridge) {
        (void)siding_bridge_drain(host.bridge, host.events, SIDING_EVENT_WORDS_MAX);
        host_close(&host);
    }
    EXPECT_EQ(atomic_load(&source->holders), 0);
    ring_deinit(&source->ring);
    free(source);
}

TEST("X6: a ring or its bridge ends under a storm: blocked producers go on, nothing leaks") {
    uint64_t chance = print_seed();
    for (uint32_t round = 0; round < ROUNDS(1000u); round++) {
        end_under_storm(round % 2 == 0, &chance);
    }
    EXPECT_EQ(stats_now().memory_bytes, 0);
}

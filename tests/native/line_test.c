/*
 * line_test.c - acquisitions that wait for a slot, first come first served.
 */
#include "context_fixture.h"
#include "fixture/thread_name.h"

static struct host host; /* each test opens and closes them */
static struct host other;

static struct siding_context_options waiting(void) {
    return times(5000, 5000, 0, SIDING_CONTEXT_WAIT);
}

/* Joins the line. @return what the acquisition returned */
static int32_t join(struct host *at, uint32_t token, uint64_t *out_context) {
    struct siding_context_options options = waiting();
    return siding_context_acquire(at->bridge, &options, "waited", token, out_context);
}

/* Releases without an event of it. */
static void hand_over(struct host *holder, uint64_t context) {
    EXPECT_EQ(siding_context_release_wait(holder->bridge, context), SIDING_OK);
}

static uint64_t has_own_name(uint64_t unused) {
    (void)unused;
    return thread_is_named("waited");
}

#define IN_LINE 20u

TEST("P3: acquisitions of two bridges wait in one line and are served in its order") {
    uint64_t context = 0;
    uint32_t all = IN_LINE;
    REQUIRE(empty_pool(1) && host_open(&host, 64) && host_open(&other, 64));
    REQUIRE(join(&host, 63, &context) == SIDING_OK); /* no need to wait */
    uint64_t none = 7;
    for (uint32_t i = 0; i < IN_LINE; i++) {
        REQUIRE(join(i % 3 == 0 ? &host : &other, i, &none) == 1);
    }
    EXPECT_EQ(none, 7);
    EXPECT(has_waiting(&all));
    EXPECT_EQ(join(&host, 0, &none), SIDING_EBUSY);
    EXPECT_EQ(join(&host, 64, &none), SIDING_EINVALID);
    struct host *holder = &host;
    for (uint32_t i = 0; i < IN_LINE; i++) {
        struct host *next = i % 3 == 0 ? &host : &other;
        EXPECT(!has_news(&host) && !has_news(&other));
        hand_over(holder, context);
        struct news news = next_news(next);
        EXPECT_EQ(news.token, i);
        EXPECT_EQ(news.status, SIDING_OK);
        holder = next;
        context = news.words[0];
        REQUIRE(submit_one(holder, FUNCTION(has_own_name), 0, context, i));
        EXPECT_EQ(expect_news(holder, i, SIDING_OK).words[0], 1);
        EXPECT_EQ(stats_now().waiting, IN_LINE - 1 - i);
    }
    EXPECT_EQ(siding_bridge_cancel(holder->bridge, IN_LINE - 1), SIDING_ERUNNING); /* too late */
    host_close(&host);
    host_close(&other);
    EXPECT(wait_until(pool_rests, NULL));
    EXPECT_EQ(stats_now().threads, 1);
}

TEST("P3, C8: who cancels leaves the line, at its head, in the middle and at its end") {
    uint64_t context = 0;
    uint64_t none = 0;
    uint32_t left = 3;
    REQUIRE(empty_pool(1) && host_open(&host, 64));
    REQUIRE(join(&host, 63, &context) == SIDING_OK);
    for (int round = 0; round < 10; round++) {
        for (uint32_t token = 0; token < 6; token++) {
            REQUIRE(join(&host, token, &none) == 1);
        }
        const uint32_t leaving[] = {0, 3, 5};
        for (uint32_t i = 0; i < 3; i++) {
            EXPECT_EQ(siding_bridge_cancel(host.bridge, leaving[i]), SIDING_OK);
            expect_news(&host, leaving[i], SIDING_ECANCELLED);
            EXPECT_EQ(siding_bridge_cancel(host.bridge, leaving[i]), SIDING_ERUNNING);
        }
        EXPECT(has_waiting(&left));
        for (uint32_t i = 0; i < 3; i++) {
            hand_over(&host, context);
            struct news news = next_news(&host);
            EXPECT_EQ(news.token, i == 0 ? 1 : i == 1 ? 2 : 4);
            context = news.words[0];
        }
        EXPECT_EQ(stats_now().waiting, 0);
    }
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

TEST("P3, C12: a bridge that closes leaves the line; those of others are served") {
    uint64_t context = 0;
    uint64_t none = 0;
    uint32_t left = 3;
    REQUIRE(empty_pool(1));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 64) && host_open(&other, 64));
    REQUIRE(join(&host, 63, &context) == SIDING_OK);
    for (uint32_t token = 0; token < 6; token++) {
        REQUIRE(join(token % 2 == 0 ? &other : &host, token, &none) == 1);
    }
    host_close(&other);
    EXPECT(has_waiting(&left));
    for (uint32_t token = 1; token < 6; token += 2) {
        hand_over(&host, context);
        struct news news = next_news(&host);
        EXPECT_EQ(news.token, token);
        context = news.words[0];
    }
    REQUIRE(host_open(&other, 64) && join(&other, 0, &none) == 1);
    host_close(&host); /* with the lease that others wait for */
    struct news news = next_news(&other);
    EXPECT(news.token == 0 && news.status == SIDING_OK);
    host_close(&other); /* with a lease that it has been given */
    EXPECT(wait_until(gives_all_back, &before));
}

TEST("P3, X6: a lease given to a bridge that closes without looking comes back") {
    uint64_t context = 0;
    uint64_t none = 0;
    REQUIRE(empty_pool(1) && host_open(&host, 64));
    for (int round = 0; round < 100; round++) {
        REQUIRE(host_open(&other, 8));
        REQUIRE(join(&host, 63, &context) == SIDING_OK && join(&other, 0, &none) == 1);
        hand_over(&host, context);
        host_close(&other);
        REQUIRE(wait_until(pool_rests, NULL));
    }
    host_close(&host);
}

TEST("P3: the line moves when a lease is wedged, and when the pool may grow") {
    struct gate gate = GATE_INITIALIZER;
    uint64_t none = 0;
    REQUIRE(empty_pool(1) && host_open(&host, 64));
    uint64_t context = lease(&host, times(20, 1000, 0, 0));
    REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&gate), context, 0));
    REQUIRE(gate_await(&gate, 1));
    REQUIRE(join(&host, 1, &none) == 1 && join(&host, 2, &none) == 1);
    REQUIRE(begin_release(&host, context, 3) == 1);
    struct news news = next_news(&host); /* the next one is served before the end is told */
    EXPECT_EQ(news.token, 1);
    EXPECT_EQ(expect_news(&host, 3, SIDING_OK).error, 1);
    EXPECT_EQ(stats_now().waiting, 1);
    REQUIRE(configure_pool(2, 20));
    expect_news(&host, 2, SIDING_OK);
    gate_open(&gate);
    expect_news(&host, 0, SIDING_OK);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

TEST("P3: who waits for a fresh thread, or for one with a stack of its own, gets that") {
    struct siding_context_options options = waiting();
    uint64_t context = 0;
    uint64_t none = 0;
    REQUIRE(empty_pool(1) && host_open(&host, 64));
    options.flags |= SIDING_CONTEXT_FRESH;
    options.stack_bytes = 1u << 20;
    for (int round = 0; round < 20; round++) {
        REQUIRE(join(&host, 63, &context) == SIDING_OK);
        EXPECT_EQ(siding_context_acquire(host.bridge, &options, "waited", 0, &none), 1);
        hand_over(&host, context);
        context = expect_news(&host, 0, SIDING_OK).words[0];
        REQUIRE(submit_one(&host, FUNCTION(has_own_name), 0, context, 0));
        EXPECT_EQ(expect_news(&host, 0, SIDING_OK).words[0], 1);
        host_release(&host, context, 0);
    }
    host_close(&host);
}

/* ---- stress ---------------------------------------------------------------------------------- */

#define WAITERS 8
#define SLOTS 3
#define LEASES ROUNDS(1600u)

static atomic_int holding; /* leases used at this moment; atomic: all hosts add */
static atomic_int holding_most;

static uint64_t use_lease(uint64_t ns) {
    int now = atomic_fetch_add(&holding, 1) + 1;
    int most = atomic_load(&holding_most);
    while (now > most && !atomic_compare_exchange_weak(&holding_most, &most, now)) {
    }
    spin_for(ns);
    atomic_fetch_sub(&holding, 1);
    return ns;
}

/* @return the context, or 0: cancelled */
static uint64_t wait_for_lease(struct host *mine, uint64_t *chance) {
    uint64_t context = 0;
    int32_t status = join(mine, 0, &context);
    if (status == SIDING_OK) {
        return context;
    }
    EXPECT_EQ(status, 1);
    int32_t cancelled = SIDING_ERUNNING;
    if (random_below(chance, 4) == 0) {
        spin_for(random_below(chance, 50000));
        cancelled = siding_bridge_cancel(mine->bridge, 0);
    }
    struct news news = expect_news(mine, 0, cancelled == SIDING_OK ? SIDING_ECANCELLED : SIDING_OK);
    return news.status == SIDING_OK ? news.words[0] : 0;
}

static void *wait_often(void *argument) {
    uint64_t chance = *(uint64_t *)argument;
    struct host *mine = malloc(sizeof *mine);
    EXPECT(host_open(mine, 8));
    for (uint32_t leases = 0; leases < LEASES && atomic_load(&harness_failures) == 0;) {
        uint64_t context = wait_for_lease(mine, &chance);
        if (context == 0) {
            continue;
        }
        leases++;
        EXPECT(submit_one(mine, FUNCTION(use_lease), random_below(&chance, 5000), context, 1));
        expect_news(mine, 1, SIDING_OK);
        if (random_below(&chance, 64) == 0) { /* ends with its bridge */
            host_close(mine);
            EXPECT(host_open(mine, 8));
        } else {
            host_release(mine, context, 2);
        }
    }
    host_close(mine);
    free(mine);
    return NULL;
}

TEST("P3, P12: 8 hosts wait for 3 slots, some give up: none starves, no slot is lost or shared") {
    pthread_t threads[WAITERS];
    uint64_t seeds[WAITERS];
    uint64_t chance = print_seed();
    REQUIRE(empty_pool(SLOTS));
    for (int i = 0; i < WAITERS; i++) {
        seeds[i] = random_next(&chance);
        REQUIRE(pthread_create(&threads[i], NULL, wait_often, &seeds[i]) == 0);
    }
    for (int i = 0; i < WAITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT(wait_until(pool_rests, NULL));
    EXPECT(atomic_load(&holding_most) <= SLOTS);
    EXPECT_EQ(stats_now().waiting, 0);
    printf("threads: %u\n", stats_now().threads);
    EXPECT(stats_now().threads <= SLOTS);
    REQUIRE(host_open(&host, 64));
    for (int i = 0; i < SLOTS; i++) {
        EXPECT(lease(&host, times(1000, 1000, 0, 0)) != 0);
    }
    host_close(&host);
}

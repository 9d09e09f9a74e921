/*
 * share_test.c - leases in which several bridges take part.
 */
#include "context_fixture.h"

static struct host host; /* each test opens and closes them */
static struct host other;

static uint64_t find_self(uint64_t unused) {
    (void)unused;
    return siding_thread_self();
}

static uint64_t share(uint64_t context) {
    uint64_t shared = 0;
    EXPECT_EQ(siding_context_share(host.bridge, context, &shared), SIDING_OK);
    return shared;
}

static uint64_t thread_of(struct host *at, uint64_t context) {
    EXPECT(submit_one(at, FUNCTION(find_self), 0, context, 0));
    return expect_news(at, 0, SIDING_OK).words[0];
}

TEST("P12: a shared context runs the calls of both bridges on its thread, until both released it") {
    REQUIRE(limit_pool(4) && host_open(&host, 8) && host_open(&other, 8));
    for (int first_leaves = 0; first_leaves < 2; first_leaves++) {
        uint64_t context = lease(&host, times(2000, 1000, 0, 0));
        uint64_t attached = 7;
        EXPECT_EQ(siding_context_attach(other.bridge, context, &attached), SIDING_ESTALE);
        uint64_t shared = share(context);
        EXPECT_EQ(siding_context_attach(host.bridge, shared, &attached), SIDING_EBUSY);
        EXPECT_EQ(attached, 7);
        EXPECT_EQ(siding_context_attach(other.bridge, shared, &attached), SIDING_OK);
        EXPECT_EQ(siding_context_attach(other.bridge, shared, &attached), SIDING_EBUSY);
        EXPECT(thread_of(&host, context) == thread_of(&other, attached));
        struct host *leaves = first_leaves ? &host : &other;
        struct host *stays = first_leaves ? &other : &host;
        uint64_t left = first_leaves ? context : attached;
        uint64_t kept = first_leaves ? attached : context;
        EXPECT_EQ(siding_context_release(leaves->bridge, left, 1), 1);
        REQUIRE(submit_one(leaves, FUNCTION(find_self), 0, left, 0));
        expect_news(leaves, 0, SIDING_ESTALE);
        EXPECT_EQ(siding_context_release(leaves->bridge, left, 1), SIDING_ESTALE);
        EXPECT(thread_of(stays, kept) != 0);
        EXPECT_EQ(siding_context_attach(leaves->bridge, shared, &left), SIDING_OK); /* again */
        EXPECT(thread_of(leaves, left) == thread_of(stays, kept));
        EXPECT_EQ(siding_context_release(leaves->bridge, left, 1), 1);
        host_release(stays, kept, 1);
        EXPECT_EQ(siding_context_attach(leaves->bridge, shared, &left), SIDING_ESTALE);
        EXPECT_EQ(stats_now().slots_active, 0);
    }
    uint64_t next = lease(&host, times(2000, 1000, 0, 0)); /* is shared with nobody */
    EXPECT_EQ(siding_context_attach(other.bridge, next, &next), SIDING_ESTALE);
    host_close(&host);
    host_close(&other);
}

TEST("P12: a bridge that closes leaves the lease to the others; the last one's end ends it") {
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    for (int round = 0; round < 20; round++) {
        REQUIRE(host_open(&host, 8) && host_open(&other, 8));
        uint64_t context = lease(&host, times(2000, 1000, 0, 0));
        uint64_t attached = 0;
        gate_reset(&gate);
        EXPECT_EQ(siding_context_attach(other.bridge, share(context), &attached), SIDING_OK);
        EXPECT_EQ(siding_context_listen(host.bridge, context, 5), SIDING_OK);
        EXPECT(defer_one(&host, context, FUNCTION(write_journal), 3));
        REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&gate), context, 0));
        REQUIRE(gate_await(&gate, 1));
        uint32_t runs = journal_count();
        host_close(&host); /* while its call runs */
        REQUIRE(submit_one(&other, FUNCTION(find_self), 0, attached, 0));
        gate_open(&gate);
        expect_news(&other, 0, SIDING_OK);
        EXPECT_EQ(journal_count(), runs);
        EXPECT_EQ(siding_context_listen(other.bridge, attached, 5), SIDING_OK);
        if (round % 2 == 0) {
            uint32_t wanted = runs + 1;
            host_close(&other);
            EXPECT(wait_until(has_journal, &wanted));
        } else {
            REQUIRE(begin_release(&other, attached, 0) == 1);
            expect_news(&other, 5, SIDING_OK);
            expect_news(&other, 0, SIDING_OK);
            EXPECT_EQ(journal_count(), runs + 1);
            host_close(&other);
        }
        REQUIRE(wait_until(gives_all_back, &before));
    }
}

/* ---- several threads ------------------------------------------------------------------------- */

#define PARTNERS 6
#define TOGETHER ROUNDS(400)

static _Atomic(uint64_t) offered;  /* to attach to; 0: the others are to go */
static _Thread_local uint64_t own; /* the lease that the thread is in */
static atomic_uint strangers;      /* calls that ran in another lease than theirs */
static atomic_uint visits;         /* calls that ran */

static uint64_t enter_lease(uint64_t context) {
    own = context;
    return 0;
}

static uint64_t visit_lease(uint64_t context) {
    atomic_fetch_add(&strangers, own != context);
    atomic_fetch_add(&visits, 1);
    return context;
}

/* Uses a lease with all its bridge has, and leaves it in one of three ways. @return still open */
static bool take_part(struct host *mine, uint64_t context, uint64_t *chance) {
    uint32_t calls = random_below(chance, 6);
    for (uint32_t token = 0; token < calls; token++) {
        EXPECT(submit_one(mine, FUNCTION(visit_lease), context, context, token));
    }
    if (random_below(chance, 3) == 0) {
        EXPECT(defer_one(mine, context, FUNCTION(visit_lease), context));
    }
    bool listens = random_below(chance, 3) == 0 &&
                   siding_context_listen(mine->bridge, context, 7) == SIDING_OK;
    if (random_below(chance, 3) == 0) { /* with what is queued */
        host_close(mine);
        return false;
    }
    uint32_t events = calls + (listens ? 1 : 0) + begin_release(mine, context, 6);
    for (uint32_t i = 0; i < events; i++) {
        struct news news = next_news(mine);
        EXPECT(news.status == SIDING_OK || news.status == SIDING_ERECYCLING);
        EXPECT(news.token > 5 || news.status != SIDING_OK || news.words[0] == context);
    }
    return true;
}

static void *be_partner(void *argument) {
    uint64_t chance = *(uint64_t *)argument;
    struct host *mine = malloc(sizeof *mine);
    EXPECT(host_open(mine, 8));
    for (uint64_t shared = atomic_load(&offered); shared != 0; shared = atomic_load(&offered)) {
        uint64_t context = 0;
        int32_t status = siding_context_attach(mine->bridge, shared, &context);
        EXPECT(status == SIDING_OK || status == SIDING_ESTALE);
        if (status == SIDING_OK && !take_part(mine, context, &chance)) {
            EXPECT(host_open(mine, 8));
        }
    }
    host_close(mine);
    free(mine);
    return NULL;
}

static bool has_visits(void *count) {
    return atomic_load(&visits) >= *(uint32_t *)count;
}

/* A slot is vacant a moment before its lease is off the count, so only leasing tells. */
static bool may_lease(void *out_context) {
    struct siding_context_options options = times(20000, 20000, 0, 0);
    int32_t status = siding_context_acquire(host.bridge, &options, NULL, 0, out_context);
    EXPECT(status == SIDING_OK || status == SIDING_EEXHAUSTED);
    return status == SIDING_OK;
}

TEST("P12: bridges on six threads attach, call, leave and close while leases begin and end") {
    pthread_t threads[PARTNERS];
    uint64_t seeds[PARTNERS];
    uint64_t chance = print_seed();
    REQUIRE(empty_pool(2));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 8));
    for (int round = 0; round <= TOGETHER && atomic_load(&harness_failures) == 0; round++) {
        uint64_t context = 0;
        REQUIRE(wait_until(may_lease, &context));
        REQUIRE(submit_one(&host, FUNCTION(enter_lease), context, context, 0));
        expect_news(&host, 0, SIDING_OK);
        atomic_store(&offered, share(context));
        for (int i = 0; i < PARTNERS && round == 0; i++) {
            seeds[i] = random_next(&chance);
            REQUIRE(pthread_create(&threads[i], NULL, be_partner, &seeds[i]) == 0);
        }
        uint32_t enough = atomic_load(&visits) + random_below(&chance, 20);
        EXPECT(wait_until(has_visits, &enough));
        if (begin_release(&host, context, 1) == 1) {
            expect_news(&host, 1, SIDING_OK);
        }
    }
    atomic_store(&offered, 0);
    for (int i = 0; i < PARTNERS; i++) {
        pthread_join(threads[i], NULL);
    }
    host_close(&host);
    printf("visits: %u\n", atomic_load(&visits));
    EXPECT_EQ(atomic_load(&strangers), 0);
    EXPECT(wait_until(pool_rests, NULL));
    EXPECT_EQ(stats_now().memory_bytes, before.memory_bytes);
    EXPECT_EQ(stats_now().bound_calls, 0);
    EXPECT(stats_now().threads <= 2);
}

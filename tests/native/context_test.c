/*
 * context_test.c - a leased thread: order, release, reuse, exhaustion.
 */
#include "fixture.h"

static struct host host; /* each test opens and closes it */
static union request request;

static void put_gate(struct gate *gate, uint64_t context) {
    request_start(&request, SIGNATURE(BOOL_T, PTR), FUNCTION(gate_pass));
    request_put(&request, ADDRESS(gate));
    request.call.context = context;
}

static void put_self(uint64_t context) {
    request_start(&request, SIGNATURE(U64), FUNCTION(siding_thread_self));
    request.call.context = context;
}

/* Runs a call and waits. @return its result */
static uint64_t thread_of(uint64_t context) {
    put_self(context);
    EXPECT_EQ(host_submit(&host, &request, 0), 1);
    const struct siding_event *event = host_next(&host);
    EXPECT(event != NULL && event->status == SIDING_OK);
    return event == NULL ? 0 : event_payload(event)[0];
}

/* ---- order ----------------------------------------------------------------------------------- */

#define ORDERED 10000

struct place {
    uint64_t thread;
    uint32_t number;
};

static uint32_t places_taken; /* owner: the context's thread, then the host */
static struct place places[ORDERED];

static void take_place(uint32_t number) {
    places[places_taken++] = (struct place){siding_thread_self(), number};
}

TEST("C3: 10,000 calls of one context run on one thread, not the host's, in order") {
    uint64_t context = 0;
    REQUIRE(host_open(&host, ORDERED));
    REQUIRE(acquire_context(host.bridge, "order", &context) == SIDING_OK);
    for (uint32_t token = 0; token < ORDERED; token++) {
        request_start(&request, SIGNATURE(VOID_T, U32), FUNCTION(take_place));
        request_put(&request, token);
        request.call.context = context;
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    for (uint32_t token = 0; token < ORDERED; token++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        EXPECT_EQ(event->token, token);
    }
    EXPECT_EQ(places_taken, ORDERED);
    EXPECT(places[0].thread != siding_thread_self());
    for (uint32_t i = 0; i < ORDERED; i++) {
        EXPECT_EQ(places[i].number, i);
        EXPECT(places[i].thread == places[0].thread);
    }
    host_release(&host, context, 0);
    host_close(&host);
}

TEST("a blocked context delays neither another one nor calls without context") {
    struct gate gate = GATE_INITIALIZER;
    uint64_t contexts[2];
    REQUIRE(host_open(&host, 4));
    REQUIRE(acquire_context(host.bridge, "blocked", &contexts[0]) == SIDING_OK);
    REQUIRE(acquire_context(host.bridge, "free", &contexts[1]) == SIDING_OK);
    put_gate(&gate, contexts[0]);
    REQUIRE(host_submit(&host, &request, 1) == 1);
    REQUIRE(gate_await(&gate, 1));
    uint64_t free_thread = thread_of(contexts[1]);
    uint64_t shared_thread = thread_of(0);
    EXPECT(free_thread != shared_thread);
    gate_open(&gate);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    EXPECT(thread_of(contexts[0]) != free_thread);
    host_close(&host);
}

#if defined(__linux__)

static uint64_t has_name(const char *expected) {
    char name[32] = "";
    (void)pthread_getname_np(pthread_self(), name, sizeof name);
    return strcmp(name, expected) == 0;
}

static bool is_named(uint64_t context, const char *name) {
    request_start(&request, SIGNATURE(U64, TEXT), FUNCTION(has_name));
    request_put(&request, 0);
    request_inline(&request, 0, name);
    request.call.context = context;
    EXPECT_EQ(host_submit(&host, &request, 0), 1);
    const struct siding_event *event = host_next(&host);
    return event != NULL && event_payload(event)[0] == 1;
}

TEST("P8: a context's thread bears its name, cut to 15 bytes, and loses it with the lease") {
    uint64_t context = 0;
    REQUIRE(host_open(&host, 4));
    REQUIRE(acquire_context(host.bridge, "0123456789abcdefgh", &context) == SIDING_OK);
    EXPECT(is_named(context, "0123456789abcde"));
    host_release(&host, context, 0);
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    EXPECT(is_named(context, "siding"));
    host_release(&host, context, 0);
    host_close(&host);
}

#endif

/* ---- release --------------------------------------------------------------------------------- */

TEST("P4, P5: a release waits for the running call, refuses the queued ones, and reports then") {
    struct gate gate = GATE_INITIALIZER;
    uint64_t context = 0;
    REQUIRE(wait_until(pool_rests, NULL));
    REQUIRE(host_open(&host, 8));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    for (uint32_t token = 0; token < 4; token++) {
        put_gate(&gate, context);
        REQUIRE(host_submit(&host, &request, token) == 1);
    }
    REQUIRE(gate_await(&gate, 1));
    EXPECT_EQ(siding_context_release(host.bridge, context, 4), SIDING_OK);
    EXPECT_EQ(stats_now().slots_recycling, 1);
    EXPECT_EQ(siding_context_release(host.bridge, context, 5), SIDING_ESTALE);
    gate_open(&gate);
    for (uint32_t token = 0; token < 5; token++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        EXPECT_EQ(event->token, token);
        EXPECT_EQ(event->status, token == 0 || token == 4 ? SIDING_OK : SIDING_ERECYCLING);
        EXPECT_EQ(event->words, token == 0 ? SIDING_EVENT_WORDS + 1 : SIDING_EVENT_WORDS);
    }
    EXPECT_EQ(gate.entered, 1);
    host_close(&host);
}

TEST("P5: a call submitted after the release began is refused and never runs") {
    struct gate gate = GATE_INITIALIZER;
    struct gate never = GATE_INITIALIZER;
    uint64_t context = 0;
    REQUIRE(host_open(&host, 8));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    put_gate(&gate, context);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    REQUIRE(gate_await(&gate, 1));
    EXPECT_EQ(siding_context_release(host.bridge, context, 1), SIDING_OK);
    put_gate(&never, context);
    REQUIRE(host_submit(&host, &request, 2) == 1);
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL && event->token == 2);
    EXPECT_EQ(event->status, SIDING_ESTALE);
    gate_open(&gate);
    EXPECT_EQ(host_discard(&host, 2), 2);
    EXPECT_EQ(never.entered, 0);
    host_close(&host);
}

TEST("P1: a slot is reused: the same thread, a new generation, the old handle stale") {
    uint64_t before = 0;
    uint64_t after = 0;
    REQUIRE(host_open(&host, 4));
    REQUIRE(wait_until(pool_rests, NULL));
    REQUIRE(acquire_context(host.bridge, NULL, &before) == SIDING_OK);
    uint64_t thread = thread_of(before);
    host_release(&host, before, 0);
    REQUIRE(acquire_context(host.bridge, NULL, &after) == SIDING_OK);
    EXPECT(thread_of(after) == thread);
    EXPECT(after != before);
    EXPECT_EQ(after & 0xfffff, before & 0xfffff);
    EXPECT_EQ(siding_context_release(host.bridge, before, 0), SIDING_ESTALE);
    put_self(before);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    EXPECT_EQ(host_status(&host), SIDING_ESTALE);
    host_release(&host, after, 0);
    host_close(&host);
}

TEST("a lease that nobody could take hold of is refused") {
    REQUIRE(host_open(&host, 4));
    EXPECT_EQ(acquire_context(host.bridge, "name", NULL), SIDING_EINVALID);
    EXPECT_EQ(stats_now().slots_active, 0);
    host_close(&host);
}

TEST("P2: 20,000 cycles of acquire, call and release start no further thread") {
    uint64_t context = 0;
    REQUIRE(host_open(&host, 4));
    REQUIRE(wait_until(pool_rests, NULL));
    uint32_t threads = stats_now().threads;
    uint64_t memory = stats_now().memory_bytes;
    for (uint32_t i = 0; i < ROUNDS(20000u); i++) {
        REQUIRE(acquire_context(host.bridge, i % 2 ? "named" : NULL, &context) == 0);
        put_self(context);
        REQUIRE(host_submit(&host, &request, 1) == 1);
        EXPECT_EQ(host_status(&host), SIDING_OK);
        host_release(&host, context, 2);
    }
    EXPECT_EQ(stats_now().threads, threads);
    EXPECT(stats_now().memory_bytes - memory < 262144);
    host_close(&host);
}

/* ---- exhaustion ------------------------------------------------------------------------------ */

#define LEASES_MAX 8

TEST("P3: the lease beyond the maximum fails, and the pool is whole afterwards") {
    uint64_t contexts[LEASES_MAX];
    uint64_t beyond = 7;
    REQUIRE(wait_until(pool_rests, NULL));
    REQUIRE(stats_now().threads <= LEASES_MAX && configure_pool(LEASES_MAX, 20));
    REQUIRE(host_open(&host, LEASES_MAX));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < LEASES_MAX; i++) {
            REQUIRE(acquire_context(host.bridge, NULL, &contexts[i]) == SIDING_OK);
        }
        EXPECT_EQ(acquire_context(host.bridge, NULL, &beyond), SIDING_EEXHAUSTED);
        EXPECT_EQ(beyond, 7);
        for (uint32_t i = 0; i < LEASES_MAX; i++) {
            host_release(&host, contexts[i], i);
        }
    }
    EXPECT_EQ(stats_now().threads, LEASES_MAX);
    EXPECT_EQ(stats_now().slots_active, 0);
    host_close(&host);
}

TEST("calls without context still run when every thread is leased") {
    uint64_t contexts[LEASES_MAX];
    REQUIRE(wait_until(pool_rests, NULL));
    REQUIRE(configure_pool(LEASES_MAX, 20) && host_open(&host, 64));
    for (int i = 0; i < LEASES_MAX; i++) {
        REQUIRE(acquire_context(host.bridge, NULL, &contexts[i]) == SIDING_OK);
    }
    for (int round = 0; round < 100; round++) {
        uint64_t thread = thread_of(0);
        EXPECT(thread != 0 && thread != siding_thread_self());
    }
    for (int i = 0; i < LEASES_MAX; i++) {
        EXPECT(thread_of(contexts[i]) != 0);
    }
    EXPECT(stats_now().threads > LEASES_MAX && stats_now().threads <= 2 * LEASES_MAX);
    host_close(&host);
}

TEST("the leases of a bridge end with it") {
    uint64_t context = 0;
    REQUIRE(wait_until(pool_rests, NULL));
    REQUIRE(host_open(&host, 4));
    for (int i = 0; i < LEASES_MAX; i++) {
        REQUIRE(acquire_context(host.bridge, "left", &context) == SIDING_OK);
    }
    EXPECT_EQ(stats_now().slots_active, LEASES_MAX);
    host_close(&host);
    EXPECT_EQ(stats_now().slots_active, 0);
    EXPECT(wait_until(pool_rests, NULL));
}

/* ---- several hosts --------------------------------------------------------------------------- */

#define CLAIMERS 8
#define CLAIMS ROUNDS(800u)

/* The number that a context's own calls leave with its thread. */
static _Thread_local uint64_t thread_mark;

static uint64_t mark(uint64_t value) {
    uint64_t before = thread_mark;
    thread_mark = value;
    return before;
}

/* Marks the thread twice: nobody else's mark may come between. */
static bool owns_thread(struct host *mine, union request *marking, uint64_t context,
                        uint64_t number) {
    for (uint32_t token = 0; token < 2; token++) {
        request_start(marking, SIGNATURE(U64, U64), FUNCTION(mark));
        request_put(marking, number);
        marking->call.context = context;
        if (host_submit(mine, marking, token) != 1) {
            return false;
        }
    }
    const struct siding_event *first = host_next(mine);
    const struct siding_event *second = first == NULL ? NULL : host_next(mine);
    return second != NULL && second->token == 1 && event_payload(second)[0] == number;
}

static void *claim(void *argument) {
    struct host *mine = malloc(sizeof *mine);
    union request *marking = malloc(sizeof *marking);
    uint64_t number = *(uint64_t *)argument;
    uint32_t claims = 0;
    EXPECT(host_open(mine, 4));
    while (claims < CLAIMS) {
        uint64_t context = 0;
        int32_t status = acquire_context(mine->bridge, NULL, &context);
        if (status == SIDING_EEXHAUSTED) {
            siding_thread_pause();
            continue;
        }
        EXPECT_EQ(status, SIDING_OK);
        EXPECT(owns_thread(mine, marking, context, number));
        host_release(mine, context, 2);
        claims++;
    }
    host_close(mine);
    free(marking);
    free(mine);
    return NULL;
}

TEST("P12: 8 hosts that claim from one small pool: every slot has one owner at a time") {
    pthread_t threads[CLAIMERS];
    uint64_t numbers[CLAIMERS];
    REQUIRE(configure_pool(3, 20)); /* leases at once */
    for (int i = 0; i < CLAIMERS; i++) {
        numbers[i] = 1 + (uint64_t)i;
        REQUIRE(pthread_create(&threads[i], NULL, claim, &numbers[i]) == 0);
    }
    for (int i = 0; i < CLAIMERS; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT(wait_until(pool_rests, NULL));
    EXPECT(stats_now().threads <= 2 * LEASES_MAX);
}

/*
 * nest_test.c - calls that a context's thread serves while it waits inside a call.
 */
#include "../../lib/core/bridge.h"
#include "../../lib/core/nest.h"
#include "fixture.h"

#define LEVELS 10u

static struct host host; /* each test opens and closes it */
static union request request;

struct waiting {
    _Atomic(uint64_t) nest; /* handle; 0: not open yet */
    uint64_t thread;
};

/* As a callback does that waits for its answer. */
static uint64_t wait_inside(struct waiting *waiting, struct bridge *bridge) {
    struct nest *nest = nest_open(bridge);
    if (!harness_expect(nest != NULL, __FILE__, __LINE__, "a nest opens")) {
        return 0;
    }
    waiting->thread = siding_thread_self();
    atomic_store(&waiting->nest, nest->handle);
    nest_serve(nest);
    return siding_thread_self();
}

static bool is_waiting(void *waiting) {
    return atomic_load(&((struct waiting *)waiting)->nest) != 0;
}

static void put_waiting(struct waiting *waiting, uint64_t context) {
    struct bridge *bridge = NULL;
    EXPECT_EQ(bridge_find(host.bridge, &bridge), SIDING_OK);
    request_start(&request, SIGNATURE(U64, PTR, PTR), FUNCTION(wait_inside));
    request_put(&request, ADDRESS(waiting));
    request_put(&request, ADDRESS(bridge));
    request.call.context = context;
}

static void put_self(uint64_t context) {
    request_start(&request, SIGNATURE(U64), FUNCTION(siding_thread_self));
    request.call.context = context;
}

TEST("P11: calls in nests ten levels deep run on the thread that waits, and all end") {
    static struct waiting levels[LEVELS];
    uint64_t context = 0;
    REQUIRE(host_open(&host, LEVELS + 2));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    for (uint32_t level = 0; level < LEVELS; level++) {
        put_waiting(&levels[level], level == 0 ? context : atomic_load(&levels[level - 1].nest));
        REQUIRE(host_submit(&host, &request, level) == 1);
        REQUIRE(wait_until(is_waiting, &levels[level]));
        EXPECT(levels[level].thread == levels[0].thread);
    }
    put_self(atomic_load(&levels[LEVELS - 1].nest));
    REQUIRE(host_submit(&host, &request, LEVELS) == 1);
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL && event->token == LEVELS && event->status == SIDING_OK);
    EXPECT(event_payload(event)[0] == levels[0].thread);
    for (uint32_t level = LEVELS; level-- > 0;) {
        EXPECT_EQ(nest_finish(atomic_load(&levels[level].nest)), SIDING_OK);
        event = host_next(&host);
        REQUIRE(event != NULL && event->token == level && event->status == SIDING_OK);
        EXPECT_EQ(nest_finish(atomic_load(&levels[level].nest)), SIDING_ESTALE);
    }
    host_release(&host, context, 0);
    host_close(&host);
}

TEST("P11: calls for the context itself wait until the nest is finished") {
    static struct waiting waiting;
    uint64_t context = 0;
    REQUIRE(host_open(&host, 4));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    put_waiting(&waiting, context);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    REQUIRE(wait_until(is_waiting, &waiting));
    put_self(context);
    REQUIRE(host_submit(&host, &request, 1) == 1);
    put_self(atomic_load(&waiting.nest));
    REQUIRE(host_submit(&host, &request, 2) == 1);
    const uint32_t order[] = {2, 0, 1};
    for (int i = 0; i < 3; i++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        EXPECT_EQ(event->token, order[i]);
        EXPECT_EQ(event->status, SIDING_OK);
        if (i == 0) {
            EXPECT_EQ(nest_finish(atomic_load(&waiting.nest)), SIDING_OK);
        }
    }
    host_release(&host, context, 0);
    host_close(&host);
}

TEST("P6: a release finishes the nests of its context, and calls for them are refused") {
    static struct waiting waiting;
    uint64_t context = 0;
    REQUIRE(host_open(&host, 4));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    put_waiting(&waiting, context);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    REQUIRE(wait_until(is_waiting, &waiting));
    uint64_t nest = atomic_load(&waiting.nest);
    EXPECT_EQ(begin_release(&host, context, 1), 1);
    EXPECT_EQ(host_discard(&host, 2), 2);
    put_self(nest);
    REQUIRE(host_submit(&host, &request, 2) == 1);
    EXPECT_EQ(host_status(&host), SIDING_ESTALE);
    host_close(&host);
}

TEST("a nest is refused to other bridges") {
    static struct host other;
    static struct waiting waiting;
    uint64_t context = 0;
    REQUIRE(host_open(&host, 4) && host_open(&other, 4));
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    put_waiting(&waiting, context);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    REQUIRE(wait_until(is_waiting, &waiting));
    put_self(atomic_load(&waiting.nest));
    REQUIRE(host_submit(&other, &request, 0) == 1);
    EXPECT_EQ(host_status(&other), SIDING_ESTALE);
    EXPECT_EQ(nest_finish(atomic_load(&waiting.nest)), SIDING_OK);
    EXPECT_EQ(host_status(&host), SIDING_OK);
    host_close(&other);
    host_close(&host);
}

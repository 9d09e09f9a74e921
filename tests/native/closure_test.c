/*
 * closure_test.c - function pointers that are closed, forgotten and made anew while C calls them:
 * what they give, what they keep, and what a forked child gets.
 */
#include "closure_fixture.h"
#include "fixture/fork.h"

#define CALLERS 4u

static struct host host; /* each test opens and closes it */
static union request request;

static uint64_t add(uint64_t own, uint64_t given) {
    return own + given;
}

/* A pointer that gives `own` more than it is given. */
static struct made make_adder(uint64_t own) {
    request_start(&request, SIGNATURE(U64, U64, U64), FUNCTION(add));
    request_put(&request, own);
    request_put(&request, 0);
    return point_to(&host, bind_holes(&host, &request, PAIRS(1, 0)), SIGNATURE(U64, U64));
}

static uint64_t call_adder(uint64_t pointer, uint64_t given) {
    return ((uint64_t (*)(uint64_t))(uintptr_t)pointer)(given);
}

/* ---- E6: the storm --------------------------------------------------------------------------- */

#define CALLS ROUNDS(1000000u)
#define OFFERS 16u         /* pointers that the callers choose from */
#define OFFERED_MAX 20000u /* their tombstones stay */

/* A pointer that callers may have: once open, closed at any time, never forgotten. */
struct offer {
    struct made made;
    uint64_t own;
};

struct storm {
    _Atomic(const struct offer *) offers[OFFERS]; /* atomic: C passes a pointer on as it likes */
    atomic_uint calls;                            /* begun */
    atomic_uint closed;                           /* that gave the closed value */
    atomic_uint running;                          /* callers */
    uint32_t offered;                             /* owner: the test's thread */
    struct offer all[OFFERED_MAX];
};

static void *call_in_storm(void *argument) {
    struct storm *storm = argument;
    uint64_t chance = siding_thread_self();
    while (atomic_fetch_add(&storm->calls, 1) < CALLS) {
        const struct offer *offer = atomic_load(&storm->offers[random_below(&chance, OFFERS)]);
        uint64_t given = random_next(&chance) >> 8;
        uint64_t result = call_adder(offer->made.pointer, given);
        if (result == 0) {
            atomic_fetch_add(&storm->closed, 1);
        } else if (result != offer->own + given) {
            EXPECT_EQ(result, offer->own + given);
        }
    }
    atomic_fetch_sub(&storm->running, 1);
    return NULL;
}

static void offer_at(struct storm *storm, uint32_t at) {
    struct offer *offer = &storm->all[storm->offered++];
    offer->own = UINT64_C(1) << 60 | (uint64_t)storm->offered << 32;
    offer->made = make_adder(offer->own);
    atomic_store(&storm->offers[at], offer);
}

/* Closes one that is called, sometimes before there is another in its place; makes and forgets one
   that nobody else has. */
static void churn(struct storm *storm, uint64_t *chance) {
    uint32_t at = random_below(chance, OFFERS);
    if (storm->offered < OFFERED_MAX) {
        uint64_t closure = atomic_load(&storm->offers[at])->made.closure;
        EXPECT_EQ(siding_closure_close(host.bridge, closure), SIDING_OK);
        spin_for(random_below(chance, 20000));
        offer_at(storm, at);
    }
    struct made passing = make_adder(at);
    EXPECT_EQ(call_adder(passing.pointer, 5), at + 5u);
    EXPECT_EQ(siding_closure_forget(host.bridge, passing.closure), SIDING_OK);
}

TEST("E6: closed at any time, a pointer gives its own result or the closed value") {
    static struct storm storm;
    pthread_t threads[CALLERS];
    uint64_t chance = print_seed();
    uint32_t before = stats_now().closures;
    REQUIRE(host_open(&host, 8));
    for (uint32_t at = 0; at < OFFERS; at++) {
        offer_at(&storm, at);
    }
    atomic_store(&storm.running, CALLERS);
    for (uint32_t i = 0; i < CALLERS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, call_in_storm, &storm) == 0);
    }
    while (atomic_load(&storm.running) > 0) {
        churn(&storm, &chance);
    }
    for (uint32_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("closed: %u of %u calls; %u pointers\n", atomic_load(&storm.closed), CALLS,
           storm.offered);
    EXPECT_EQ(stats_now().closures, before + storm.offered - OFFERS);
    host_close(&host);
    EXPECT_EQ(stats_now().closures, before + storm.offered); /* for ever */
    for (uint32_t i = 0; i < storm.offered; i++) {
        EXPECT_EQ(call_adder(storm.all[i].made.pointer, 5), 0);
    }
}

/* ---- E6: forgetting -------------------------------------------------------------------------- */

TEST("E6: an address serves again when it is forgotten, and not before") {
    REQUIRE(host_open(&host, 8));
    struct made closed = make_adder(1);
    struct made forgotten = make_adder(2);
    bool is_static = stats_now().trampolines == SIDING_TRAMPOLINES_STATIC;
    printf("trampolines: %s\n", is_static ? "static" : "dynamic"); /* as libffi was built */
    EXPECT_EQ(siding_closure_close(host.bridge, closed.closure), SIDING_OK);
    EXPECT_EQ(siding_closure_close(host.bridge, closed.closure), SIDING_OK); /* it is closed */
    EXPECT_EQ(siding_closure_forget(host.bridge, forgotten.closure), SIDING_OK);
    EXPECT_EQ(siding_closure_forget(host.bridge, forgotten.closure), SIDING_ESTALE);
    EXPECT_EQ(siding_closure_close(host.bridge, forgotten.closure), SIDING_ESTALE);
    struct made next = make_adder(3);
    EXPECT(next.pointer == forgotten.pointer && next.closure != forgotten.closure);
    EXPECT_EQ(call_adder(next.pointer, 1), 4);
    EXPECT_EQ(call_adder(closed.pointer, 1), 0);
    EXPECT_EQ(siding_closure_forget(host.bridge, closed.closure), SIDING_OK);
    EXPECT(make_adder(4).pointer == closed.pointer);
    host_close(&host);
}

/* Forgets the pointer that it is called by. */
static uint64_t forget_self(uint64_t made_address, uint64_t given) {
    const struct made *made = (const struct made *)(uintptr_t)made_address;
    EXPECT_EQ(siding_closure_forget(host.bridge, made->closure), SIDING_OK);
    EXPECT(make_adder(1).pointer != made->pointer); /* somebody is still inside */
    return given;
}

TEST("E6: a pointer may be forgotten inside its own call, which gives its result") {
    struct made made;
    REQUIRE(host_open(&host, 8));
    request_start(&request, SIGNATURE(U64, U64, U64), FUNCTION(forget_self));
    request_put(&request, ADDRESS(&made));
    request_put(&request, 0);
    made = point_to(&host, bind_holes(&host, &request, PAIRS(1, 0)), SIGNATURE(U64, U64));
    EXPECT_EQ(call_adder(made.pointer, 42), 42);
    EXPECT_EQ(call_adder(made.pointer, 42), 0);
    EXPECT(make_adder(1).pointer == made.pointer);
    host_close(&host);
}

TEST("E6: handles that are none, or another bridge's, close and forget nothing") {
    static struct host other;
    REQUIRE(host_open(&host, 8) && host_open(&other, 8));
    struct made made = make_adder(1);
    const uint64_t bad[] = {0,           made.closure + 1, made.closure + (1u << 20),
                            host.bridge, made.pointer,     UINT64_MAX};
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT_EQ(siding_closure_close(host.bridge, bad[i]), SIDING_ESTALE);
        EXPECT_EQ(siding_closure_forget(host.bridge, bad[i]), SIDING_ESTALE);
    }
    EXPECT_EQ(siding_closure_close(other.bridge, made.closure), SIDING_ESTALE);
    EXPECT_EQ(siding_closure_forget(other.bridge, made.closure), SIDING_ESTALE);
    EXPECT_EQ(call_adder(made.pointer, 1), 2);
    host_close(&other);
    host_close(&host);
}

TEST("E6: so many pointers may be open or closed, and a bridge that ends makes room again") {
    struct made made = {0, 0};
    REQUIRE(host_open(&host, 8));
    request_start(&request, SIGNATURE(U64, U64, U64), FUNCTION(add));
    request_put(&request, 0);
    request_put(&request, 0);
    uint64_t bound = bind_holes(&host, &request, PAIRS(1, 0));
    uint32_t outer = SIGNATURE(U64, U64);
    uint32_t count = 0;
    int32_t status = SIDING_OK;
    while (status == SIDING_OK && count <= 65536) {
        status = siding_bound_pointer(host.bridge, bound, outer, &made.closure, &made.pointer);
        count += status == SIDING_OK;
    }
    EXPECT_EQ(status, SIDING_ELIMIT);
    EXPECT_EQ(siding_closure_forget(host.bridge, made.closure), SIDING_OK);
    (void)make_adder(3);
    host_close(&host);
    REQUIRE(host_open(&host, 8));
    EXPECT_EQ(call_adder(make_adder(3).pointer, 4), 7);
    host_close(&host);
}

/* ---- E13 ------------------------------------------------------------------------------------- */

static bool adder_is_closed(const void *made) {
    return call_adder(((const struct made *)made)->pointer, 1) == 0;
}

TEST("E13: in a forked child every pointer gives the closed value; the parent's stay as they are") {
    SKIP_WITHOUT_FORK();
    REQUIRE(host_open(&host, 8));
    struct made made = make_adder(1000);
    EXPECT_EQ(call_adder(made.pointer, 1), 1001);
    EXPECT(child_finds(adder_is_closed, &made));
    EXPECT_EQ(call_adder(made.pointer, 2), 1002);
    host_close(&host);
}

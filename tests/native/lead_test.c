/*
 * lead_test.c - the lead of the poller's rounds: when its thread has it back.
 */
#include "../../lib/core/lead.h"
#include "fixture.h"

#define LONG_NS UINT64_C(3600000000000) /* nobody waits so long */

static atomic_bool is_back; /* atomic: the thread stores, the test looks */
static pthread_t thread;

/* Stands for the poller's: it steps aside once. */
static void *step_aside(void *argument) {
    (void)argument;
    lead_pass(siding_clock_ns() + LONG_NS);
    atomic_store(&is_back, true);
    return NULL;
}

static bool thread_is_back(void *unused) {
    (void)unused;
    return atomic_load(&is_back);
}

static bool takes_lead(void *unused) {
    (void)unused;
    return lead_take();
}

/* The caller leads, and the thread has stepped aside for long. */
static bool begin(void) {
    static bool is_ready;
    is_ready = is_ready || lead_init();
    atomic_store(&is_back, false);
    return is_ready && lead_wish() && pthread_create(&thread, NULL, step_aside, NULL) == 0 &&
           wait_until(takes_lead, NULL);
}

static void expect_back(void) {
    EXPECT(wait_until(thread_is_back, NULL));
    pthread_join(thread, NULL);
}

TEST("the thread has the lead back when it is given back for no time") {
    REQUIRE(begin());
    lead_give(0);
    expect_back();
}

TEST("the thread has the lead back in time where it is lent for less than before") {
    REQUIRE(begin());
    lead_give(siding_clock_ns() + LONG_NS);
    REQUIRE(lead_take());
    lead_give(siding_clock_ns() + NS_PER_MS);
    expect_back();
}

TEST("the thread has the lead back where it is needed while the lead is lent") {
    REQUIRE(begin());
    lead_give(siding_clock_ns() + LONG_NS);
    lead_recall(siding_clock_ns() + 2 * LONG_NS); /* after the loan */
    REQUIRE(lead_take());
    lead_give(siding_clock_ns() + LONG_NS);
    lead_recall(siding_clock_ns());
    expect_back();
}

TEST("the thread has the lead back where it was needed while a host led") {
    REQUIRE(begin());
    lead_recall(0);
    lead_give(siding_clock_ns() + LONG_NS);
    expect_back();
}

TEST("a host that takes the lead does what the thread was needed for") {
    REQUIRE(begin());
    lead_give(siding_clock_ns() + LONG_NS);
    for (uint32_t i = 0; i < ROUNDS(1000u); i++) {
        lead_recall(0);
        if (!lead_take()) {
            break; /* the thread was first */
        }
        lead_give(siding_clock_ns() + LONG_NS);
    }
    lead_recall(0);
    expect_back();
}

/*
 * poller_test.c - the contract of poller.h, clause by clause, on whatever system this is built for.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "../../lib/platform/poller.h"
#include "fixture/waitable.h"
#include "platform_fixture.h"

#define NS_PER_MS 1000000u
#define LIMIT_MS 10000u /* of what is to be told */
#define ROUNDS 200u
#define MANY 10u
#define DATA 7u
#define MARK 99u /* data of what is told last */

/* As many as it may take for its own ends. */
#define IDLE_WAKES_MAX 3u

static struct siding_poller poller; /* opened by the first test; there is no closing it */

/* The poller, and something to wait for. */
static bool begin(struct waitable *out_waitable) {
    static bool is_open;
    is_open = is_open || siding_poller_open(&poller) == 0;
    return is_open && waitable_open(out_waitable);
}

/* @return 0 or errno */
static int32_t add(const struct waitable *waitable, uint64_t data, int *out_descriptor) {
    int32_t error = siding_poller_adopt(waitable->object, SIDING_READY_READ, out_descriptor);
    if (error != 0) {
        return error;
    }
    error = siding_poller_add(&poller, *out_descriptor, SIDING_READY_READ, data);
    if (error != 0) {
        siding_poller_disown(*out_descriptor);
    }
    return error;
}

/* Registered, and waited for. */
static int watch(const struct waitable *waitable, uint64_t data) {
    int descriptor = -1;
    EXPECT_EQ(add(waitable, data, &descriptor), 0);
    siding_poller_await(&poller, descriptor);
    return descriptor;
}

/* Of objects that a wait takes nothing from, it is complete at once. */
static void drop(int descriptor) {
    EXPECT(siding_poller_remove(&poller, descriptor, false));
}

static void end(struct waitable *waitable, int descriptor) {
    drop(descriptor);
    waitable_close(waitable);
}

/* @return how many were told within the limit */
static uint32_t wait_for_some(struct siding_ready *out_ready, uint32_t capacity) {
    uint64_t end_ns = siding_clock_after((uint64_t)LIMIT_MS * harness_slowness() * NS_PER_MS);
    uint32_t count = 0;
    siding_poller_arm(&poller, end_ns);
    while (count == 0 && siding_clock_ns() < end_ns) {
        count = siding_poller_wait(&poller, out_ready, capacity, true);
    }
    siding_poller_arm(&poller, UINT64_MAX);
    return count;
}

/* What is told next is of this data, and readable. */
static bool is_next(uint64_t data) {
    struct siding_ready ready = {0};
    return wait_for_some(&ready, 1) == 1 && ready.data == data &&
           (ready.conditions & SIDING_READY_READ) != 0;
}

/* Nothing is told but what was set behind all else. */
static void expect_none(void) {
    struct waitable mark;
    REQUIRE(begin(&mark));
    int descriptor = watch(&mark, MARK);
    waitable_set(&mark);
    EXPECT(is_next(MARK));
    end(&mark, descriptor);
}

/* Takes the kicks that there are. */
static void discard_kicks(void) {
    struct siding_ready none;
    EXPECT_EQ(siding_poller_wait(&poller, &none, 1, false), 0);
}

/* ---- registration ---------------------------------------------------------------------------- */

TEST("what is registered is told with its data when it is ready, and not before") {
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    int descriptor = watch(&waitable, DATA);
    expect_none();
    waitable_set(&waitable);
    EXPECT(is_next(DATA));
    end(&waitable, descriptor);
}

TEST("what is ready when it is registered is told at once") {
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    waitable_set(&waitable);
    int descriptor = watch(&waitable, DATA);
    EXPECT(is_next(DATA));
    end(&waitable, descriptor);
}

TEST("what was told is told again when it becomes ready again, and is waited for") {
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    int descriptor = watch(&waitable, DATA);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        waitable_set(&waitable);
        EXPECT(is_next(DATA));
        waitable_clear(&waitable);
        siding_poller_await(&poller, descriptor);
    }
    expect_none();
    end(&waitable, descriptor);
}

TEST("what was changed is told with its new data") {
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    int descriptor = watch(&waitable, DATA);
    EXPECT_EQ(siding_poller_change(&poller, descriptor, SIDING_READY_READ, DATA + 1), 0);
    waitable_set(&waitable);
    EXPECT(is_next(DATA + 1));
    end(&waitable, descriptor);
}

TEST("what is registered twice is refused, or waited for twice") {
    struct waitable waitable;
    int second = -1;
    REQUIRE(begin(&waitable));
    int first = watch(&waitable, DATA);
    int32_t error = add(&waitable, DATA, &second);
    EXPECT_EQ(error, SIDING_POLLER_TELLS_CHANGES ? EEXIST : 0);
    waitable_set(&waitable);
    EXPECT(is_next(DATA));
    if (error == 0) {
        siding_poller_await(&poller, second);
        EXPECT(is_next(DATA));
        drop(second);
    }
    end(&waitable, first);
}

TEST("what is closed is refused, and nothing of it is left") {
    struct waitable waitable;
    int descriptor = -1;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        REQUIRE(begin(&waitable));
        waitable_close(&waitable);
        EXPECT_EQ(add(&waitable, DATA, &descriptor), EBADF);
        REQUIRE(begin(&waitable)); /* under the number, as a rule */
        descriptor = watch(&waitable, DATA + 1);
        waitable_set(&waitable);
        EXPECT(is_next(DATA + 1));
        end(&waitable, descriptor);
    }
}

/* ---- removal --------------------------------------------------------------------------------- */

TEST("what was removed is not told, though it is ready before or after") {
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        int descriptor = watch(&waitable, DATA);
        if (round % 2 == 0) {
            waitable_set(&waitable);
        }
        drop(descriptor);
        waitable_set(&waitable);
        expect_none();
        waitable_clear(&waitable);
    }
    waitable_close(&waitable);
}

TEST("what is closed before it is removed is not told under a number that is used again") {
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct waitable waitable;
        REQUIRE(begin(&waitable));
        int descriptor = watch(&waitable, DATA);
        waitable_set(&waitable);
        waitable_close(&waitable);
        drop(descriptor);
        REQUIRE(begin(&waitable));
        descriptor = watch(&waitable, DATA + 1);
        expect_none();
        waitable_set(&waitable);
        EXPECT(is_next(DATA + 1));
        end(&waitable, descriptor);
    }
}

/* ---- waiting --------------------------------------------------------------------------------- */

TEST("no more is told than there is room for, and each once") {
    struct waitable waitables[MANY];
    int descriptors[MANY];
    uint32_t told[MANY] = {0};
    for (uint32_t i = 0; i < MANY; i++) {
        REQUIRE(begin(&waitables[i]));
        descriptors[i] = watch(&waitables[i], i);
        waitable_set(&waitables[i]);
    }
    for (uint32_t left = MANY; left > 0;) {
        struct siding_ready ready[3];
        uint32_t count = wait_for_some(ready, 3);
        REQUIRE(count > 0 && count <= 3 && count <= left);
        for (uint32_t i = 0; i < count; i++) {
            told[ready[i].data]++;
        }
        left -= count;
    }
    expect_none();
    for (uint32_t i = 0; i < MANY; i++) {
        EXPECT_EQ(told[i], 1);
        end(&waitables[i], descriptors[i]);
    }
}

static void kick_it(void *argument) {
    (void)argument;
    siding_poller_kick(&poller);
}

TEST("a kick ends a wait, or the next one") {
    struct siding_ready none;
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    siding_poller_kick(&poller);
    EXPECT_EQ(siding_poller_wait(&poller, &none, 1, true), 0);
    REQUIRE(start_thread("kicker", kick_it, NULL) == 0);
    EXPECT_EQ(siding_poller_wait(&poller, &none, 1, true), 0);
    waitable_close(&waitable);
}

/* @return how many waits end before that time */
static uint32_t wakes_until(uint64_t at_ns) {
    struct siding_ready none;
    uint32_t wakes = 0;
    siding_poller_arm(&poller, at_ns);
    while (siding_clock_ns() < at_ns) {
        EXPECT_EQ(siding_poller_wait(&poller, &none, 1, true), 0);
        wakes += siding_clock_ns() < at_ns;
    }
    siding_poller_arm(&poller, UINT64_MAX);
    return wakes;
}

TEST("many kicks end one wait") {
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    for (uint32_t i = 0; i < ROUNDS; i++) {
        siding_poller_kick(&poller);
    }
    EXPECT(wakes_until(siding_clock_after(20 * NS_PER_MS)) <= IDLE_WAKES_MAX);
    waitable_close(&waitable);
}

TEST("a kick leaves the errors of its thread alone") {
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    siding_error_clear(SIDING_ERROR_C);
    uint64_t before = siding_errors_save();
    siding_poller_kick(&poller);
    EXPECT(siding_errors_save() == before);
    discard_kicks();
    waitable_close(&waitable);
}

/* ---- the time -------------------------------------------------------------------------------- */

/* Arming may kick. */
static void arm(uint64_t at_ns) {
    siding_poller_arm(&poller, at_ns);
    discard_kicks();
}

TEST("a time ends a wait, and never early") {
    static const uint64_t afters_ns[] = {1, 1000, 50000, NS_PER_MS, 3 * NS_PER_MS + 1};
    struct siding_ready none;
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    for (uint32_t round = 0; round < 60; round++) {
        uint64_t at_ns = siding_clock_after(afters_ns[round % 5]);
        arm(at_ns);
        if (siding_clock_ns() < at_ns) { /* else it may have ended the look */
            EXPECT_EQ(siding_poller_wait(&poller, &none, 1, true), 0);
            EXPECT(siding_clock_ns() >= at_ns);
        }
    }
    siding_poller_arm(&poller, 1);
    EXPECT_EQ(siding_poller_wait(&poller, &none, 1, true), 0);
    siding_poller_arm(&poller, UINT64_MAX);
    waitable_close(&waitable);
}

TEST("a time replaces the last one, sooner or later") {
    struct siding_ready none;
    struct waitable waitable;
    REQUIRE(begin(&waitable));
    uint64_t soon_ns = siding_clock_after(5 * NS_PER_MS);
    uint64_t late_ns = siding_clock_after(40 * NS_PER_MS);
    arm(soon_ns);
    arm(late_ns);
    EXPECT_EQ(siding_poller_wait(&poller, &none, 1, true), 0);
    EXPECT(siding_clock_ns() >= late_ns);
    arm(siding_clock_after((uint64_t)LIMIT_MS * harness_slowness() * NS_PER_MS));
    uint64_t start_ns = siding_clock_ns();
    arm(siding_clock_after(5 * NS_PER_MS));
    EXPECT_EQ(siding_poller_wait(&poller, &none, 1, true), 0);
    EXPECT(siding_clock_ns() - start_ns < (uint64_t)LIMIT_MS * NS_PER_MS);
    siding_poller_arm(&poller, UINT64_MAX);
    waitable_close(&waitable);
}

/* ---- looking --------------------------------------------------------------------------------- */

TEST("a look says what holds now, and of what is closed that it is gone") {
    struct waitable waitable;
    int descriptor = -1;
    REQUIRE(begin(&waitable));
    REQUIRE(add(&waitable, DATA, &descriptor) == 0);
    EXPECT_EQ(siding_poller_look(descriptor, SIDING_READY_READ), 0);
    waitable_set(&waitable);
    EXPECT_EQ(siding_poller_look(descriptor, SIDING_READY_READ), SIDING_READY_READ);
    EXPECT_EQ(siding_poller_look(descriptor, SIDING_READY_READ), SIDING_READY_READ);
    waitable_clear(&waitable);
    EXPECT_EQ(siding_poller_look(descriptor, SIDING_READY_READ), 0);
    end(&waitable, descriptor);
    EXPECT_EQ(siding_poller_look(descriptor, 0), SIDING_POLLER_GONE);
}

/*
 * trace_test.c - the times of calls, noted while somebody wants to know.
 */
#include "context_fixture.h"

static struct host host; /* each test opens and closes it */

static uint64_t linger(uint64_t ns) {
    spin_for(ns);
    return 0;
}

static int32_t read_trace(uint32_t first, struct siding_trace_entry *out_entries, uint32_t capacity,
                          uint64_t *out_dropped) {
    *out_dropped = UINT64_MAX;
    return siding_trace_read(first, out_entries, capacity, out_dropped);
}

TEST("a trace has each call once, with its times, function, context, thread and token") {
    struct siding_trace_entry entries[16];
    uint64_t dropped = 0;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 1000, 0));
    REQUIRE(submit_one(&host, FUNCTION(linger), 0, context, 9));
    expect_news(&host, 9, SIDING_OK); /* before: not noted */
    EXPECT_EQ(siding_trace_start(10), SIDING_OK);
    uint64_t begun_ns = siding_clock_ns();
    for (uint32_t token = 0; token < 12; token++) {
        REQUIRE(submit_one(&host, FUNCTION(linger), 2000, token < 5 ? context : 0, token));
        expect_news(&host, token, SIDING_OK);
    }
    EXPECT_EQ(siding_trace_start(0), SIDING_OK);
    REQUIRE(submit_one(&host, FUNCTION(linger), 0, context, 9));
    expect_news(&host, 9, SIDING_OK); /* after: not noted */
    EXPECT_EQ(read_trace(0, entries, 16, &dropped), 10);
    EXPECT_EQ(dropped, 2);
    uint64_t ended_ns = begun_ns;
    for (uint32_t i = 0; i < 10; i++) {
        EXPECT(entries[i].started_ns >= ended_ns && entries[i].ended_ns <= siding_clock_ns());
        EXPECT(entries[i].ended_ns - entries[i].started_ns >= 2000);
        EXPECT(entries[i].function == FUNCTION(linger));
        EXPECT_EQ(entries[i].token, i);
        EXPECT(entries[i].context == (i < 5 ? context : 0));
        EXPECT(i == 0 || i >= 5 || entries[i].thread == entries[0].thread);
        ended_ns = entries[i].ended_ns;
    }
    EXPECT_EQ(read_trace(8, entries, 16, &dropped), 2);
    EXPECT_EQ(entries[0].token, 8);
    EXPECT_EQ(read_trace(10, entries, 16, &dropped), 0);
    EXPECT_EQ(read_trace(UINT32_MAX, entries, 16, &dropped), 0);
    EXPECT_EQ(read_trace(0, NULL, 0, &dropped), 0);
    EXPECT_EQ(dropped, 2);
    host_close(&host);
}

TEST("starting a trace again drops what was noted; wrong sizes are refused") {
    struct siding_trace_entry entries[4];
    uint64_t dropped = 0;
    EXPECT_EQ(siding_trace_start(1), SIDING_OK);
    EXPECT_EQ(siding_trace_start(16777217), SIDING_EINVALID);
    EXPECT_EQ(siding_trace_start(UINT32_MAX), SIDING_EINVALID);
    EXPECT_EQ(read_trace(0, entries, 4, &dropped), 0);
    EXPECT_EQ(dropped, 0);
    EXPECT_EQ(siding_trace_read(0, entries, 4, NULL), SIDING_EINVALID);
    EXPECT_EQ(siding_trace_read(0, NULL, 4, &dropped), SIDING_EINVALID);
    EXPECT_EQ(siding_trace_start(0), SIDING_OK);
}

static atomic_bool is_over; /* atomic: the readers look at it */

static void *read_always(void *unused) {
    struct siding_trace_entry entries[64];
    uint64_t dropped = 0;
    while (!atomic_load(&is_over)) {
        int32_t count = siding_trace_read(0, entries, 64, &dropped);
        for (int32_t i = 1; i < count; i++) {
            EXPECT(entries[i].started_ns <= entries[i].ended_ns);
        }
    }
    return unused;
}

TEST("a trace is started, read and stopped by any thread while calls end on several") {
    pthread_t reader;
    REQUIRE(limit_pool(4) && host_open(&host, 256));
    REQUIRE(pthread_create(&reader, NULL, read_always, NULL) == 0);
    for (uint32_t round = 0; round < ROUNDS(200u); round++) {
        EXPECT_EQ(siding_trace_start(round % 3 == 0 ? 0 : 1 + round % 64), SIDING_OK);
        for (uint32_t token = 0; token < 256; token++) {
            REQUIRE(submit_one(&host, FUNCTION(linger), 100, 0, token));
        }
        REQUIRE(host_discard(&host, 256) == 256);
    }
    atomic_store(&is_over, true);
    pthread_join(reader, NULL);
    EXPECT_EQ(siding_trace_start(0), SIDING_OK);
    host_close(&host);
}

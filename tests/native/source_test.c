/*
 * source_test.c - sources in general: credit, ends, what is refused, want of memory and
 * descriptors, the end of a bridge, forks.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "source_fixture.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u

/* ---- S17 ------------------------------------------------------------------------------------- */

/* First: there is no poller yet. */
TEST("S17: without descriptors for the poller the caller is told, and later it starts") {
    REQUIRE(host_open(&host, 64));
    struct rlimit before;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    struct siding_source_options options = timer_options(TOKEN, 1, 0, 1);
    int free_one = dup(0);
    close(free_one);
    for (rlim_t more = 0; more < 3; more++) {
        struct rlimit few = {.rlim_cur = (rlim_t)free_one + more, .rlim_max = before.rlim_max};
        int32_t error = 0;
        REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
        EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
        EXPECT_EQ(error, EMFILE);
    }
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    int after = dup(0);
    close(after);
    EXPECT_EQ(after, free_one); /* nothing was left open */
    (void)open_source(&host, &options);
    EXPECT_EQ(next_word(&host, TOKEN), 1);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
}

#define SOURCES_LIMIT 65535u

/* Opens timers that never tick until one is refused. @return its status */
static int32_t fill(uint64_t *sources, uint32_t limit, uint32_t *out_count) {
    int32_t status = SIDING_OK;
    for (*out_count = 0; *out_count < limit; ++*out_count) {
        struct siding_source_options options = timer_options(*out_count, UINT64_MAX, 0, 1);
        int32_t error = 0;
        status = siding_source_open(host.bridge, &options, &sources[*out_count], &error);
        if (status != SIDING_OK) {
            return status;
        }
    }
    return status;
}

static uint64_t filled[SOURCES_LIMIT + 1];

/* @return whether what waited before goes on */
static bool still_ticks(void) {
    struct siding_source_options options = timer_options(SOURCES_LIMIT + 1, 1, 0, 1);
    (void)open_source(&host, &options);
    return next_word(&host, SOURCES_LIMIT + 1) == 1;
}

static void empty(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        EXPECT_EQ(siding_source_close(host.bridge, filled[i]), SIDING_OK);
    }
    EXPECT_EQ(host_discard(&host, count), count);
}

#ifndef FIXTURE_SANITIZED
static rlim_t address_space(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL && fscanf(file, "%lu", &pages) != 1) {
        pages = 0;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

TEST("S17: without memory the caller is told, and everything else goes on") {
    REQUIRE(host_open(&host, SOURCES_LIMIT + 2));
    EXPECT(still_ticks()); /* makes what the bridge itself needs */
    expect_end(&host, SOURCES_LIMIT + 1, SIDING_OK, 0);
    int descriptor = eventfd(0, EFD_NONBLOCK);
    uint64_t source = open_ready(&host, SOURCES_LIMIT, descriptor, SIDING_READY_READ, 1);
    struct rlimit before;
    REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
    struct rlimit tight = {.rlim_cur = address_space(), .rlim_max = before.rlim_max};
    REQUIRE(tight.rlim_cur > 0 && setrlimit(RLIMIT_AS, &tight) == 0);
    uint32_t count = 0;
    int32_t status = fill(filled, SOURCES_LIMIT - 2, &count);
    signal_eventfd(descriptor);
    uint64_t told = next_word(&host, SOURCES_LIMIT);
    REQUIRE(setrlimit(RLIMIT_AS, &before) == 0);
    EXPECT_EQ(status, SIDING_ENOMEM);
    EXPECT_EQ(told, SIDING_READY_READ);
    EXPECT_EQ(stats_now().sources, count + 1);
    EXPECT(still_ticks());
    expect_end(&host, SOURCES_LIMIT + 1, SIDING_OK, 0);
    empty(count);
    close_source(&host, source);
    close(descriptor);
    host_close(&host);
}
#endif

TEST("S17: 65,535 sources at once, and no more") {
    REQUIRE(host_open(&host, SOURCES_LIMIT + 2));
    uint32_t count = 0;
    EXPECT_EQ(fill(filled, SOURCES_LIMIT + 1, &count), SIDING_ELIMIT);
    EXPECT_EQ(count, SOURCES_LIMIT);
    EXPECT_EQ(stats_now().sources, SOURCES_LIMIT);
    EXPECT_EQ(siding_source_close(host.bridge, filled[--count]), SIDING_OK);
    expect_end(&host, count, SIDING_OK, 0);
    EXPECT(still_ticks());
    expect_end(&host, SOURCES_LIMIT + 1, SIDING_OK, 0);
    empty(count);
    EXPECT_EQ(stats_now().sources, 0);
    host_close(&host);
}

/* ---- credit ---------------------------------------------------------------------------------- */

TEST("a readable descriptor is told as often as it is asked for, then it ends") {
    REQUIRE(host_open(&host, 64));
    int descriptor = eventfd(0, EFD_NONBLOCK);
    uint64_t source = open_ready(&host, TOKEN, descriptor, SIDING_READY_READ, 1);
    EXPECT(has_none(&host));
    signal_eventfd(descriptor);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    pull(&host, source, 1);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    reset_eventfd(descriptor);
    pull(&host, source, 1);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT_EQ(siding_source_close(host.bridge, source), SIDING_ESTALE);
    EXPECT_EQ(siding_source_pull(host.bridge, source, 1), SIDING_ESTALE);
    close(descriptor);
    host_close(&host);
}

TEST("what a pull finds at once is there to drain, without a kick") {
    REQUIRE(host_open(&host, 64));
    int descriptor = eventfd(1, EFD_NONBLOCK);
    uint64_t source = open_ready(&host, TOKEN, descriptor, SIDING_READY_READ, 0);
    settle_poller(&host, TOKEN + 1);
    (void)discard_kicks(&host);
    EXPECT_EQ(siding_source_pull(host.bridge, source, 0), SIDING_OK);
    EXPECT_EQ(siding_source_pull(host.bridge, source, 5), 1);
    EXPECT(!is_readable(&host, 0));
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    EXPECT(has_none(&host)); /* a look is told once, however many were asked for */
    struct siding_source_stats stats = {.size_bytes = sizeof stats};
    EXPECT_EQ(siding_source_stats_read(host.bridge, source, &stats), SIDING_OK);
    EXPECT_EQ(stats.events, 1);
    EXPECT_EQ(stats.credit, 0);
    EXPECT_EQ(stats.bytes, 0);
    close(descriptor);
    host_close(&host);
}

#define TOGETHER 150u

TEST("pulls of many sources at once find what a pull of each would") {
    int descriptors[TOGETHER];
    uint64_t sources[TOGETHER + 2];
    REQUIRE(host_open(&host, TOGETHER + 8));
    for (uint32_t i = 0; i < TOGETHER; i++) {
        descriptors[i] = eventfd(i % 3 == 0, EFD_NONBLOCK);
        sources[i] = open_ready(&host, i, descriptors[i], SIDING_READY_READ, 0);
    }
    struct siding_source_options options = plain_options(SIDING_SOURCE_EVENT, TOGETHER, 0, 0);
    sources[TOGETHER] = open_source(&host, &options);
    EXPECT_EQ(siding_event_post(sources[TOGETHER], 9), SIDING_OK);
    sources[TOGETHER + 1] = sources[0] + 1; /* nobody's */
    EXPECT_EQ(siding_source_pull_all(host.bridge, sources, TOGETHER + 2), TOGETHER / 3 + 1);
    EXPECT_EQ(siding_source_pull_all(host.bridge, sources, TOGETHER + 2), 0);
    EXPECT_EQ(host_discard(&host, TOGETHER / 3 + 1), TOGETHER / 3 + 1);
    EXPECT(has_none(&host));
    signal_eventfd(descriptors[1]);
    EXPECT_EQ(next_word(&host, 1), SIDING_READY_READ);
    close(descriptors[2]);
    EXPECT_EQ(siding_source_pull_all(host.bridge, sources + 1, 0), 0);
    EXPECT_EQ(siding_source_pull_all(host.bridge, NULL, 0), SIDING_EINVALID);
    for (uint32_t i = 0; i < TOGETHER; i++) {
        close(descriptors[i]);
    }
    EXPECT_EQ(siding_source_pull_all(host.bridge, sources, 1), 0);
    expect_end(&host, 0, SIDING_ESYSTEM, EBADF);
    host_close(&host);
}

TEST("S9: posts are added up until they are told, and refused after the close") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = plain_options(SIDING_SOURCE_EVENT, TOKEN, 0, 1);
    options.flags = SIDING_SOURCE_COUNTED;
    uint64_t source = open_source(&host, &options);
    EXPECT_EQ(siding_event_post(source, 3), SIDING_OK);
    EXPECT_EQ(siding_event_post(source, 4), SIDING_OK);
    EXPECT_EQ(next_word(&host, TOKEN), 7);
    EXPECT_EQ(siding_event_post(source, 5), SIDING_OK);
    EXPECT(has_none(&host));
    EXPECT_EQ(siding_source_pull(host.bridge, source, 1), 1);
    EXPECT_EQ(next_word(&host, TOKEN), 5);
    close_source(&host, source);
    EXPECT_EQ(siding_event_post(source, 6), SIDING_ESTALE);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT_EQ(siding_event_post(source, 6), SIDING_ESTALE);
    host_close(&host);
}

TEST("a source without credit can be closed, with or without something to tell") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = plain_options(SIDING_SOURCE_EVENT, TOKEN, 0, 0);
    for (uint32_t posts = 0; posts < 2; posts++) {
        uint64_t source = open_source(&host, &options);
        for (uint32_t i = 0; i < posts; i++) {
            EXPECT_EQ(siding_event_post(source, 1), SIDING_OK);
        }
        close_source(&host, source);
        expect_end(&host, TOKEN, SIDING_OK, 0);
        EXPECT(has_none(&host));
    }
    options = timer_options(TOKEN, 1, 0, 0);
    uint64_t over = open_source(&host, &options);
    settle_poller(&host, TOKEN + 1);
    close_source(&host, over);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT(has_none(&host));
    host_close(&host);
}

/* ---- what is refused ------------------------------------------------------------------------- */

TEST("kinds, flags and tokens that are none are refused, and the token is free") {
    REQUIRE(host_open(&host, 64));
    int32_t error = 0;
    const struct siding_source_options good = timer_options(TOKEN, 1, 0, 1);
    struct siding_source_options bad = good;
    const uint32_t kinds[] = {0, SIDING_SOURCE_CALL + 1, UINT32_MAX};
    for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        bad.kind = kinds[i];
        EXPECT_EQ(refused(&host, &bad, &error), SIDING_EINVALID);
    }
    bad = good;
    bad.flags = SIDING_SOURCE_ONCE;
    EXPECT_EQ(refused(&host, &bad, &error), SIDING_EINVALID);
    bad = ready_options(TOKEN, 0, 0, 1);
    EXPECT_EQ(refused(&host, &bad, &error), SIDING_EINVALID);
    bad.flags = SIDING_READY_READ | SIDING_READY_HANGUP;
    EXPECT_EQ(refused(&host, &bad, &error), SIDING_EINVALID);
    bad = good;
    bad.token = 64;
    EXPECT_EQ(refused(&host, &bad, &error), SIDING_EINVALID);
    bad.size_bytes--;
    EXPECT_EQ(refused(&host, &bad, &error), SIDING_EINVALID);
    uint64_t source = 0;
    EXPECT_EQ(siding_source_open(host.bridge, NULL, &source, &error), SIDING_EINVALID);
    EXPECT_EQ(siding_source_open(host.bridge, &good, NULL, &error), SIDING_EINVALID);
    EXPECT_EQ(siding_source_open(host.bridge, &good, &source, NULL), SIDING_EINVALID);
    source = open_source(&host, &good);
    struct siding_source_options same = good;
    EXPECT_EQ(refused(&host, &same, &error), SIDING_EBUSY);
    struct siding_source_stats stats = {.size_bytes = sizeof stats - 1};
    EXPECT_EQ(siding_source_stats_read(host.bridge, source, &stats), SIDING_EINVALID);
    EXPECT_EQ(siding_source_stats_read(host.bridge, source, NULL), SIDING_EINVALID);
    EXPECT_EQ(error, 0);
    host_close(&host);
}

static void *use_elsewhere(void *argument) {
    const uint64_t *source = argument;
    struct siding_source_options options = timer_options(1, 1, 0, 1);
    struct host own;
    uint64_t made = 0;
    int32_t error = 0;
    EXPECT_EQ(siding_source_open(host.bridge, &options, &made, &error), SIDING_ETHREAD);
    EXPECT_EQ(siding_source_pull(host.bridge, *source, 1), SIDING_ETHREAD);
    EXPECT_EQ(siding_source_close(host.bridge, *source), SIDING_ETHREAD);
    EXPECT(host_open(&own, 8));
    EXPECT_EQ(siding_source_pull(own.bridge, *source, 1), SIDING_ESTALE);
    EXPECT_EQ(siding_source_close(own.bridge, *source), SIDING_ESTALE);
    host_close(&own);
    return NULL;
}

TEST("a source is its own bridge's, and of its thread alone") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = timer_options(TOKEN, UINT64_MAX, 0, 1);
    uint64_t source = open_source(&host, &options);
    pthread_t thread;
    pthread_create(&thread, NULL, use_elsewhere, &source);
    pthread_join(thread, NULL);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    host_close(&host);
}

/* ---- ends of bridges, forks ------------------------------------------------------------------ */

static bool no_sources(void *unused) {
    (void)unused;
    return stats_now().sources == 0;
}

/* One of each kind, with something to tell, asked for or not. */
static void open_all(const struct host *on, int descriptor, pid_t child, uint32_t credit) {
    struct siding_source_options all[] = {
        ready_options(0, descriptor, SIDING_READY_READ, credit),
        ready_options(1, descriptor, SIDING_READY_READ | SIDING_SOURCE_EDGE, credit),
        timer_options(2, 1, 0, credit),
        timer_options(3, 1, 1000, credit),
        plain_options(SIDING_SOURCE_SIGNAL, 4, SIGUSR1, credit),
        plain_options(SIDING_SOURCE_CHILD, 5, child, credit),
        plain_options(SIDING_SOURCE_EVENT, 6, 0, credit),
    };
    uint64_t event = 0;
    for (uint32_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        event = open_source(on, &all[i]);
    }
    EXPECT_EQ(siding_event_post(event, 1), SIDING_OK);
    EXPECT_EQ(raise(SIGUSR1), 0);
}

struct abandoner {
    int descriptor;
    pid_t child;
    uint32_t credit;
    bool closes;
};

/* Closes its bridge, or leaves that to the end of its thread. */
static void *abandon_all(void *argument) {
    const struct abandoner *abandoner = argument;
    struct host own;
    EXPECT(host_open(&own, 64));
    open_all(&own, abandoner->descriptor, abandoner->child, abandoner->credit);
    if (abandoner->closes) {
        host_close(&own);
    }
    return NULL;
}

TEST("S5: a bridge that ends takes its sources with it, whatever they have to tell") {
    EXPECT(wait_until(no_sources, NULL));
    uint64_t before_bytes = stats_now().memory_bytes;
    int descriptor = eventfd(1, EFD_NONBLOCK);
    pid_t child = fork();
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    for (uint32_t round = 0; round < ROUNDS(400u); round++) {
        struct abandoner abandoner = {descriptor, child, round / 2 % 2 * 100, round % 2 == 0};
        pthread_t thread;
        pthread_create(&thread, NULL, abandon_all, &abandoner);
        pthread_join(thread, NULL);
        EXPECT(wait_until(no_sources, NULL)); /* the poller lets go of the child a little later */
    }
    kill(child, SIGKILL);
    EXPECT_EQ(waitpid(child, NULL, 0), child);
    EXPECT_EQ(stats_now().memory_bytes, before_bytes);
    EXPECT_EQ(stats_now().bridges, 0);
    close(descriptor);
}

/* @return how many calls were not refused */
static int try_all(uint64_t source, uint64_t event) {
    struct siding_source_options options = timer_options(TOKEN + 9, 1, 0, 1);
    uint64_t made = 0;
    int32_t error = 0;
    int taken = siding_source_open(host.bridge, &options, &made, &error) != SIDING_ESTALE;
    taken += siding_source_pull(host.bridge, source, 1) != SIDING_ESTALE;
    taken += siding_source_close(host.bridge, source) != SIDING_ESTALE;
    taken += siding_event_post(event, 1) != SIDING_ESTALE;
    raise(SIGUSR1); /* and whose handler is ours does nothing */
    return taken;
}

TEST("a forked child can do nothing to its parent's sources") {
    REQUIRE(host_open(&host, 64));
    int descriptor = eventfd(0, EFD_NONBLOCK);
    uint64_t source = open_ready(&host, TOKEN, descriptor, SIDING_READY_READ, 1);
    struct siding_source_options options = plain_options(SIDING_SOURCE_EVENT, TOKEN + 1, 0, 1);
    uint64_t event = open_source(&host, &options);
    options = plain_options(SIDING_SOURCE_SIGNAL, TOKEN + 2, SIGUSR1, 1);
    (void)open_source(&host, &options);
    pid_t child = fork();
    if (child == 0) {
        _exit(try_all(source, event));
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    settle_poller(&host, TOKEN + 3);
    EXPECT(has_none(&host));
    signal_eventfd(descriptor);
    EXPECT_EQ(next_word(&host, TOKEN), SIDING_READY_READ);
    close(descriptor);
    host_close(&host);
}

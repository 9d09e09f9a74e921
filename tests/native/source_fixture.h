/*
 * source_fixture.h - what the tests of sources share: opening them, and their events.
 */
#ifndef SIDING_TESTS_SOURCE_FIXTURE_H
#define SIDING_TESTS_SOURCE_FIXTURE_H

#include "fixture.h"

#define NS_PER_S 1000000000u

static inline struct siding_source_options ready_options(uint32_t token, int descriptor,
                                                         uint32_t flags, uint32_t credit) {
    return (struct siding_source_options){.size_bytes = sizeof(struct siding_source_options),
                                          .kind = SIDING_SOURCE_READY,
                                          .token = token,
                                          .flags = flags,
                                          .object = descriptor,
                                          .credit = credit};
}

static inline struct siding_source_options timer_options(uint32_t token, uint64_t after_ns,
                                                         uint64_t every_ns, uint32_t credit) {
    return (struct siding_source_options){.size_bytes = sizeof(struct siding_source_options),
                                          .kind = SIDING_SOURCE_TIMER,
                                          .token = token,
                                          .after_ns = after_ns,
                                          .every_ns = every_ns,
                                          .credit = credit};
}

/* Of the kinds that have no more to say. */
static inline struct siding_source_options plain_options(uint32_t kind, uint32_t token,
                                                         int64_t object, uint32_t credit) {
    return (struct siding_source_options){.size_bytes = sizeof(struct siding_source_options),
                                          .kind = kind,
                                          .token = token,
                                          .object = object,
                                          .credit = credit};
}

/* @return its handle; 0, and the test fails: it was refused */
static inline uint64_t open_source(const struct host *host,
                                   const struct siding_source_options *options) {
    uint64_t source = 0;
    int32_t error = 0;
    int32_t status = siding_source_open(host->bridge, options, &source, &error);
    if (status < 0) {
        printf("     status %d, error %d\n", status, error);
    }
    EXPECT(status >= 0);
    return source;
}

static inline uint64_t open_ready(const struct host *host, uint32_t token, int descriptor,
                                  uint32_t flags, uint32_t credit) {
    struct siding_source_options options = ready_options(token, descriptor, flags, credit);
    return open_source(host, &options);
}

/* @return the status with which it is refused; out_error 0: it was left alone */
static inline int32_t refused(const struct host *host, const struct siding_source_options *options,
                              int32_t *out_error) {
    uint64_t source = 0;
    *out_error = 0;
    int32_t status = siding_source_open(host->bridge, options, &source, out_error);
    EXPECT_EQ(source, 0);
    return status;
}

static inline void pull(const struct host *host, uint64_t source, uint32_t count) {
    EXPECT(siding_source_pull(host->bridge, source, count) >= 0);
}

static inline void close_source(const struct host *host, uint64_t source) {
    EXPECT_EQ(siding_source_close(host->bridge, source), SIDING_OK);
}

static inline bool is_end(const struct siding_event *event) {
    return (event->flags & SIDING_EVENT_MORE) == 0;
}

/* The next event is of this token, and not the end. @return its first word */
static inline uint64_t next_word(struct host *host, uint32_t token) {
    const struct siding_event *event = host_next(host);
    EXPECT(event != NULL);
    if (event == NULL) {
        return UINT64_MAX;
    }
    EXPECT_EQ(event->token, token);
    EXPECT(!is_end(event));
    return event->words > SIDING_EVENT_WORDS ? event_payload(event)[0] : UINT64_MAX;
}

/* The next event is the end of this token, with that status. */
static inline void expect_end(struct host *host, uint32_t token, int32_t status, int32_t error) {
    const struct siding_event *event = host_next(host);
    EXPECT(event != NULL);
    if (event != NULL) {
        EXPECT_EQ(event->token, token);
        EXPECT(is_end(event));
        EXPECT_EQ(event->status, status);
        EXPECT_EQ(event->error, error);
        EXPECT_EQ(event->words, SIDING_EVENT_WORDS);
    }
}

/* There is nothing to drain now: no wait, for what is to come cannot be known. */
static inline bool has_none(struct host *host) {
    if (host->at_words != host->used_words) {
        return false;
    }
    int32_t words = siding_bridge_drain(host->bridge, host->events, SIDING_EVENT_WORDS_MAX);
    host->at_words = 0;
    host->used_words = words < 0 ? 0 : (uint32_t)words & ~(uint32_t)SIDING_DRAIN_MORE;
    return words == 0;
}

#if defined(_WIN32)
#include "fixture/settle_windows.h"
#else
#include "fixture/settle_posix.h"
#endif

/*
 * Each of them defines
 *   void settle_poller(struct host *, uint32_t token)   the poller has done all that was known to
 *                                                       it before: it passes this on in order
 */

#endif

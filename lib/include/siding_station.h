/*
 * siding_station.h - sources: what a host waits for without blocking. Part of siding.h.
 *
 *   siding_source_open ──▶ events of its token, with SIDING_EVENT_MORE ──▶ one without: its end
 *
 * One thread of libsiding, the poller, waits for all of them. It sleeps while nothing happens.
 *
 * A source gives as many events as the host has asked for, by `credit` and siding_source_pull, so
 * that no queue can overflow. What happens meanwhile is not lost: it comes with the next event.
 *
 * The status of the end is SIDING_OK: closed, end of stream, or all was told; SIDING_ESYSTEM, with
 * errno in `error`; SIDING_ENOMEM, of one that reads; SIDING_EENDED: until_test held. After it
 * nothing of the source runs or writes.
 */
#ifndef SIDING_STATION_H
#define SIDING_STATION_H

#include "siding.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Size first, as all options. */
struct siding_source_options {
    uint32_t size_bytes;
    uint32_t kind;        /* SIDING_SOURCE_... */
    uint32_t token;       /* of its events; chosen as for a call, and for none until the end */
    uint32_t flags;       /* READY: SIDING_READY_..., SIDING_SOURCE_EDGE, _ONCE; EVENT: _COUNTED */
    int64_t object;       /* a descriptor (Windows: a HANDLE), a signal's number, a process id */
    uint64_t after_ns;    /* TIMER: from now to the first tick */
    uint64_t every_ns;    /* TIMER: from then on, by the first one's due time; 0: no more ticks */
    uint32_t limit_bytes; /* READ, EXACT, RECEIVE: of one item, 1 to SIDING_PREREAD_BYTES_MAX */
    uint32_t credit;      /* events asked for at once */
    uint64_t bound;       /* CALL: what runs whenever the descriptor is readable */
    uint32_t emit_test;   /* CALL: as in siding_repeat_options */
    uint32_t until_test;  /* likewise */
    uint64_t emit_expected;  /* likewise */
    uint64_t until_expected; /* likewise */
};
#define SIDING_PREREAD_BYTES_MAX 67108864u

/* What its events tell, in words. */
#define SIDING_SOURCE_READY 1u   /* a descriptor's conditions */
#define SIDING_SOURCE_TIMER 2u   /* ticks since the last event; never early */
#define SIDING_SOURCE_SIGNAL 3u  /* how often it came since the last event */
#define SIDING_SOURCE_CHILD 4u   /* exit code, signal that ended it or 0; then the end */
#define SIDING_SOURCE_EVENT 5u   /* of siding_event_post: the last value, or the sum */
#define SIDING_SOURCE_READ 6u    /* a tail: bytes, as many as there were */
#define SIDING_SOURCE_EXACT 7u   /* a tail: exactly limit_bytes */
#define SIDING_SOURCE_ACCEPT 8u  /* for each connection its descriptor, then a tail: its address */
#define SIDING_SOURCE_RECEIVE 9u /* for each datagram its true size, then two tails: from, data */
#define SIDING_SOURCE_CALL 10u   /* the payload of the bound call's event */

#define SIDING_SOURCE_EDGE 0x10000u    /* each change, even one from before the host asked */
#define SIDING_SOURCE_ONCE 0x20000u    /* one event, then the end */
#define SIDING_SOURCE_COUNTED 0x40000u /* the sum of the values posted since the last event */

/* Without SIDING_SOURCE_EDGE a READY tells which conditions hold once it is asked. The last two are
   told to everybody. */
#define SIDING_READY_READ 1u     /* there is something to read, or its end; a connection waits */
#define SIDING_READY_WRITE 2u    /* there is room */
#define SIDING_READY_PRIORITY 4u /* out-of-band data, and the like */
#define SIDING_READY_SHUTDOWN 8u /* the peer sends no more; told with SIDING_READY_READ */
#define SIDING_READY_HANGUP 16u  /* both directions are over */
#define SIDING_READY_ERROR 32u

struct siding_source_stats {
    uint32_t size_bytes;
    uint32_t credit;    /* events asked for and not drained yet; of one that reads, not read yet */
    uint64_t events;    /* drained */
    uint64_t coalesced; /* ticks, signals and posts that came with others in one event */
    uint64_t bytes;     /* READ, EXACT, RECEIVE: drained */
    uint64_t stalls;    /* times that something was to be told and nobody had asked; of one that
                           reads 0: it does not look then */
};

/**
 * Starts to wait for something. A descriptor stays the caller's, who closes it after the end only;
 * a HANDLE that is no socket at any time.
 * @param out_source its handle, for all functions below
 * @param out_error errno, with SIDING_ESYSTEM: EBADF, or EPERM: it is no descriptor to wait for, a
 *        file or a directory; on Windows a mutex, a pipe, a file, and ENOTSUP: SIDING_SOURCE_EDGE
 * @return SIDING_OK or 1, as siding_source_pull; SIDING_EINVALID, SIDING_EBUSY, SIDING_ENOMEM,
 *         SIDING_ELIMIT (65,535 sources), SIDING_ESYSTEM, SIDING_ESTALE (bound),
 *         SIDING_ENOTCHILD, SIDING_EBLOCKS
 * @thread js  @blocks never  @owns the caller, until its end
 */
SIDING_API int32_t siding_source_open(uint64_t bridge, const struct siding_source_options *options,
                                      uint64_t *out_source, int32_t *out_error);

/**
 * Asks for `count` more events; a READY without SIDING_SOURCE_EDGE gives one, however many.
 * @return SIDING_OK; 1: there is something to drain, and nothing will wake the host for it;
 *         SIDING_ESTALE: its end was drained
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_source_pull(uint64_t bridge, uint64_t source, uint32_t count);

/**
 * Asks for one more event of each: with one system call for many descriptors instead of one for
 * each of them.
 * @param sources handles, 8-byte aligned; those whose end was drained are left out
 * @param count number of handles
 * @return how many of them have something to drain, and nothing will wake the host for it;
 *         SIDING_EINVALID
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_source_pull_all(uint64_t bridge, const void *sources, uint32_t count);

/**
 * Waits on the spot until there is something to drain, then drains it. Meanwhile this thread does
 * the poller's work, whose own thread steps aside, so that an event that comes soon wakes nobody.
 * What is for the poller's own thread, bound calls (SIDING_SOURCE_CALL) and what might block, ends
 * the wait.
 * @param out_events 8-byte aligned
 * @param capacity_words at least SIDING_EVENT_WORDS_MAX
 * @param spin_ns at most 1,000,000
 * @return as siding_bridge_drain
 * @thread js  @blocks at most spin_ns, and as long as eight reads of one source take
 */
SIDING_API int32_t siding_bridge_await(uint64_t bridge, void *out_events, uint32_t capacity_words,
                                       uint32_t spin_ns);

/**
 * Ends a source, once or more often: what was not drained is dropped, and the end is its only event
 * from now on.
 * @return SIDING_ESTALE: its end was drained
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_source_close(uint64_t bridge, uint64_t source);

/** @param out_stats its size_bytes is set by the caller
 *  @return SIDING_EINVALID, SIDING_ESTALE: its end was drained  @thread js  @blocks never */
SIDING_API int32_t siding_source_stats_read(uint64_t bridge, uint64_t source,
                                            struct siding_source_stats *out_stats);

/**
 * Posts to a source of kind EVENT. Takes no lock and allocates nothing; keeps errno.
 * @param value with SIDING_SOURCE_COUNTED 0 does nothing
 * @return SIDING_ESTALE: it is closed, or this is a forked child
 * @thread any, in signal handlers too if the bridge has a descriptor  @blocks never
 */
SIDING_API int32_t siding_event_post(uint64_t event, uint64_t value);

/**
 * Closes a connection that SIDING_SOURCE_ACCEPT gave, and that nobody wants.
 * @param out_error errno, with SIDING_ESYSTEM
 * @return SIDING_ESYSTEM
 * @thread any  @blocks never
 */
SIDING_API int32_t siding_descriptor_close(int32_t descriptor, int32_t *out_error);

#ifdef __cplusplus
}
#endif

#endif

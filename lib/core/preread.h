/*
 * preread.h - sources that read: the poller fills pages, as many as the host has asked for.
 *
 * A turn of the poller is a few steps; each tries to read what one event tells. It has one when the
 * descriptor has changed, and when the host asks and had not.
 */
#ifndef SIDING_CORE_PREREAD_H
#define SIDING_CORE_PREREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "../platform/descriptor_io.h"
#include "source.h"

struct page;
struct preread_call;

/* Its steps, one after the other, are what a turn consists of. */
enum preread_step {
    PREREAD_ON,    /* there may be more */
    PREREAD_WAIT,  /* for readiness */
    PREREAD_LATER, /* no readiness will tell when */
    PREREAD_ENDED  /* source_end was called */
};

/* owner: js until the descriptor is registered, then the poller, then who destroys it */
struct preread {
    struct siding_io_nature nature; /* immutable; of a CALL unknown */
    uint32_t limit_bytes;           /* immutable */
    bool reads_on;                  /* more was told than data: there may be something behind it */
    uint32_t delays;                /* since the last event */
    uint64_t retry_ns;              /* it does not run before; 0: at any time */
    struct page *page;              /* EXACT: the item that is not complete, or NULL */
    struct preread_call *call;      /* CALL; else NULL */
};

/** @return what a source that reads keeps  @thread its owner  @blocks never */
static inline struct preread *preread_of(const struct source *source) {
    return source->own;
}

extern const struct source_kind preread_kind;

/** For the kinds: page_push of what a step has come to. @thread poller  @blocks never */
void preread_tell(struct page *page, struct source *source);

#endif

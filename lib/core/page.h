/*
 * page.h - what the poller has read for one event of a source, on its way to the host.
 *
 *   words: what was read, room for capacity_bytes │ struct page │ lead
 *
 * The memory begins with what was read, so that a long page becomes a block of the bridge as it is.
 */
#ifndef SIDING_CORE_PAGE_H
#define SIDING_CORE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "inbox.h"

struct sink;
struct source;

#define PAGE_EVENT_BYTES_MAX 8192u /* more of what was read becomes a block */

/* owner: the poller; once it is pushed, the bridge's js thread */
struct page {
    struct node node;        /* first: a node of kind NODE_PAGE is a page */
    bool is_tail;            /* what was read is bytes, which a word with their size goes before */
    bool is_block;           /* else it is part of the event */
    int32_t error;           /* of the event */
    uint32_t lead_words;     /* payload before what was read, not part of a block */
    uint32_t lead_words_max; /* immutable */
    uint64_t capacity_bytes; /* immutable */
    uint64_t size_bytes;     /* of what was read */
    uint64_t counted_bytes;  /* see siding_source_stats */
    struct source *source;   /* held, once it is pushed */
    uint64_t *words;         /* immutable: the memory */
    uint64_t lead[];
};

/** @return a page, or NULL: out of memory  @thread any  @blocks never  @owns the caller */
struct page *page_create(uint64_t capacity_bytes, uint32_t lead_words_max);
/** Frees one that was not pushed; NULL is none. @thread its owner  @blocks never */
void page_destroy(struct page *page);
/** Makes it the next event of the source, which has credit for it.
 *  @thread poller  @blocks never */
void page_push(struct page *page, struct source *source);

/** Writes the event of a page, and frees that. @return false: no room for it  @thread js */
bool page_read(struct node *node, struct sink *sink);
/** Frees it, and closes the connections in it. @thread js, or who ends the bridge */
void page_drop(struct node *node);

#endif

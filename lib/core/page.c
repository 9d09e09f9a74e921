#include "page.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "../platform/descriptor_io.h"
#include "bridge.h"
#include "memory.h"
#include "outbox.h"
#include "source.h"
#include "tail.h"

#define BLOCK_WORDS 2u /* its number and its size */

_Static_assert(_Alignof(struct page) <= sizeof(uint64_t), "behind words there may be a page");

/* ---- memory ---------------------------------------------------------------------------------- */

static uint64_t memory_bytes(uint64_t capacity_bytes, uint32_t lead_words_max) {
    return tail_words_for(capacity_bytes) * 8 + sizeof(struct page) + lead_words_max * 8u;
}

struct page *page_create(uint64_t capacity_bytes, uint32_t lead_words_max) {
    uint64_t *words = malloc(memory_bytes(capacity_bytes, lead_words_max));
    if (words == NULL) {
        return NULL;
    }
    memory_count((int64_t)memory_bytes(capacity_bytes, lead_words_max));
    struct page *page = (struct page *)(words + tail_words_for(capacity_bytes));
    *page = (struct page){
        .node.kind = NODE_PAGE,
        .lead_words_max = lead_words_max,
        .capacity_bytes = capacity_bytes,
        .words = words,
    };
    return page;
}

static void uncount(const struct page *page) {
    memory_count(-(int64_t)memory_bytes(page->capacity_bytes, page->lead_words_max));
}

void page_destroy(struct page *page) {
    if (page != NULL) {
        uncount(page);
        free(page->words);
    }
}

/* ---- the poller's side ----------------------------------------------------------------------- */

void page_push(struct page *page, struct source *source) {
    siding_assert(page->size_bytes <= page->capacity_bytes);
    siding_assert(page->lead_words <= page->lead_words_max);
    /* seq_cst: pairs with source_pull, which wakes the poller where it finds none left */
    uint32_t credit = atomic_fetch_sub_explicit(&source->credit, 1, memory_order_seq_cst);
    siding_assert(credit > 0);
    struct bridge *bridge = source->bridge;
    source_retain(source);
    page->source = source;
    enum inbox_push pushed = bridge_push(bridge, &page->node);
    if (pushed == INBOX_PUSHED_WAKE) {
        bridge_kick(bridge);
    } else if (pushed == INBOX_REFUSED) {
        page_drop(&page->node);
    }
}

/* ---- the host's side ------------------------------------------------------------------------- */

/* Words of the payload: is_tail, the lead, and what was read or its block. */
static uint32_t payload_words(const struct page *page) {
    uint64_t data_words =
        page->is_block ? BLOCK_WORDS : page->is_tail + tail_words_for(page->size_bytes);
    return page->lead_words + (uint32_t)data_words;
}

static void write_data(const struct page *page, uint64_t *out) {
    if (page->is_tail) {
        *out++ = page->size_bytes;
    }
    (void)tail_copy_bytes((const uint8_t *)page->words, page->size_bytes, out);
}

/* Makes what was read a block, the page with it. @return SIDING_OK, SIDING_ENOMEM, SIDING_ELIMIT */
static int32_t write_block(struct page *page, uint64_t *out) {
    uint64_t size_bytes = page->size_bytes;
    uncount(page);
    int32_t block = block_adopt(&page->source->bridge->blocks, page->words, size_bytes);
    if (block < 0) {
        free(page->words);
        return block;
    }
    out[0] = (uint64_t)block;
    out[1] = size_bytes;
    return SIDING_OK;
}

static void write_event(struct page *page, uint64_t *out) {
    struct siding_event *event = (struct siding_event *)out;
    *event = (struct siding_event){
        .token = page->source->token,
        .words = (uint16_t)(SIDING_EVENT_WORDS + payload_words(page)),
        .flags = SIDING_EVENT_MORE,
        .error = page->error,
    };
    memcpy(out + SIDING_EVENT_WORDS, page->lead, page->lead_words * sizeof *out);
    uint64_t *behind = out + SIDING_EVENT_WORDS + page->lead_words;
    if (!page->is_block) {
        write_data(page, behind);
        page_destroy(page);
        return;
    }
    event->status = write_block(page, behind); /* the page is gone */
    if (event->status == SIDING_OK) {
        event->flags |= SIDING_EVENT_BLOCK;
    } else {
        event->words = SIDING_EVENT_WORDS;
    }
}

bool page_read(struct node *node, struct sink *sink) {
    struct page *page = (struct page *)node;
    struct source *source = page->source;
    if (source->is_closed) {
        page_drop(node);
        return true;
    }
    uint32_t words = SIDING_EVENT_WORDS + payload_words(page);
    siding_assert(words <= SIDING_EVENT_WORDS_MAX);
    if (words > sink->capacity_words - sink->used_words) {
        return false;
    }
    source->events++;
    source->bytes += page->counted_bytes;
    uint64_t *out = sink->words + sink->used_words;
    write_event(page, out);
    sink->used_words += ((struct siding_event *)out)->words;
    sink->asked++;
    source_release(source);
    return true;
}

/* Nobody will have them. Each is a descriptor, the size of an address, and the address. */
static void close_connections(const struct page *page) {
    uint64_t words = tail_words_for(page->size_bytes);
    for (uint64_t at = 0; at + 1 < words; at += 2 + tail_words_for(page->words[at + 1])) {
        (void)siding_io_close((int)page->words[at]);
    }
}

void page_drop(struct node *node) {
    struct page *page = (struct page *)node;
    struct source *source = page->source;
    if (source->number == SIDING_SOURCE_ACCEPT) {
        close_connections(page);
    }
    page_destroy(page);
    source_release(source);
}

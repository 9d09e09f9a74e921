#include "preread_bytes.h"

#include <string.h>

#include "page.h"

#define SPARE_BYTES_MAX 1048576u /* a larger page is not kept */

/* The page of the last read that came to little. owner: poller */
static struct page *spare;

static struct page *take_page(uint64_t capacity_bytes) {
    struct page *page = spare;
    spare = NULL;
    if (page != NULL && page->capacity_bytes == capacity_bytes) {
        page->size_bytes = 0;
        return page;
    }
    page_destroy(page);
    return page_create(capacity_bytes, 0);
}

static void give_page(struct page *page) {
    page_destroy(spare);
    spare = page->capacity_bytes <= SPARE_BYTES_MAX ? page : NULL;
    if (spare == NULL) {
        page_destroy(page);
    }
}

static enum preread_step end(struct source *source, int32_t status, int32_t error) {
    source_end(source, status, error);
    return PREREAD_ENDED;
}

/* @return what there is to do after a read without bytes */
static enum preread_step step_after(struct source *source, int64_t result, int32_t error) {
    switch (result) {
    case SIDING_IO_NOT_YET:
        return PREREAD_WAIT;
    case SIDING_IO_AGAIN:
        return PREREAD_ON;
    default:
        return end(source, SIDING_ESYSTEM, error);
    }
}

/* Behind what is there. @param out_next what there is to do after a read with bytes */
static int64_t read_into(const struct source *source, struct page *page,
                         enum preread_step *out_next, int32_t *out_error) {
    const struct preread *preread = preread_of(source);
    char *behind = (char *)page->words + page->size_bytes;
    bool is_all = false;
    int64_t got = siding_io_read(source->object, &preread->nature, behind,
                                 page->capacity_bytes - page->size_bytes, &is_all, out_error);
    *out_next = is_all && !preread->reads_on ? PREREAD_WAIT : PREREAD_ON;
    return got;
}

static void push(struct page *page, struct source *source, uint64_t size_bytes) {
    page->size_bytes = size_bytes;
    page->counted_bytes = size_bytes;
    page->is_block = size_bytes > PAGE_EVENT_BYTES_MAX;
    page->is_tail = !page->is_block;
    preread_tell(page, source);
}

/* The host is given the page itself, unless that would be mostly empty.
   @return false: out of memory */
static bool tell(struct source *source, struct page *page, uint64_t size_bytes) {
    if (size_bytes > PAGE_EVENT_BYTES_MAX || size_bytes >= page->capacity_bytes / 2) {
        push(page, source, size_bytes);
        return true;
    }
    struct page *small = page_create(size_bytes, 0);
    if (small != NULL) {
        memcpy(small->words, page->words, size_bytes);
        push(small, source, size_bytes);
    }
    give_page(page);
    return small != NULL;
}

enum preread_step preread_bytes_step(struct source *source) {
    const struct preread *preread = preread_of(source);
    int32_t error = 0;
    struct page *page = take_page(preread->limit_bytes);
    if (page == NULL) {
        return end(source, SIDING_ENOMEM, 0);
    }
    enum preread_step next;
    int64_t got = read_into(source, page, &next, &error);
    if (got > 0 || (got == 0 && !preread->nature.has_end)) {
        return tell(source, page, (uint64_t)got) ? next : end(source, SIDING_ENOMEM, 0);
    }
    give_page(page);
    return got == 0 ? end(source, SIDING_OK, 0) : step_after(source, got, error);
}

/* Adds bytes to the item, and tells it when these were the last. */
static void complete(struct source *source, uint64_t size_bytes) {
    struct page *page = preread_of(source)->page;
    page->size_bytes += size_bytes;
    if (page->size_bytes == page->capacity_bytes) {
        preread_of(source)->page = NULL;
        push(page, source, page->size_bytes);
    }
}

enum preread_step preread_exact_step(struct source *source) {
    struct preread *preread = preread_of(source);
    int32_t error = 0;
    if (preread->page == NULL) {
        preread->page = take_page(preread->limit_bytes);
    }
    struct page *page = preread->page;
    if (page == NULL) {
        return end(source, SIDING_ENOMEM, 0);
    }
    enum preread_step next;
    int64_t got = read_into(source, page, &next, &error);
    if (got > 0) {
        complete(source, (uint64_t)got);
        return next;
    }
    bool is_between = page->size_bytes == 0;
    if (is_between) {
        preread->page = NULL;
        give_page(page);
    }
    if (got == 0) {
        return end(source, is_between ? SIDING_OK : SIDING_ESYSTEM, 0);
    }
    return step_after(source, got, error);
}

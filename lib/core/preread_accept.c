#include "preread_accept.h"

#include <string.h>

#include "page.h"
#include "tail.h"

#define ATTEMPTS_MAX 64u /* for one event */
#define ADDRESS_WORDS (SIDING_IO_ADDRESS_BYTES / 8)
#define CONNECTION_WORDS_MAX (2u + ADDRESS_WORDS)

/* What an event will tell. */
struct arrivals {
    uint32_t used_words;
    uint64_t words[PAGE_EVENT_BYTES_MAX / 8];
};

static bool has_room(const struct arrivals *arrivals) {
    return arrivals->used_words + CONNECTION_WORDS_MAX <= PAGE_EVENT_BYTES_MAX / 8;
}

/* @return as siding_io_accept */
static int64_t take_one(int listener, struct arrivals *arrivals, int32_t *out_error) {
    uint64_t *connection = arrivals->words + arrivals->used_words;
    uint32_t address_bytes = 0;
    memset(connection, 0, CONNECTION_WORDS_MAX * sizeof *connection);
    int64_t descriptor = siding_io_accept(listener, connection + 2, &address_bytes, out_error);
    if (descriptor >= 0) {
        connection[0] = (uint64_t)descriptor;
        connection[1] = address_bytes;
        arrivals->used_words += 2 + (uint32_t)tail_words_for(address_bytes);
    }
    return descriptor;
}

/* @return what ended it: a descriptor, or as siding_io_accept */
static int64_t take_all(int listener, struct arrivals *arrivals, int32_t *out_error) {
    int64_t result = 0;
    for (uint32_t i = 0; i < ATTEMPTS_MAX && has_room(arrivals); i++) {
        result = take_one(listener, arrivals, out_error);
        if (result < 0 && result != SIDING_IO_AGAIN) {
            break;
        }
    }
    return result;
}

static void close_all(const struct arrivals *arrivals) {
    for (uint32_t at = 0; at < arrivals->used_words;
         at += 2 + (uint32_t)tail_words_for(arrivals->words[at + 1])) {
        (void)siding_io_close((int)arrivals->words[at]);
    }
}

/* @return false: out of memory */
static bool tell(struct source *source, const struct arrivals *arrivals) {
    if (arrivals->used_words == 0) {
        return true;
    }
    struct page *page = page_create(arrivals->used_words * sizeof(uint64_t), 0);
    if (page == NULL) {
        close_all(arrivals);
        return false;
    }
    page->size_bytes = page->capacity_bytes;
    memcpy(page->words, arrivals->words, page->size_bytes);
    preread_tell(page, source);
    return true;
}

enum preread_step preread_accept_step(struct source *source) {
    struct arrivals arrivals;
    arrivals.used_words = 0;
    int32_t error = 0;
    int64_t result = take_all(source->object, &arrivals, &error);
    if (!tell(source, &arrivals)) {
        source_end(source, SIDING_ENOMEM, 0);
        return PREREAD_ENDED;
    }
    switch (result) {
    case SIDING_IO_NOT_YET:
        return PREREAD_WAIT;
    case SIDING_IO_EXHAUSTED:
        return PREREAD_LATER;
    case SIDING_IO_FAILED:
        source_end(source, SIDING_ESYSTEM, error);
        return PREREAD_ENDED;
    default:
        return PREREAD_ON;
    }
}

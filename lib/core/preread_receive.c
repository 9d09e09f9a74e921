#include "preread_receive.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "page.h"
#include "tail.h"

#define INLET_BYTES 4194304u /* a lone datagram may be longer */

/* Where datagrams come in, of all sources; touched only as far as they fill it. owner: poller */
static struct {
    uint8_t *memory;
    uint64_t size_bytes;
    struct siding_datagram datagrams[SIDING_IO_DATAGRAMS_MAX];
} inlet;

static uint32_t batch_size(uint32_t limit_bytes) {
    uint32_t count = INLET_BYTES / limit_bytes;
    return count == 0 ? 1 : count < SIDING_IO_DATAGRAMS_MAX ? count : SIDING_IO_DATAGRAMS_MAX;
}

static void inlet_resize(uint64_t size_bytes) {
    memory_count(-(int64_t)inlet.size_bytes);
    free(inlet.memory);
    inlet.memory = size_bytes == 0 ? NULL : malloc(size_bytes);
    inlet.size_bytes = inlet.memory == NULL ? 0 : size_bytes;
    memory_count((int64_t)inlet.size_bytes);
}

/* @return whether there is room for so much */
static bool inlet_grow(uint64_t size_bytes) {
    if (inlet.size_bytes < size_bytes) {
        inlet_resize(size_bytes);
    }
    return inlet.memory != NULL;
}

static uint64_t measure(uint32_t count) {
    uint64_t words = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct siding_datagram *datagram = &inlet.datagrams[i];
        words += 3 + tail_words_for(datagram->address_bytes) + tail_words_for(datagram->size_bytes);
    }
    return words;
}

/* @return the word behind it */
static uint64_t *write_tail(const uint8_t *bytes, uint32_t size_bytes, uint64_t *out) {
    *out = size_bytes;
    return out + 1 + tail_copy_bytes(bytes, size_bytes, out + 1);
}

static void write_all(struct page *page, uint32_t count, uint64_t stride_bytes) {
    uint64_t *out = page->words;
    for (uint32_t i = 0; i < count; i++) {
        const struct siding_datagram *datagram = &inlet.datagrams[i];
        *out++ = datagram->true_bytes;
        out = write_tail(datagram->address, datagram->address_bytes, out);
        out = write_tail(inlet.memory + i * stride_bytes, datagram->size_bytes, out);
        page->counted_bytes += datagram->size_bytes;
    }
}

/* @return false: out of memory */
static bool tell(struct source *source, uint32_t count, uint64_t stride_bytes) {
    struct page *page = count == 0 ? NULL : page_create(measure(count) * sizeof(uint64_t), 0);
    if (page != NULL) {
        write_all(page, count, stride_bytes);
        page->size_bytes = page->capacity_bytes;
        page->is_block = page->size_bytes > PAGE_EVENT_BYTES_MAX;
        preread_tell(page, source);
    }
    return page != NULL || count == 0;
}

static enum preread_step end(struct source *source, int32_t status, int32_t error) {
    source_end(source, status, error);
    return PREREAD_ENDED;
}

/* @return how many came before the end of what has one, a sequence of packets */
static uint32_t count_before_end(const struct preread *preread, uint32_t count) {
    for (uint32_t i = 0; preread->nature.has_end && i < count; i++) {
        if (inlet.datagrams[i].true_bytes == 0) {
            return i;
        }
    }
    return count;
}

enum preread_step preread_receive_step(struct source *source) {
    const struct preread *preread = preread_of(source);
    uint32_t limit_bytes = preread->limit_bytes;
    uint32_t batch = batch_size(limit_bytes);
    int32_t error = 0;
    if (!inlet_grow((uint64_t)batch * limit_bytes)) {
        return end(source, SIDING_ENOMEM, 0);
    }
    int64_t got = siding_io_receive(source->object, inlet.memory, limit_bytes, inlet.datagrams,
                                    batch, &error);
    uint32_t came = got > 0 ? (uint32_t)got : 0;
    uint32_t count = count_before_end(preread, came);
    bool is_told = tell(source, count, limit_bytes);
    if (inlet.size_bytes > INLET_BYTES) {
        inlet_resize(0);
    }
    if (!is_told || count < came) {
        return end(source, is_told ? SIDING_OK : SIDING_ENOMEM, 0);
    }
    if (got == SIDING_IO_FAILED) {
        return end(source, SIDING_ESYSTEM, error);
    }
    /* fewer than there was room for: no more were there */
    return got == batch || got == SIDING_IO_AGAIN ? PREREAD_ON : PREREAD_WAIT;
}

#include "slab.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "../base/cache.h"
#include "../include/siding.h"
#include "bound.h"
#include "memory.h"

static uint32_t chunks_count(const struct slab *slab) {
    return (slab->records_max + RECORDS_PER_CHUNK - 1) / RECORDS_PER_CHUNK;
}

int32_t slab_init(struct slab *slab, uint32_t records_max) {
    slab->records_max = records_max;
    slab->held_tokens = NULL;
    slab->chunks = calloc(chunks_count(slab), sizeof slab->chunks[0]);
    return slab->chunks == NULL ? SIDING_ENOMEM : SIDING_OK;
}

/* What hangs on a record is freed with its token, or with the slab. */
static void free_attachments(struct record *record) {
    if (record->words != record->inline_words) {
        free(record->words);
        record->words = record->inline_words;
    }
    free(record->tails);
    record->tails = NULL;
    bound_release(record->bound);
    record->bound = NULL;
    record->has_extras = false;
}

static void free_chunk(struct record *chunk) {
    for (uint32_t i = 0; i < RECORDS_PER_CHUNK; i++) {
        free_attachments(&chunk[i]);
    }
    memory_count(-(int64_t)(RECORDS_PER_CHUNK * sizeof *chunk));
    memory_free_lines(chunk);
}

void slab_deinit(struct slab *slab) {
    for (uint32_t i = 0; i < chunks_count(slab); i++) {
        if (slab->chunks[i] != NULL) {
            free_chunk(slab->chunks[i]);
        }
    }
    free(slab->chunks);
    free(slab->held_tokens);
    *slab = (struct slab){0};
}

_Static_assert(sizeof(struct record) == 2 * SIDING_CACHE_BYTES, "records share no line");

static struct record *make_chunk(struct slab *slab, struct bridge *bridge, uint32_t chunk) {
    struct record *records = memory_make_lines(RECORDS_PER_CHUNK * sizeof *records);
    if (records == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < RECORDS_PER_CHUNK; i++) {
        records[i].node.kind = NODE_CALL;
        records[i].token = chunk * RECORDS_PER_CHUNK + i;
        records[i].bridge = bridge;
        records[i].words = records[i].inline_words;
        atomic_init(&records[i].state, RECORD_FREE);
        atomic_init(&records[i].started_ns, 0);
    }
    memory_count((int64_t)(RECORDS_PER_CHUNK * sizeof *records));
    slab->chunks[chunk] = records;
    return records;
}

struct record *slab_record(struct slab *slab, struct bridge *bridge, uint32_t token) {
    siding_assert(token < slab->records_max);
    uint32_t chunk = token / RECORDS_PER_CHUNK;
    struct record *records = slab->chunks[chunk];
    if (records == NULL) {
        records = make_chunk(slab, bridge, chunk);
    }
    return records == NULL ? NULL : &records[token % RECORDS_PER_CHUNK];
}

struct record *slab_find(const struct slab *slab, uint32_t token) {
    if (token >= slab->records_max || slab->chunks[token / RECORDS_PER_CHUNK] == NULL) {
        return NULL;
    }
    return &slab->chunks[token / RECORDS_PER_CHUNK][token % RECORDS_PER_CHUNK];
}

int32_t slab_reserve(struct record *record, uint32_t words) {
    siding_assert(record->words == record->inline_words);
    if (words <= RECORD_INLINE_WORDS) {
        return SIDING_OK;
    }
    uint64_t *spill = malloc(words * sizeof *spill);
    if (spill == NULL) {
        return SIDING_ENOMEM;
    }
    record->words = spill;
    return SIDING_OK;
}

void slab_recycle(struct record *record) {
    if (record->words != record->inline_words || record->has_extras) {
        free_attachments(record);
    }
    record_move(record, RECORD_DONE, RECORD_FREE);
}

static bool is_free(const struct slab *slab, uint32_t token) {
    const struct record *record = slab_find(slab, token);
    bool has_call =
        record != NULL && atomic_load_explicit(&record->state, memory_order_relaxed) != RECORD_FREE;
    return !has_call && (slab->held_tokens[token / 64] >> token % 64 & 1) == 0;
}

int32_t slab_hold_token(struct slab *slab, uint32_t token) {
    if (token >= slab->records_max) {
        return SIDING_EINVALID;
    }
    if (slab->held_tokens == NULL) {
        slab->held_tokens = calloc(slab->records_max / 64 + 1, sizeof slab->held_tokens[0]);
    }
    if (slab->held_tokens == NULL || !is_free(slab, token)) {
        return slab->held_tokens == NULL ? SIDING_ENOMEM : SIDING_EBUSY;
    }
    slab->held_tokens[token / 64] |= UINT64_C(1) << token % 64;
    return SIDING_OK;
}

void slab_drop_token(struct slab *slab, uint32_t token) {
    siding_assert(slab->held_tokens != NULL && token < slab->records_max);
    slab->held_tokens[token / 64] &= ~(UINT64_C(1) << token % 64);
}

#include "block.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "../include/siding.h"
#include "memory.h"

static bool grow(struct block_table *table) {
    uint32_t count = table->count == 0 ? 64 : table->count * 2;
    struct block *blocks = realloc(table->blocks, count * sizeof *blocks);
    if (blocks == NULL) {
        return false;
    }
    for (uint32_t i = table->count; i < count; i++) {
        blocks[i] = (struct block){.address = NULL, .size_bytes = i + 1};
    }
    table->blocks = blocks;
    table->count = count;
    return true;
}

int32_t block_adopt(struct block_table *table, void *address, uint64_t size_bytes) {
    siding_assert(address != NULL);
    if (table->count > BLOCKS_MAX / 2) {
        return SIDING_ELIMIT;
    }
    if (table->first_free == table->count && !grow(table)) {
        return SIDING_ENOMEM;
    }
    uint32_t number = table->first_free;
    struct block *block = &table->blocks[number];
    siding_assert(block->address == NULL);
    table->first_free = (uint32_t)block->size_bytes;
    *block = (struct block){.address = address, .size_bytes = size_bytes};
    memory_count((int64_t)size_bytes);
    return (int32_t)number;
}

int32_t block_create(struct block_table *table, const void *bytes, uint64_t size_bytes) {
    if (size_bytes > SIZE_MAX / 2) {
        return SIDING_ENOMEM;
    }
    /* one byte more: an empty buffer is a valid pointer too */
    void *address = bytes == NULL ? calloc(1, size_bytes + 1) : malloc(size_bytes + 1);
    if (address == NULL) {
        return SIDING_ENOMEM;
    }
    if (bytes != NULL) {
        memcpy(address, bytes, size_bytes);
    }
    int32_t number = block_adopt(table, address, size_bytes);
    if (number < 0) {
        free(address);
    }
    return number;
}

struct block *block_find(struct block_table *table, uint32_t number) {
    struct block *block = number < table->count ? &table->blocks[number] : NULL;
    return block != NULL && block->address != NULL ? block : NULL;
}

void block_release(struct block_table *table, struct block *block) {
    uint32_t number = (uint32_t)(block - table->blocks);
    siding_assert(number < table->count && block->address != NULL);
    *block = (struct block){.address = NULL, .size_bytes = table->first_free};
    table->first_free = number;
}

void block_drop(struct block_table *table, struct block *block) {
    memory_count(-(int64_t)block->size_bytes);
    free(block->address);
    block_release(table, block);
}

void block_table_deinit(struct block_table *table) {
    for (uint32_t number = 0; number < table->count; number++) {
        struct block *block = block_find(table, number);
        if (block != NULL) {
            block_drop(table, block);
        }
    }
    free(table->blocks);
    *table = (struct block_table){0};
}

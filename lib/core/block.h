/*
 * block.h - the blocks of one bridge: native copies of buffers, named by number.
 */
#ifndef SIDING_CORE_BLOCK_H
#define SIDING_CORE_BLOCK_H

#include <stdint.h>

struct block {
    void *address;       /* NULL: the number is free */
    uint64_t size_bytes; /* while free: the next free number */
};

/* owner: the bridge's js thread, and after its death whoever disposes of the bridge */
struct block_table {
    struct block *blocks;
    uint32_t count;
    uint32_t first_free; /* == count: none */
};

#define BLOCKS_MAX 0x7fffffffu

/** @return a block's number, or SIDING_ENOMEM, SIDING_ELIMIT  @thread js  @blocks never */
int32_t block_create(struct block_table *table, const void *bytes, uint64_t size_bytes);
/** Takes over memory from malloc. @return as block_create  @thread js  @blocks never */
int32_t block_adopt(struct block_table *table, void *address, uint64_t size_bytes);
/** @return the block, or NULL when the number is free or forged  @thread js  @blocks never */
struct block *block_find(struct block_table *table, uint32_t number);
/** @thread js  @blocks never */
void block_drop(struct block_table *table, struct block *block);
/** Gives a block's memory, from malloc and counted, to the caller; the number is free.
 *  @thread js  @blocks never */
void block_release(struct block_table *table, struct block *block);
/** Frees every block and the table itself. @thread js, or the last user  @blocks never */
void block_table_deinit(struct block_table *table);

#endif

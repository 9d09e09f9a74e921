/*
 * memory.h - how much native memory the library holds for its hosts.
 */
#ifndef SIDING_CORE_MEMORY_H
#define SIDING_CORE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/**
 * Makes zeroed memory that shares no cache line with any other.
 * @return NULL: out of memory
 * @thread any  @blocks never  @owns the caller, until memory_free_lines
 */
void *memory_make_lines(size_t size_bytes);
/** Frees such memory; NULL is none. @thread any  @blocks never */
void memory_free_lines(void *lines);

/**
 * Makes zeroed memory for the host and counts it.
 * @return SIDING_EINVALID, SIDING_ENOMEM
 * @thread any  @blocks never  @owns the caller, until memory_free
 */
int32_t memory_alloc(uint64_t size_bytes, uint64_t *out_address);
/** Frees such memory. @thread any  @blocks never */
void memory_free(uint64_t address, uint64_t size_bytes);

/** Adds to (or with a negative number takes from) the count. @thread any  @blocks never */
void memory_count(int64_t bytes);
/** @return bytes of records, blocks and the host's memory held now  @thread any  @blocks never */
uint64_t memory_held(void);

#endif

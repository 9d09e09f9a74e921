/*
 * memory.h - how much native memory the library holds for its hosts.
 */
#ifndef SIDING_CORE_MEMORY_H
#define SIDING_CORE_MEMORY_H

#include <stdint.h>

/** Adds to (or with a negative number takes from) the count. @thread any  @blocks never */
void memory_count(int64_t bytes);
/** @return bytes of records and blocks held now  @thread any  @blocks never */
uint64_t memory_held(void);

#endif

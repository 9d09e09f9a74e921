/*
 * library.h - the host's libraries, mapped once and never unmapped.
 */
#ifndef SIDING_CORE_LIBRARY_H
#define SIDING_CORE_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

/** See siding_library_open. @thread any  @blocks while the loader runs */
int32_t library_open(const char *path, uint32_t flags, uint64_t *out_library, char *out_message,
                     size_t message_capacity);
/** See siding_library_symbol. @thread any  @blocks while the loader runs */
int32_t library_symbol(uint64_t library, const char *name, uint64_t *out_address);

#endif

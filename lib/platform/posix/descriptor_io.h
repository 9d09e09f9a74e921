/*
 * descriptor_io.h - what posix/descriptor_io.c shares with linux/ and bsd/; see the other one.
 */
#ifndef SIDING_POSIX_DESCRIPTOR_IO_H
#define SIDING_POSIX_DESCRIPTOR_IO_H

#include "../descriptor_io.h"

/** @return whether reads of this descriptor, no socket, can be told not to wait, whatever the flags
 *  of its open file; takes nothing from it  @thread any  @blocks never */
bool siding_io_knows_nowait(int descriptor);
/** As read(2), so told. @thread any  @blocks never */
int64_t siding_io_read_nowait(int descriptor, void *out_bytes, size_t size_bytes);
/** @return whether a stream socket gives all that it has, up to what was asked for: others part it
 *  as it was sent  @thread any  @blocks never */
bool siding_io_gives_all(int socket);
/** @return an option of the level SOL_SOCKET, 0 where there is none  @thread any  @blocks never */
int siding_io_option(int socket, int name);
/** @return whether a read or an accept now gives something, an end or an error, whatever the flags
 *  of the open file have become  @thread any  @blocks never */
bool siding_io_is_ready(int descriptor);
/** @return what errno says of a call that has failed  @thread any  @blocks never */
int64_t siding_io_failure(int32_t *out_error);

#endif

/*
 * thread_name.h - the part of a thread's name that every system can show.
 */
#ifndef SIDING_PLATFORM_THREAD_NAME_H
#define SIDING_PLATFORM_THREAD_NAME_H

/* 15 bytes and the terminator: what Linux keeps. */
#define SIDING_THREAD_NAME_BYTES 16

/**
 * Copies at most 15 bytes of a UTF-8 name and never cuts a character in two.
 * @param name NULL: as the empty name
 * @thread any  @blocks never
 */
void siding_thread_name_copy(char out_name[SIDING_THREAD_NAME_BYTES], const char *name);

#endif

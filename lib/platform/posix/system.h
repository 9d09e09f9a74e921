/*
 * system.h - what the shared POSIX files ask of linux/ and bsd/.
 */
#ifndef SIDING_POSIX_SYSTEM_H
#define SIDING_POSIX_SYSTEM_H

#include <stdint.h>

/**
 * A pair of connected stream sockets, non-blocking and closed on exec.
 * @return 0 or errno
 * @thread any  @blocks never
 */
int32_t siding_socket_pair(int out_ends[2]);

/** Sends one byte, or nothing when the socket is full. @thread any  @blocks never */
void siding_socket_kick(int end);

/**
 * Keeps the image with this code mapped until the process ends: threads and exit notices outlive
 * any dlclose.
 * @thread any  @blocks while the loader runs
 */
void siding_image_pin(void);

/** Once, before any siding_thread_memory_spare. @thread any  @blocks while the loader runs */
void siding_thread_memory_prepare(void);

/**
 * Gives back what the system has touched of the memory of this thread, as far as nobody sees it.
 * @thread a new one, before it runs anything else  @blocks never
 */
void siding_thread_memory_spare(void);

#endif

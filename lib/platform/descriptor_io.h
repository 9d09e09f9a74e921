/*
 * descriptor_io.h - the part of the porting contract that reads descriptors without ever blocking.
 *
 * Implemented under lib/platform/{posix,linux,bsd,windows} as platform.h is. The descriptors belong
 * to others, who share their open files with others again: no flag of one is changed, and none is
 * trusted to stay. Where no call can be told not to wait, a look goes before it. Then one case is
 * left: the flag was taken away, and another reader took what the look had seen. Nothing helps
 * against that but a thread of its own for each descriptor.
 */
#ifndef SIDING_PLATFORM_DESCRIPTOR_IO_H
#define SIDING_PLATFORM_DESCRIPTOR_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum siding_io_way {
    SIDING_IO_BLOCKS, /* a read, or an accept, may block */
    SIDING_IO_SOCKET, /* a flag of each call sees to it */
    SIDING_IO_NOWAIT, /* likewise, of what is no socket */
    SIDING_IO_PLAIN   /* the open file was non-blocking; each call looks first, see above */
};

struct siding_io_nature {
    enum siding_io_way way;
    bool is_socket;
    bool is_listener;  /* it gives connections, not bytes */
    bool has_messages; /* a read takes one whole message */
    bool gives_all;    /* a read that gives less than was asked for gives all there is */
    bool has_end;      /* a read of nothing is the end, not an empty message */
};

/* What is returned in place of a count. */
#define SIDING_IO_NOT_YET (-1)   /* the descriptor will be ready when there is something */
#define SIDING_IO_AGAIN (-2)     /* that was nothing; the next attempt may be something */
#define SIDING_IO_EXHAUSTED (-3) /* out of descriptors or memory, perhaps not for long */
#define SIDING_IO_FAILED (-4)    /* see out_error */

/**
 * Finds out what a descriptor is, taking nothing from it.
 * @return 0 or errno: EBADF, also where it is not open for reading; EISDIR
 * @thread any  @blocks never
 */
int32_t siding_io_look(int descriptor, struct siding_io_nature *out_nature);

/**
 * Reads once.
 * @param out_is_all nothing more was there, unless the stream is at its end, or urgent data is on
 *        its way: the next change of the descriptor tells of more
 * @return bytes, or SIDING_IO_NOT_YET, _AGAIN, _FAILED
 * @thread any  @blocks never
 */
int64_t siding_io_read(int descriptor, const struct siding_io_nature *nature, void *out_bytes,
                       size_t size_bytes, bool *out_is_all, int32_t *out_error);

#define SIDING_IO_ADDRESS_BYTES 128u /* the longest address of any socket */

/**
 * Takes a connection from a listener that did not block, see above: closed on exec, non-blocking.
 * @param out_address its peer's, SIDING_IO_ADDRESS_BYTES long
 * @return its descriptor, or SIDING_IO_NOT_YET, _AGAIN, _EXHAUSTED, _FAILED
 * @thread any  @blocks never  @owns the caller
 */
int64_t siding_io_accept(int listener, void *out_address, uint32_t *out_address_bytes,
                         int32_t *out_error);

#define SIDING_IO_DATAGRAMS_MAX 64u

struct siding_datagram {
    uint64_t true_bytes;    /* as it was sent; UINT64_MAX: longer, the system does not say */
    uint32_t size_bytes;    /* of what was received */
    uint32_t address_bytes; /* 0: its sender has none */
    uint8_t address[SIDING_IO_ADDRESS_BYTES];
};

/**
 * Receives what waits.
 * @param memory where datagram number n begins at n * stride_bytes, which is also the most of one
 * @param count at most SIDING_IO_DATAGRAMS_MAX
 * @return how many, or SIDING_IO_NOT_YET, _AGAIN, _FAILED
 * @thread any  @blocks never
 */
int64_t siding_io_receive(int descriptor, uint8_t *memory, size_t stride_bytes,
                          struct siding_datagram *out_datagrams, uint32_t count,
                          int32_t *out_error);

/** @return whether errno means that there was nothing yet  @thread any  @blocks never */
bool siding_io_is_not_yet(int32_t error);

/** Closes a descriptor. @return 0 or errno  @thread any  @blocks never, without SO_LINGER */
int32_t siding_io_close(int descriptor);

#endif

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../posix/descriptor_io.h"

_Static_assert(sizeof(struct sockaddr_storage) <= SIDING_IO_ADDRESS_BYTES, "any address fits");

bool siding_io_knows_nowait(int descriptor) {
    (void)descriptor;
    return false; /* there is no such flag */
}

int64_t siding_io_read_nowait(int descriptor, void *out_bytes, size_t size_bytes) {
    return read(descriptor, out_bytes, size_bytes);
}

/* Its streams are TCP and those of the local domain. */
bool siding_io_gives_all(int socket) {
    (void)socket;
    return true;
}

static bool is_exhausted(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int64_t siding_io_accept(int listener, void *out_address, uint32_t *out_address_bytes,
                         int32_t *out_error) {
    if (!siding_io_is_ready(listener)) {
        return SIDING_IO_NOT_YET;
    }
    socklen_t size_bytes = SIDING_IO_ADDRESS_BYTES;
    int descriptor = accept(listener, out_address, &size_bytes);
    if (descriptor < 0) {
        return errno == ECONNABORTED || errno == EPROTO ? SIDING_IO_AGAIN
               : is_exhausted(errno)                    ? SIDING_IO_EXHAUSTED
                                                        : siding_io_failure(out_error);
    }
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) {
        (void)close(descriptor);
        return SIDING_IO_AGAIN;
    }
    *out_address_bytes = size_bytes;
    return descriptor;
}

/* @return 1, or what siding_io_receive does */
static int64_t receive_one(int descriptor, uint8_t *memory, size_t size_bytes,
                           struct siding_datagram *out_datagram, int32_t *out_error) {
    struct iovec target = {.iov_base = memory, .iov_len = size_bytes};
    struct msghdr header = {
        .msg_name = out_datagram->address,
        .msg_namelen = SIDING_IO_ADDRESS_BYTES,
        .msg_iov = &target,
        .msg_iovlen = 1,
    };
    ssize_t got = recvmsg(descriptor, &header, MSG_DONTWAIT);
    if (got < 0) {
        return siding_io_failure(out_error);
    }
    bool is_cut = (header.msg_flags & MSG_TRUNC) != 0;
    out_datagram->true_bytes = is_cut ? UINT64_MAX : (uint64_t)got;
    out_datagram->size_bytes = (uint32_t)got;
    out_datagram->address_bytes = header.msg_namelen;
    return 1;
}

int64_t siding_io_receive(int descriptor, uint8_t *memory, size_t stride_bytes,
                          struct siding_datagram *out_datagrams, uint32_t count,
                          int32_t *out_error) {
    uint32_t received = 0;
    int64_t got = 1;
    for (uint32_t tries = 0; (got == 1 || got == SIDING_IO_AGAIN) && tries < count; tries++) {
        got = receive_one(descriptor, memory + received * stride_bytes, stride_bytes,
                          &out_datagrams[received], out_error);
        received += got == 1;
    }
    /* what has failed behind them fails again, or was an error of its own that is over */
    return received > 0 ? received : got;
}

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../posix/descriptor_io.h"

_Static_assert(sizeof(struct sockaddr_storage) <= SIDING_IO_ADDRESS_BYTES, "any address fits");

#define MULTIPATH_TCP 262 /* IPPROTO_MPTCP, which older headers have not */
#define HERE (-1)         /* the position of the open file, which a pipe does not have */

/* preadv2, which musl has only since 1.2.5. 64-bit kernels read the first half of a position. */
static int64_t read_now(int descriptor, const struct iovec *target) {
    return syscall(SYS_preadv2, descriptor, target, 1, (long)HERE, 0L, RWF_NOWAIT);
}

static bool may_be_probed(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return false;
    }
    /* An eventfd, a timerfd and their like have no type. A device may take something off its queue
       before it looks where to put it. */
    return S_ISFIFO(status.st_mode) || (status.st_mode & S_IFMT) == 0;
}

/* One byte to nowhere: too small for whatever has records, and a pipe keeps what it cannot copy. */
bool siding_io_knows_nowait(int descriptor) {
    struct iovec nowhere = {.iov_base = NULL, .iov_len = 1};
    if (!may_be_probed(descriptor)) {
        return false;
    }
    return read_now(descriptor, &nowhere) >= 0 || errno == EAGAIN || errno == EFAULT ||
           errno == EINVAL;
}

int64_t siding_io_read_nowait(int descriptor, void *out_bytes, size_t size_bytes) {
    struct iovec target = {.iov_base = out_bytes, .iov_len = size_bytes};
    return read_now(descriptor, &target);
}

/* Linux passes on what has befallen the connection, which is not the listener's end: accept(2). */
static bool is_of_connection(int error) {
    switch (error) {
    case ECONNABORTED:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPERM:
    case EPROTO:
        return true;
    default:
        return false;
    }
}

/* SCTP has streams too, of one message after the other. */
bool siding_io_gives_all(int socket) {
    int protocol = siding_io_option(socket, SO_PROTOCOL);
    switch (siding_io_option(socket, SO_DOMAIN)) {
    case AF_UNIX:
    case AF_VSOCK:
        return true;
    case AF_INET:
    case AF_INET6:
        return protocol == IPPROTO_TCP || protocol == MULTIPATH_TCP;
    default:
        return false;
    }
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
    int descriptor = accept4(listener, out_address, &size_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
        *out_address_bytes = size_bytes;
        return descriptor;
    }
    return is_of_connection(errno) ? SIDING_IO_AGAIN
           : is_exhausted(errno)   ? SIDING_IO_EXHAUSTED
                                   : siding_io_failure(out_error);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the system writes it */
int64_t siding_io_receive(int descriptor, uint8_t *memory, size_t stride_bytes,
                          struct siding_datagram *out_datagrams, uint32_t count,
                          int32_t *out_error) {
    struct mmsghdr headers[SIDING_IO_DATAGRAMS_MAX];
    struct iovec targets[SIDING_IO_DATAGRAMS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        targets[i].iov_base = memory + i * stride_bytes;
        targets[i].iov_len = stride_bytes;
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = out_datagrams[i].address,
            .msg_namelen = SIDING_IO_ADDRESS_BYTES,
            .msg_iov = &targets[i],
            .msg_iovlen = 1,
        };
    }
    /* with MSG_TRUNC the length is the true one */
    int got = recvmmsg(descriptor, headers, count, MSG_DONTWAIT | MSG_TRUNC, NULL);
    if (got < 0) {
        return siding_io_failure(out_error);
    }
    for (int i = 0; i < got; i++) {
        size_t true_bytes = headers[i].msg_len;
        out_datagrams[i].true_bytes = true_bytes;
        out_datagrams[i].size_bytes =
            (uint32_t)(true_bytes < stride_bytes ? true_bytes : stride_bytes);
        out_datagrams[i].address_bytes = headers[i].msg_hdr.msg_namelen;
    }
    return got;
}

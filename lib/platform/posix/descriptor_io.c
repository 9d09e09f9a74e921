#include "descriptor_io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../poller.h"

_Static_assert(EWOULDBLOCK == EAGAIN, "one number for both");

bool siding_io_is_not_yet(int32_t error) {
    return error == EAGAIN; /* which EWOULDBLOCK is, too */
}

bool siding_io_is_ready(int descriptor) {
    return siding_poller_look(descriptor, SIDING_READY_READ) != 0;
}

int64_t siding_io_failure(int32_t *out_error) {
    if (siding_io_is_not_yet(errno)) {
        return SIDING_IO_NOT_YET;
    }
    if (errno == EINTR) {
        return SIDING_IO_AGAIN;
    }
    *out_error = errno;
    return SIDING_IO_FAILED;
}

int siding_io_option(int socket, int name) {
    int value = 0;
    socklen_t size_bytes = sizeof value;
    return getsockopt(socket, SOL_SOCKET, name, &value, &size_bytes) == 0 ? value : 0;
}

static struct siding_io_nature look_at_socket(int descriptor, bool is_nonblocking) {
    int type = siding_io_option(descriptor, SO_TYPE);
    bool is_listener = siding_io_option(descriptor, SO_ACCEPTCONN) != 0;
    return (struct siding_io_nature){
        /* accept knows no such flag */
        .way = !is_listener     ? SIDING_IO_SOCKET
               : is_nonblocking ? SIDING_IO_PLAIN
                                : SIDING_IO_BLOCKS,
        .is_socket = true,
        .is_listener = is_listener,
        .has_messages = type != SOCK_STREAM,
        .gives_all = type == SOCK_STREAM && siding_io_gives_all(descriptor),
        .has_end = type == SOCK_STREAM || type == SOCK_SEQPACKET,
    };
}

int32_t siding_io_look(int descriptor, struct siding_io_nature *out_nature) {
    struct stat status;
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fstat(descriptor, &status) != 0) {
        return errno;
    }
    if ((flags & O_ACCMODE) == O_WRONLY) {
        return EBADF;
    }
    if (S_ISDIR(status.st_mode)) {
        return EISDIR;
    }
    bool is_nonblocking = (flags & O_NONBLOCK) != 0;
    if (S_ISSOCK(status.st_mode)) {
        *out_nature = look_at_socket(descriptor, is_nonblocking);
        return 0;
    }
    *out_nature = (struct siding_io_nature){.has_end = true};
    if (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)) {
        return 0; /* no flag makes a disk not block, and none says when it would not */
    }
    out_nature->way = siding_io_knows_nowait(descriptor) ? SIDING_IO_NOWAIT
                      : is_nonblocking                   ? SIDING_IO_PLAIN
                                                         : SIDING_IO_BLOCKS;
    return 0;
}

/* Less than was asked for is all, but for what parts a stream: descriptors that were passed along
   (MSG_CTRUNC: nobody takes them), the mark of urgent data. */
static int64_t receive(int descriptor, const struct siding_io_nature *nature, void *out_bytes,
                       size_t size_bytes, bool *out_is_all) {
    struct iovec target = {.iov_base = out_bytes, .iov_len = size_bytes};
    struct msghdr header = {.msg_iov = &target, .msg_iovlen = 1};
    ssize_t got = recvmsg(descriptor, &header, MSG_DONTWAIT);
    *out_is_all = nature->gives_all && got > 0 && (size_t)got < size_bytes &&
                  (header.msg_flags & MSG_CTRUNC) == 0;
    return got;
}

/* A pipe may be one of packets, and a terminal give line by line: there, less is not all. */
int64_t siding_io_read(int descriptor, const struct siding_io_nature *nature, void *out_bytes,
                       size_t size_bytes, bool *out_is_all, int32_t *out_error) {
    *out_is_all = false;
    int64_t got;
    if (nature->way == SIDING_IO_SOCKET) {
        got = receive(descriptor, nature, out_bytes, size_bytes, out_is_all);
    } else if (nature->way == SIDING_IO_NOWAIT) {
        got = siding_io_read_nowait(descriptor, out_bytes, size_bytes);
    } else if (siding_io_is_ready(descriptor)) {
        got = read(descriptor, out_bytes, size_bytes);
    } else {
        return SIDING_IO_NOT_YET;
    }
    return got >= 0 ? got : siding_io_failure(out_error);
}

int32_t siding_io_close(int descriptor) {
    return close(descriptor) == 0 ? 0 : errno;
}

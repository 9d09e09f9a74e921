#include <errno.h>
#include <sys/socket.h>

#include "../posix/system.h"

int32_t siding_socket_pair(int out_ends[2]) {
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    return socketpair(AF_UNIX, type, 0, out_ends) == 0 ? 0 : errno;
}

void siding_socket_kick(int end) {
    /* EAGAIN: full, hence readable. EPIPE: the host is gone. Neither matters. */
    (void)send(end, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

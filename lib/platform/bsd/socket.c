#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../posix/system.h"

static bool configure(int end) {
    int one = 1;
    return fcntl(end, F_SETFL, O_NONBLOCK) == 0 && fcntl(end, F_SETFD, FD_CLOEXEC) == 0 &&
           setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof one) == 0;
}

int32_t siding_socket_pair(int out_ends[2]) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        return errno;
    }
    if (!configure(ends[0]) || !configure(ends[1])) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    out_ends[0] = ends[0];
    out_ends[1] = ends[1];
    return 0;
}

void siding_socket_kick(int end) {
    /* EAGAIN: full, hence readable. EPIPE: the host is gone. Neither matters. */
    (void)send(end, "", 1, MSG_DONTWAIT);
}

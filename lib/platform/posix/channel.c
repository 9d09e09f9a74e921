#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../base/assert.h"
#include "../platform.h"
#include "system.h"

/* The inode of a socket, or 0 for whatever else the descriptor may be by now. */
static uint64_t socket_identity(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return 0;
    }
    return (uint64_t)status.st_ino;
}

int32_t siding_channel_open(struct siding_channel *out_channel) {
    int ends[2];
    int32_t error = siding_socket_pair(ends);
    if (error != 0) {
        return error;
    }
    out_channel->host = ends[0];
    out_channel->kick = ends[1];
    out_channel->host_identity = socket_identity(ends[0]);
    return 0;
}

void siding_channel_kick(const struct siding_channel *channel) {
    /* Runs on threads that report errno to the host. */
    int error = errno;
    siding_socket_kick((int)channel->kick);
    errno = error;
}

void siding_channel_close(struct siding_channel *channel, bool host_too) {
    siding_assert(channel->kick >= 0);
    int host = (int)channel->host;
    uint64_t identity = channel->host_identity;
    if (host_too && identity != 0 && socket_identity(host) == identity) {
        close(host);
    }
    close((int)channel->kick);
    channel->host = -1;
    channel->kick = -1;
}

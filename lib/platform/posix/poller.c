#include "../poller.h"

#include <errno.h>
#include <poll.h>

#include "../../base/assert.h"

#if defined(POLLRDHUP)
#define PEER_SHUTDOWN POLLRDHUP
#else
#define PEER_SHUTDOWN 0
#endif

static uint32_t conditions_of(int events) {
    uint32_t conditions = 0;
    conditions |= events & POLLIN ? SIDING_READY_READ : 0;
    conditions |= events & POLLOUT ? SIDING_READY_WRITE : 0;
    conditions |= events & POLLPRI ? SIDING_READY_PRIORITY : 0;
    conditions |= events & PEER_SHUTDOWN ? SIDING_READY_SHUTDOWN : 0;
    conditions |= events & POLLHUP ? SIDING_READY_HANGUP : 0;
    conditions |= events & POLLERR ? SIDING_READY_ERROR : 0;
    return conditions;
}

static short events_of(uint32_t conditions) {
    return (short)((conditions & SIDING_READY_READ ? POLLIN | PEER_SHUTDOWN : 0) |
                   (conditions & SIDING_READY_WRITE ? POLLOUT : 0) |
                   (conditions & SIDING_READY_PRIORITY ? POLLPRI : 0));
}

/* A descriptor is itself, and its changes are told. */
int32_t siding_poller_adopt(int object, uint32_t conditions, int *out_descriptor) {
    (void)conditions;
    *out_descriptor = object;
    return 0;
}

void siding_poller_disown(int descriptor) {
    (void)descriptor;
}

bool siding_poller_await(const struct siding_poller *poller, int descriptor) {
    (void)poller;
    (void)descriptor;
    return true;
}

void siding_poller_look_all(struct siding_look *looks, uint32_t count) {
    struct pollfd polled[SIDING_LOOKS_MAX];
    siding_assert(count <= SIDING_LOOKS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        short events = events_of(looks[i].conditions);
        polled[i] = (struct pollfd){.fd = looks[i].descriptor, .events = events};
    }
    int error = errno;
    int ready = poll(polled, count, 0);
    errno = error;
    for (uint32_t i = 0; i < count; i++) {
        int found = ready > 0 ? polled[i].revents : 0;
        looks[i].conditions = found & POLLNVAL ? SIDING_POLLER_GONE : conditions_of(found);
    }
}

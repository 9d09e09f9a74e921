#include "../poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "../../base/assert.h"

#define NS_PER_S 1000000000u
#define WAIT_MAX 256u
#define OWN UINT64_MAX /* data of kick and timer: a wake-up says all */

/* Edge-triggered: neither is ever read. */
static int watch_own(int queue, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = OWN};
    return descriptor < 0 || epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event) != 0 ? errno : 0;
}

static void close_if_open(int descriptor) {
    if (descriptor >= 0) {
        close(descriptor);
    }
}

int32_t siding_poller_open(struct siding_poller *out_poller) {
    struct siding_poller made = {.queue = epoll_create1(EPOLL_CLOEXEC), .kick = -1, .timer = -1};
    if (made.queue < 0) {
        return errno;
    }
    made.kick = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int error = watch_own(made.queue, made.kick);
    if (error == 0) {
        made.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        error = watch_own(made.queue, made.timer);
    }
    if (error != 0) {
        close_if_open(made.timer);
        close_if_open(made.kick);
        close(made.queue);
        return error;
    }
    *out_poller = made;
    return 0;
}

static int32_t control(const struct siding_poller *poller, int operation, int descriptor,
                       uint32_t conditions, uint64_t data) {
    siding_assert(data != OWN);
    struct epoll_event event = {.events = EPOLLET, .data.u64 = data};
    event.events |= conditions & SIDING_READY_READ ? EPOLLIN | EPOLLRDHUP : 0;
    event.events |= conditions & SIDING_READY_WRITE ? EPOLLOUT : 0;
    event.events |= conditions & SIDING_READY_PRIORITY ? EPOLLPRI : 0;
    int kept = errno;
    int error = epoll_ctl(poller->queue, operation, descriptor, &event) == 0 ? 0 : errno;
    errno = kept;
    return error;
}

/* The system takes them for registered already, and would let them be changed. */
static bool is_own(const struct siding_poller *poller, int descriptor) {
    return descriptor == poller->queue || descriptor == poller->kick || descriptor == poller->timer;
}

int32_t siding_poller_add(const struct siding_poller *poller, int descriptor, uint32_t conditions,
                          uint64_t data) {
    if (is_own(poller, descriptor)) {
        return EBADF;
    }
    return control(poller, EPOLL_CTL_ADD, descriptor, conditions, data);
}

int32_t siding_poller_change(const struct siding_poller *poller, int descriptor,
                             uint32_t conditions, uint64_t data) {
    return control(poller, EPOLL_CTL_MOD, descriptor, conditions, data);
}

bool siding_poller_remove(const struct siding_poller *poller, int descriptor, bool is_untold) {
    (void)is_untold;
    (void)control(poller, EPOLL_CTL_DEL, descriptor, 0, 0);
    return true;
}

void siding_poller_arm(const struct siding_poller *poller, uint64_t at_ns) {
    struct itimerspec when = {.it_value = {0}};
    if (at_ns != UINT64_MAX) {
        uint64_t most_ns = at_ns < INT64_MAX ? at_ns : INT64_MAX;
        when.it_value.tv_sec = (time_t)(most_ns / NS_PER_S);
        when.it_value.tv_nsec = (long)(most_ns % NS_PER_S);
    }
    int kept = errno;
    int failed = timerfd_settime(poller->timer, TFD_TIMER_ABSTIME, &when, NULL);
    errno = kept;
    siding_assert(failed == 0);
}

void siding_poller_kick(const struct siding_poller *poller) {
    const uint64_t one = 1;
    int kept = errno;
    (void)!write(poller->kick, &one, sizeof one);
    errno = kept;
}

static uint32_t conditions_of(uint32_t events) {
    uint32_t conditions = 0;
    conditions |= events & EPOLLIN ? SIDING_READY_READ : 0;
    conditions |= events & EPOLLOUT ? SIDING_READY_WRITE : 0;
    conditions |= events & EPOLLPRI ? SIDING_READY_PRIORITY : 0;
    conditions |= events & EPOLLRDHUP ? SIDING_READY_SHUTDOWN : 0;
    conditions |= events & EPOLLHUP ? SIDING_READY_HANGUP : 0;
    conditions |= events & EPOLLERR ? SIDING_READY_ERROR : 0;
    return conditions;
}

uint32_t siding_poller_wait(const struct siding_poller *poller, struct siding_ready *out_ready,
                            uint32_t capacity, bool blocks) {
    struct epoll_event events[WAIT_MAX];
    int most = capacity < WAIT_MAX ? (int)capacity : (int)WAIT_MAX;
    int count = epoll_wait(poller->queue, events, most, blocks ? -1 : 0);
    siding_assert(count >= 0 || errno == EINTR);
    uint32_t filled = 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 != OWN) {
            out_ready[filled++] =
                (struct siding_ready){events[i].data.u64, conditions_of(events[i].events)};
        }
    }
    return filled;
}

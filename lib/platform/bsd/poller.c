#include "../poller.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/event.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../base/assert.h"
#include "../platform.h"

#define WAIT_MAX 256u
#define FILTERS 3u
/* numbers of what the queue does itself */
#define KICK 1u
#define TIMER 2u

/* What a timer of the queue is set to, for it counts from now on; atomic: relaxed, a limit that is
   looked at once more when it goes off. */
static _Atomic(uint64_t) armed_ns;

static const struct {
    int16_t filter;
    uint32_t flags;
    uint32_t condition;
} filters[FILTERS] = {
    {EVFILT_READ, 0, SIDING_READY_READ},
    {EVFILT_WRITE, 0, SIDING_READY_WRITE},
    {EVFILT_EXCEPT, NOTE_OOB, SIDING_READY_PRIORITY},
};

/* @return 0 or errno */
static int32_t change(int queue, const struct kevent *event) {
    int kept = errno;
    int error = 0;
    while (kevent(queue, event, 1, NULL, 0, NULL) != 0 && error == 0) {
        error = errno == EINTR ? 0 : errno;
    }
    errno = kept;
    return error;
}

int32_t siding_poller_open(struct siding_poller *out_poller) {
    struct siding_poller made = {.queue = kqueue(), .kick = -1, .timer = -1};
    if (made.queue < 0) {
        return errno;
    }
    struct kevent kick;
    EV_SET(&kick, KICK, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, NULL);
    int32_t error = change(made.queue, &kick);
    if (error != 0) {
        close(made.queue);
        return error;
    }
    *out_poller = made;
    return 0;
}

/* The queue takes the data of this, too: where it knows the descriptor, the caller changes it. */
static bool is_known(const struct siding_poller *poller, int descriptor, uint64_t data) {
    bool known = false;
    for (uint32_t i = 0; i < FILTERS; i++) {
        struct kevent event;
        EV_SET(&event, (uintptr_t)descriptor, filters[i].filter, EV_ENABLE, filters[i].flags, 0,
               (void *)(uintptr_t)data);
        known |= change(poller->queue, &event) == 0;
    }
    return known;
}

/* Files and directories are always readable: nothing to wait for. @return 0 or errno */
static int32_t check(const struct siding_poller *poller, int descriptor) {
    struct stat status;
    if (descriptor == poller->queue) {
        return EBADF;
    }
    if (fstat(descriptor, &status) != 0) {
        return errno;
    }
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? EPERM : 0;
}

int32_t siding_poller_change(const struct siding_poller *poller, int descriptor,
                             uint32_t conditions, uint64_t data) {
    int32_t error = 0;
    for (uint32_t i = 0; i < FILTERS && error == 0; i++) {
        bool is_wanted = (conditions & filters[i].condition) != 0;
        struct kevent event;
        EV_SET(&event, (uintptr_t)descriptor, filters[i].filter,
               is_wanted ? EV_ADD | EV_CLEAR : EV_DELETE, filters[i].flags, 0,
               (void *)(uintptr_t)data);
        error = change(poller->queue, &event);
        if (!is_wanted && error == ENOENT) {
            error = 0;
        }
    }
    return error;
}

int32_t siding_poller_add(const struct siding_poller *poller, int descriptor, uint32_t conditions,
                          uint64_t data) {
    int32_t error = check(poller, descriptor);
    if (error != 0) {
        return error;
    }
    if (is_known(poller, descriptor, data)) {
        return EEXIST;
    }
    error = siding_poller_change(poller, descriptor, conditions, data);
    if (error != 0) {
        (void)siding_poller_remove(poller, descriptor, false);
    }
    return error;
}

bool siding_poller_remove(const struct siding_poller *poller, int descriptor, bool is_untold) {
    (void)is_untold;
    for (uint32_t i = 0; i < FILTERS; i++) {
        struct kevent event;
        EV_SET(&event, (uintptr_t)descriptor, filters[i].filter, EV_DELETE, 0, 0, NULL);
        (void)change(poller->queue, &event);
    }
    return true;
}

static void set_timer(const struct siding_poller *poller, uint64_t at_ns) {
    uint64_t now_ns = siding_clock_ns();
    uint64_t after_ns = at_ns > now_ns ? at_ns - now_ns : 1;
    struct kevent event;
    EV_SET(&event, TIMER, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_NSECONDS,
           (intptr_t)(after_ns < INTPTR_MAX ? after_ns : INTPTR_MAX), NULL);
    (void)change(poller->queue, &event);
}

void siding_poller_arm(const struct siding_poller *poller, uint64_t at_ns) {
    atomic_store_explicit(&armed_ns, at_ns, memory_order_relaxed);
    if (at_ns != UINT64_MAX) {
        set_timer(poller, at_ns);
        return;
    }
    struct kevent event;
    EV_SET(&event, TIMER, EVFILT_TIMER, EV_DELETE, 0, 0, NULL);
    (void)change(poller->queue, &event);
}

void siding_poller_kick(const struct siding_poller *poller) {
    struct kevent event;
    EV_SET(&event, KICK, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
    (void)change(poller->queue, &event);
}

static uint32_t conditions_of(const struct kevent *event) {
    bool is_over = (event->flags & EV_EOF) != 0;
    uint32_t error = is_over && event->fflags != 0 ? SIDING_READY_ERROR : 0;
    switch (event->filter) {
    case EVFILT_READ:
        return SIDING_READY_READ | (is_over ? SIDING_READY_SHUTDOWN : 0) | error;
    case EVFILT_WRITE:
        return SIDING_READY_WRITE | (is_over ? SIDING_READY_HANGUP : 0) | error;
    default:
        return SIDING_READY_PRIORITY;
    }
}

/* A timer of the queue counts by another clock. */
static void look_at_timer(const struct siding_poller *poller) {
    uint64_t at_ns = atomic_load_explicit(&armed_ns, memory_order_relaxed);
    if (siding_clock_ns() < at_ns && at_ns != UINT64_MAX) {
        set_timer(poller, at_ns);
    }
}

uint32_t siding_poller_wait(const struct siding_poller *poller, struct siding_ready *out_ready,
                            uint32_t capacity, bool blocks) {
    struct kevent events[WAIT_MAX];
    const struct timespec at_once = {0, 0};
    int most = capacity < WAIT_MAX ? (int)capacity : (int)WAIT_MAX;
    int count = kevent(poller->queue, NULL, 0, events, most, blocks ? NULL : &at_once);
    siding_assert(count >= 0 || errno == EINTR);
    uint32_t filled = 0;
    for (int i = 0; i < count; i++) {
        if (events[i].filter == EVFILT_TIMER) {
            look_at_timer(poller);
        } else if (events[i].filter != EVFILT_USER) {
            uint64_t data = (uint64_t)(uintptr_t)events[i].udata;
            out_ready[filled++] = (struct siding_ready){data, conditions_of(&events[i])};
        }
    }
    return filled;
}

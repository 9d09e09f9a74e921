#include "wait.h"

#include <errno.h>

#include "../../base/assert.h"
#include "wait_group.h"
#include "wait_object.h"
#include "wait_packet.h"
#include "wait_pipe.h"
#include "wait_socket.h"

/* As many as there can be sources. */
#define WAITS_MAX 65535u

struct siding_mutex wait_mutex = SIDING_MUTEX_INITIALIZER;
/* touched as far as it was used */
static struct wait waits[WAITS_MAX] SIDING_GUARDED_BY(&wait_mutex);
static uint32_t used SIDING_GUARDED_BY(&wait_mutex);
static uint32_t first_free SIDING_GUARDED_BY(&wait_mutex); /* number + 1; 0: none */
static bool is_forced SIDING_GUARDED_BY(&wait_mutex);
static enum wait_way forced_way SIDING_GUARDED_BY(&wait_mutex);
static uint32_t starved SIDING_GUARDED_BY(&wait_mutex); /* see wait_starve */
static HANDLE port;                                     /* immutable after wait_init */

void wait_init(HANDLE of_poller) {
    port = of_poller;
}

bool wait_force(enum wait_way way) {
    bool is_known = way != WAIT_BY_PACKET || wait_packet_is_known();
    siding_mutex_lock(&wait_mutex);
    is_forced = is_known;
    forced_way = way;
    siding_mutex_unlock(&wait_mutex);
    return is_known;
}

void wait_starve(uint32_t count) {
    siding_mutex_lock(&wait_mutex);
    starved = count;
    siding_mutex_unlock(&wait_mutex);
}

static bool is_starved(void) SIDING_REQUIRES(&wait_mutex) {
    bool is_one = starved > 0;
    starved -= is_one;
    return is_one;
}

bool wait_post(uint32_t key, uint64_t content) {
    return !is_starved() &&
           PostQueuedCompletionStatus(port, 0, key, (OVERLAPPED *)(uintptr_t)content);
}

/* ---- one wait -------------------------------------------------------------------------------- */

static uint32_t number_of(const struct wait *wait) SIDING_REQUIRES(&wait_mutex) {
    return (uint32_t)(wait - waits);
}

/* @return NULL: there is none of this number */
static struct wait *wait_at(int number) SIDING_REQUIRES(&wait_mutex) {
    bool is_used = number >= 0 && (uint32_t)number < used;
    return is_used && waits[number].state != WAIT_FREE ? &waits[number] : NULL;
}

uint64_t wait_ticket(const struct wait *wait) {
    return (uint64_t)wait->turn << 32 | number_of(wait);
}

static void next_turn(struct wait *wait) SIDING_REQUIRES(&wait_mutex) {
    wait->turn = wait->turn == UINT32_MAX ? 1 : wait->turn + 1;
}

void wait_took(struct wait *wait) {
    wait->has_taken = wait_takes(wait);
}

void wait_give_back(struct wait *wait) {
    if (wait->has_taken) {
        wait->has_taken = false;
        wait_object_give_back(wait->object, wait->nature);
    }
}

static struct wait *take_free(void) SIDING_REQUIRES(&wait_mutex) {
    if (first_free == 0 && used == WAITS_MAX) {
        return NULL;
    }
    struct wait *wait = first_free == 0 ? &waits[used++] : &waits[first_free - 1];
    first_free = first_free == 0 ? 0 : wait->next_free;
    *wait = (struct wait){.turn = wait->turn, .state = WAIT_IDLE};
    next_turn(wait);
    return wait;
}

/* What is adopted. */
struct subject {
    enum wait_nature nature;
    HANDLE object;
    struct wait_pipe *pipe;
};

static void let_go(const struct subject *subject) {
    if (subject->nature == WAIT_PIPE) {
        wait_pipe_destroy(subject->pipe);
    } else if (subject->nature != WAIT_SOCKET) {
        (void)CloseHandle(subject->object);
    }
}

void wait_free(struct wait *wait) {
    siding_assert(wait->state != WAIT_FREE && wait->state != WAIT_ARMED);
    let_go(&(struct subject){wait->nature, wait->object, wait->pipe});
    if (wait->way == WAIT_BY_PACKET && wait->packet != NULL) {
        (void)CloseHandle(wait->packet);
    }
    next_turn(wait);
    wait->state = WAIT_FREE;
    wait->next_free = first_free;
    first_free = number_of(wait) + 1;
}

/* ---- adoption -------------------------------------------------------------------------------- */

/* Handles have 32 bits that count. */
static HANDLE handle_of(int object) {
    return (HANDLE)(intptr_t)object;
}

/* @return 0 or errno */
static int32_t prepare_way(struct wait *wait) SIDING_REQUIRES(&wait_mutex) {
    if (wait->nature == WAIT_SOCKET) {
        wait->way = WAIT_BY_POLL;
        return wait_socket_open(port);
    }
    enum wait_way best = wait_packet_is_known() ? WAIT_BY_PACKET : WAIT_BY_GROUP;
    wait->way = is_forced ? forced_way : best;
    if (wait->way == WAIT_BY_GROUP) {
        return wait_group_join(wait);
    }
    wait->packet = wait_packet_create();
    return wait->packet == NULL ? ENOMEM : 0;
}

/* @return 0 or errno */
static int32_t make(const struct subject *subject, int *out_descriptor) {
    int32_t error = ENOMEM;
    siding_mutex_lock(&wait_mutex);
    struct wait *wait = take_free();
    if (wait != NULL) {
        wait->nature = subject->nature;
        wait->object = subject->object;
        wait->pipe = subject->pipe;
        error = prepare_way(wait);
    }
    if (error == 0) {
        *out_descriptor = (int)number_of(wait);
    } else if (wait != NULL) {
        wait_free(wait);
    }
    siding_mutex_unlock(&wait_mutex);
    if (wait == NULL) {
        let_go(subject);
    }
    return error;
}

/* What is waited for in place of an object. @return 0 or errno */
static int32_t own(HANDLE object, struct subject *subject) {
    HANDLE self = GetCurrentProcess();
    if (subject->nature == WAIT_PIPE) {
        int32_t error = wait_pipe_create(object, &subject->pipe);
        subject->object = error == 0 ? subject->pipe->event : NULL;
        return error;
    }
    if (DuplicateHandle(self, object, self, &subject->object, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        return 0;
    }
    switch (GetLastError()) {
    case ERROR_INVALID_HANDLE: /* closed since it was looked at */
        return EBADF;
    case ERROR_ACCESS_DENIED:
        return EACCES;
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NOT_ENOUGH_MEMORY:
        return ENOMEM;
    default:
        return EMFILE;
    }
}

int32_t siding_poller_adopt(int object, uint32_t conditions, int *out_descriptor) {
    struct subject subject = {.nature = WAIT_SOCKET};
    if (wait_socket_look(handle_of(object), &subject.object)) {
        return make(&subject, out_descriptor);
    }
    int32_t error = wait_object_look(handle_of(object), &subject.nature);
    if (error != 0 || conditions != SIDING_READY_READ) {
        return error != 0 ? error : EINVAL;
    }
    error = own(handle_of(object), &subject);
    return error != 0 ? error : make(&subject, out_descriptor);
}

HANDLE wait_handle(int descriptor) {
    siding_mutex_lock(&wait_mutex);
    struct wait *wait = wait_at(descriptor);
    HANDLE handle = wait == NULL                ? NULL
                    : wait->nature == WAIT_PIPE ? wait->pipe->handle
                                                : wait->object;
    siding_mutex_unlock(&wait_mutex);
    return handle;
}

/* One that is not waited for. */
static void end(struct wait *wait) SIDING_REQUIRES(&wait_mutex) {
    if (wait->way == WAIT_BY_GROUP) {
        wait_group_leave(wait);
    }
    wait_free(wait);
}

void siding_poller_disown(int descriptor) {
    siding_mutex_lock(&wait_mutex);
    struct wait *wait = wait_at(descriptor);
    siding_assert(wait != NULL && wait->state == WAIT_IDLE);
    end(wait);
    siding_mutex_unlock(&wait_mutex);
}

int32_t siding_poller_add(const struct siding_poller *poller, int descriptor, uint32_t conditions,
                          uint64_t data) {
    return siding_poller_change(poller, descriptor, conditions, data);
}

int32_t siding_poller_change(const struct siding_poller *poller, int descriptor,
                             uint32_t conditions, uint64_t data) {
    (void)poller;
    siding_mutex_lock(&wait_mutex);
    struct wait *wait = wait_at(descriptor);
    siding_assert(wait != NULL);
    wait->data = data;
    wait->conditions = conditions;
    siding_mutex_unlock(&wait_mutex);
    return 0;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* @return false: the system refused */
static bool begin(struct wait *wait) SIDING_REQUIRES(&wait_mutex) {
    if (wait->nature == WAIT_PIPE) {
        wait_pipe_begin(wait->pipe);
    }
    switch (wait->way) {
    case WAIT_BY_GROUP:
        wait_group_arm(wait);
        return true;
    case WAIT_BY_PACKET:
        return wait_packet_arm(wait->packet, port, wait->object, wait_ticket(wait));
    default:
        return wait_socket_arm(&wait->poll, wait->object, wait->conditions, wait_ticket(wait));
    }
}

/* @return false: the system refused */
static bool arm(struct wait *wait) SIDING_REQUIRES(&wait_mutex) {
    wait->has_taken = false;
    wait->has_failed = false;
    wait->state = WAIT_ARMED;
    next_turn(wait);
    if (is_starved() || !begin(wait)) {
        wait->state = WAIT_IDLE;
        return false;
    }
    return true;
}

bool siding_poller_await(const struct siding_poller *poller, int descriptor) {
    (void)poller;
    siding_mutex_lock(&wait_mutex);
    struct wait *wait = wait_at(descriptor);
    bool is_idle = wait != NULL && wait->state == WAIT_IDLE;
    bool is_armed = is_idle ? arm(wait) : wait != NULL;
    siding_mutex_unlock(&wait_mutex);
    return is_armed;
}

/* Nothing of one that is waited for: what it would take is on its way. */
static uint32_t look_at(struct wait *wait, uint32_t conditions) SIDING_REQUIRES(&wait_mutex) {
    if (wait->state != WAIT_IDLE) {
        return 0;
    }
    if (wait->nature == WAIT_SOCKET) {
        return wait_socket_conditions(wait->object, conditions);
    }
    if (wait->nature == WAIT_PIPE) {
        return wait_pipe_conditions(wait->pipe);
    }
    wait->has_taken = false;
    switch (WaitForSingleObject(wait->object, 0)) {
    case WAIT_OBJECT_0:
        wait_took(wait);
        return SIDING_READY_READ;
    case WAIT_TIMEOUT:
        return 0;
    default:
        return SIDING_POLLER_GONE;
    }
}

void siding_poller_look_all(struct siding_look *looks, uint32_t count) {
    siding_mutex_lock(&wait_mutex);
    for (uint32_t i = 0; i < count; i++) {
        struct wait *wait = wait_at(looks[i].descriptor);
        looks[i].conditions = wait == NULL               ? SIDING_POLLER_GONE
                              : looks[i].conditions == 0 ? 0
                                                         : look_at(wait, looks[i].conditions);
    }
    siding_mutex_unlock(&wait_mutex);
}

/* What a wait that is over tells. */
static uint32_t finish(struct wait *wait) SIDING_REQUIRES(&wait_mutex) {
    bool was_posted = wait->state == WAIT_POSTED;
    wait->state = WAIT_IDLE;
    if (wait->nature == WAIT_SOCKET) {
        return wait_socket_read(&wait->poll);
    }
    if (wait->nature == WAIT_PIPE) {
        return SIDING_READY_READ | wait_pipe_conditions(wait->pipe); /* or a connection */
    }
    if (!was_posted) {
        wait_took(wait); /* a packet: the system took it */
    }
    return wait->has_failed ? SIDING_READY_ERROR : SIDING_READY_READ;
}

/* @return whether this is news */
static bool read_wait(struct wait *wait, struct siding_ready *out_ready)
    SIDING_REQUIRES(&wait_mutex) {
    switch (wait->state) {
    case WAIT_ARMED:
    case WAIT_POSTED:
        if (wait->nature == WAIT_PIPE && wait_pipe_is_cut_off(wait->pipe) && arm(wait)) {
            return false;
        }
        *out_ready = (struct siding_ready){wait->data, finish(wait)};
        return true;
    case WAIT_LEAVING: /* a poll that was cancelled */
        wait_free(wait);
        return false;
    default:
        return false;
    }
}

bool wait_read(const OVERLAPPED_ENTRY *entry, struct siding_ready *out_ready) {
    uint64_t content = (uint64_t)(uintptr_t)entry->lpOverlapped;
    if (entry->lpCompletionKey == WAIT_KEY_GONE) {
        *out_ready = (struct siding_ready){content, SIDING_POLLER_GONE};
        return true;
    }
    siding_mutex_lock(&wait_mutex);
    struct wait *wait = wait_at((int)(uint32_t)content);
    bool is_its_turn = wait != NULL && wait->turn == content >> 32;
    bool is_news = is_its_turn && read_wait(wait, out_ready);
    siding_mutex_unlock(&wait_mutex);
    return is_news;
}

/* ---- removal --------------------------------------------------------------------------------- */

/* @return whether nothing more can be taken */
static bool stop(struct wait *wait) SIDING_REQUIRES(&wait_mutex) {
    if (wait->nature == WAIT_PIPE) {
        wait_pipe_release(wait->pipe);
    }
    if (wait->way != WAIT_BY_PACKET) {
        wait->state = WAIT_LEAVING;
    }
    if (wait->way == WAIT_BY_POLL) {
        wait_socket_cancel(&wait->poll);
        return true;
    }
    if (wait->way == WAIT_BY_GROUP) {
        wait_group_expel(wait);
        return !wait_takes(wait);
    }
    if (!wait_packet_cancel(wait->packet)) {
        wait_took(wait);
        wait_give_back(wait);
    }
    wait->state = WAIT_IDLE;
    end(wait);
    return true;
}

bool siding_poller_remove(const struct siding_poller *poller, int descriptor, bool is_untold) {
    (void)poller;
    siding_mutex_lock(&wait_mutex);
    struct wait *wait = wait_at(descriptor);
    siding_assert(wait != NULL && wait->state != WAIT_LEAVING);
    bool is_done = true;
    if (wait->state == WAIT_ARMED || wait->state == WAIT_OVER) {
        is_done = stop(wait);
    } else {
        if (is_untold || wait->state == WAIT_POSTED) {
            wait_give_back(wait);
        }
        end(wait);
    }
    siding_mutex_unlock(&wait_mutex);
    return is_done;
}

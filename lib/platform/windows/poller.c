#include "../poller.h"

#include <windows.h>

#include <errno.h>
#include <stdatomic.h>

#include "../../base/assert.h"
#include "../platform.h"
#include "../watch.h"

/*
 * The queue is an I/O completion port: it is kicked by a packet, and a wait ends when the armed
 * time has come. No kind of object can be registered yet.
 */

#define WAIT_MAX 64u
#define NS_PER_MS 1000000u
/* What a packet without data is for: the wait is to look at what has changed. */
#define KICK 1u

/* When a wait is to end, UINT64_MAX: it has been told; atomic: release in arm, paired with acquire
   in wait. A wait that has begun is kicked. */
static _Atomic(uint64_t) armed_ns = UINT64_MAX;

/* Handles have 32 bits that count. */
static HANDLE port_of(const struct siding_poller *poller) {
    return (HANDLE)(intptr_t)poller->queue;
}

int32_t siding_poller_open(struct siding_poller *out_poller) {
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (port == NULL) {
        return ENOMEM;
    }
    *out_poller = (struct siding_poller){.queue = (int)(intptr_t)port, .kick = -1, .timer = -1};
    return 0;
}

int32_t siding_poller_add(const struct siding_poller *poller, int descriptor, uint32_t conditions,
                          uint64_t data) {
    return siding_poller_change(poller, descriptor, conditions, data);
}

int32_t siding_poller_change(const struct siding_poller *poller, int descriptor,
                             uint32_t conditions, uint64_t data) {
    (void)poller;
    (void)descriptor;
    (void)conditions;
    (void)data;
    return ENOSYS;
}

void siding_poller_remove(const struct siding_poller *poller, int descriptor) {
    (void)poller;
    (void)descriptor;
}

void siding_poller_arm(const struct siding_poller *poller, uint64_t at_ns) {
    uint64_t before_ns = atomic_exchange_explicit(&armed_ns, at_ns, memory_order_acq_rel);
    if (at_ns < before_ns) {
        siding_poller_kick(poller);
    }
}

void siding_poller_kick(const struct siding_poller *poller) {
    uint64_t errors = siding_errors_save();
    (void)PostQueuedCompletionStatus(port_of(poller), 0, KICK, NULL);
    siding_errors_restore(errors);
}

/* Rounded up, so that a wait is never short. */
static DWORD rest_ms(uint64_t at_ns) {
    uint64_t now_ns = siding_clock_ns();
    if (at_ns == UINT64_MAX) {
        return INFINITE;
    }
    uint64_t rest_ns = at_ns > now_ns ? at_ns - now_ns : 0;
    uint64_t timeout_ms = rest_ns / NS_PER_MS + (rest_ns % NS_PER_MS != 0);
    return timeout_ms < INFINITE ? (DWORD)timeout_ms : INFINITE - 1;
}

/* A time ends one wait, not those after it too. */
static void disarm_past(uint64_t at_ns) {
    if (siding_clock_ns() >= at_ns) {
        /* Relaxed: only arm tells anything by it. */
        (void)atomic_compare_exchange_strong_explicit(&armed_ns, &at_ns, UINT64_MAX,
                                                      memory_order_relaxed, memory_order_relaxed);
    }
}

uint32_t siding_poller_wait(const struct siding_poller *poller, struct siding_ready *out_ready,
                            uint32_t capacity, bool blocks) {
    OVERLAPPED_ENTRY entries[WAIT_MAX];
    ULONG count = 0;
    (void)out_ready;
    (void)capacity;
    uint64_t at_ns = atomic_load_explicit(&armed_ns, memory_order_acquire);
    DWORD timeout_ms = blocks ? rest_ms(at_ns) : 0;
    if (!GetQueuedCompletionStatusEx(port_of(poller), entries, WAIT_MAX, &count, timeout_ms,
                                     FALSE)) {
        count = 0;
    }
    for (ULONG i = 0; i < count; i++) {
        siding_assert(entries[i].lpCompletionKey == KICK);
    }
    disarm_past(at_ns);
    return 0;
}

void siding_poller_look_all(struct siding_look *looks, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        looks[i].conditions = SIDING_POLLER_GONE;
    }
}

int32_t siding_signal_watch(int number, void (*notice)(int number)) {
    (void)number;
    (void)notice;
    return ENOSYS;
}

void siding_signal_unwatch(int number) {
    (void)number;
}

int32_t siding_child_open(int64_t process, struct siding_child *out_child) {
    (void)process;
    (void)out_child;
    return ENOSYS;
}

enum siding_child_outcome siding_child_collect(const struct siding_child *child, int *out_code,
                                               int *out_signal) {
    (void)child;
    (void)out_code;
    (void)out_signal;
    return SIDING_CHILD_LOST;
}

void siding_child_close(const struct siding_child *child) {
    (void)child;
}

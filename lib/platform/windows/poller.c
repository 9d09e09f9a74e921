#include "../poller.h"

#include <windows.h>

#include <errno.h>
#include <stdatomic.h>

#include "../platform.h"
#include "../watch.h"
#include "wait.h"

/*
 * The queue is an I/O completion port: it is kicked by a packet, and a wait ends when the armed
 * time has come. What is waited for, see wait.h.
 */

#define WAIT_MAX 256u
#define NS_PER_MS 1000000u

/* When a wait is to end, UINT64_MAX: it has been told; atomic: release in arm, paired with acquire
   in wait. A wait that has begun is kicked. */
static _Atomic(uint64_t) armed_ns = UINT64_MAX;

/* Whether a kick is on its way, to which others add nothing; atomic: acq_rel in kick, paired with
   acq_rel where the kick is taken: what came before any of them is seen after the wait it ends. */
static _Atomic(bool) is_kicked;

/* Handles have 32 bits that count. */
static HANDLE port_of(const struct siding_poller *poller) {
    return (HANDLE)(intptr_t)poller->queue;
}

int32_t siding_poller_open(struct siding_poller *out_poller) {
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (port == NULL) {
        return ENOMEM;
    }
    wait_init(port);
    *out_poller = (struct siding_poller){.queue = (int)(intptr_t)port, .kick = -1, .timer = -1};
    return 0;
}

void siding_poller_arm(const struct siding_poller *poller, uint64_t at_ns) {
    uint64_t before_ns = atomic_exchange_explicit(&armed_ns, at_ns, memory_order_acq_rel);
    if (at_ns < before_ns) {
        siding_poller_kick(poller);
    }
}

void siding_poller_kick(const struct siding_poller *poller) {
    if (atomic_exchange_explicit(&is_kicked, true, memory_order_acq_rel)) {
        return;
    }
    uint64_t errors = siding_errors_save();
    if (!PostQueuedCompletionStatus(port_of(poller), 0, WAIT_KEY_KICK, NULL)) {
        atomic_store_explicit(&is_kicked, false, memory_order_release);
    }
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
    uint32_t filled = 0;
    uint64_t at_ns = atomic_load_explicit(&armed_ns, memory_order_acquire);
    DWORD timeout_ms = blocks ? rest_ms(at_ns) : 0;
    ULONG most = capacity < WAIT_MAX ? capacity : WAIT_MAX;
    if (!GetQueuedCompletionStatusEx(port_of(poller), entries, most, &count, timeout_ms, FALSE)) {
        count = 0;
    }
    for (ULONG i = 0; i < count; i++) {
        if (entries[i].lpCompletionKey != WAIT_KEY_KICK) {
            filled += wait_read(&entries[i], &out_ready[filled]);
        } else {
            (void)atomic_exchange_explicit(&is_kicked, false, memory_order_acq_rel);
        }
    }
    disarm_past(at_ns);
    return filled;
}

int32_t siding_signal_watch(int number, void (*notice)(int number)) {
    (void)number;
    (void)notice;
    return ENOSYS;
}

void siding_signal_unwatch(int number) {
    (void)number;
}

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "../platform.h"

/*
 * A private signal whose handler only counts, without SA_RESTART, never uninstalled: so a system
 * call that blocks returns EINTR, and one that comes late hits nobody.
 */
static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static int signal_number; /* immutable after install_once; 0: none is free */

/* atomic: relaxed; written by the handler on its own thread */
static _Thread_local _Atomic(uint32_t) handled_count;

static void on_signal(int number) {
    (void)number;
    atomic_fetch_add_explicit(&handled_count, 1, memory_order_relaxed);
}

static bool is_unused(int number) {
    struct sigaction current;
    return sigaction(number, NULL, &current) == 0 && (current.sa_flags & SA_SIGINFO) == 0 &&
           current.sa_handler == SIG_DFL;
}

static bool handle(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    return sigemptyset(&action.sa_mask) == 0 && sigaction(number, &action, NULL) == 0;
}

/* Emulators of other processors take a handler for a signal that they have not. */
static bool arrives(int number) {
    sigset_t only, before;
    uint32_t count = atomic_load_explicit(&handled_count, memory_order_relaxed);
    if (sigemptyset(&only) != 0 || sigaddset(&only, number) != 0 ||
        pthread_sigmask(SIG_UNBLOCK, &only, &before) != 0) {
        return false;
    }
    bool sent = pthread_kill(pthread_self(), number) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sent && atomic_load_explicit(&handled_count, memory_order_relaxed) != count;
}

static bool install(int number) {
    if (!is_unused(number) || !handle(number, on_signal)) {
        return false;
    }
    if (!arrives(number)) {
        (void)handle(number, SIG_DFL);
        return false;
    }
    return true;
}

/* Real-time signals are queued, so that none is merged with another; runtimes start from below. */
static void choose(void) {
#if defined(SIGRTMAX)
    for (int number = SIGRTMAX - 1; number > SIGRTMIN; number--) {
        if (install(number)) {
            signal_number = number;
            return;
        }
    }
#endif
    if (signal_number == 0 && install(SIGURG)) {
        signal_number = SIGURG;
    }
}

const _Atomic(uint32_t) *siding_thread_interrupts(void) {
    return &handled_count;
}

void siding_thread_accept_interrupts(void) {
    sigset_t signals;
    (void)pthread_once(&install_once, choose);
    if (signal_number != 0 && sigemptyset(&signals) == 0 &&
        sigaddset(&signals, signal_number) == 0) {
        (void)pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    }
}

bool siding_thread_interrupt(uintptr_t thread) {
    (void)pthread_once(&install_once, choose);
    int error = errno;
    bool sent = signal_number != 0 && pthread_kill((pthread_t)thread, signal_number) == 0;
    errno = error;
    return sent;
}

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../platform.h"
#include "../watch.h"

/* What was there before. Never freed, for a handler may be running: there are few. */
struct former {
    struct sigaction action; /* immutable */
    struct former *next;     /* likewise */
};

/* atomic, all: acquire/release, for what is behind them */
static _Atomic(struct former *) formers; /* all of them; added to by one thread at a time */
static _Atomic(struct former *) former_of[SIDING_SIGNALS_MAX];
static _Atomic(uintptr_t) notice_of; /* a void (*)(int) */

/* A handler that has taken our place may call us, and we it: a bit for each signal. */
static _Thread_local uint64_t inside;

static void call_former(const struct former *former, int number, siginfo_t *info, void *context) {
    if (former == NULL) {
        return;
    }
    if (former->action.sa_flags & SA_SIGINFO) {
        former->action.sa_sigaction(number, info, context);
    } else if (former->action.sa_handler != SIG_DFL && former->action.sa_handler != SIG_IGN) {
        former->action.sa_handler(number);
    }
}

static void on_signal(int number, siginfo_t *info, void *context) {
    int error = errno;
    uint64_t bit = UINT64_C(1) << (number - 1);
    if ((inside & bit) != 0) {
        return;
    }
    inside |= bit;
    uintptr_t notice = atomic_load_explicit(&notice_of, memory_order_acquire);
    if (notice != 0 && !siding_process_is_forked()) {
        ((void (*)(int))notice)(number);
    }
    call_former(atomic_load_explicit(&former_of[number], memory_order_acquire), number, info,
                context);
    inside &= ~bit;
    errno = error;
}

static bool is_ours(const struct sigaction *action) {
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == on_signal;
}

static bool is_same(const struct sigaction *a, const struct sigaction *b) {
    return a->sa_flags == b->sa_flags && a->sa_handler == b->sa_handler;
}

/* @return NULL: out of memory */
static struct former *keep(const struct sigaction *action) {
    struct former *first = atomic_load_explicit(&formers, memory_order_acquire);
    struct former *kept = first;
    while (kept != NULL && !is_same(&kept->action, action)) {
        kept = kept->next;
    }
    if (kept != NULL) {
        return kept;
    }
    kept = malloc(sizeof *kept);
    if (kept != NULL) {
        *kept = (struct former){*action, first};
        atomic_store_explicit(&formers, kept, memory_order_release);
    }
    return kept;
}

/* Those of a fault have to be dealt with where it happened. */
static bool is_watchable(int number) {
    return number > 0 && number < (int)SIDING_SIGNALS_MAX && number != SIGKILL &&
           number != SIGSTOP && number != SIGSEGV && number != SIGBUS && number != SIGILL &&
           number != SIGFPE && number != SIGTRAP && number != SIGABRT;
}

int32_t siding_signal_watch(int number, void (*notice)(int number)) {
    struct sigaction current;
    if (!is_watchable(number)) {
        return EINVAL;
    }
    if (sigaction(number, NULL, &current) != 0) {
        return errno;
    }
    if (is_ours(&current)) {
        return 0;
    }
    struct former *former = keep(&current);
    if (former == NULL) {
        return ENOMEM;
    }
    atomic_store_explicit(&notice_of, (uintptr_t)notice, memory_order_release);
    atomic_store_explicit(&former_of[number], former, memory_order_release);
    struct sigaction ours = {.sa_sigaction = on_signal, .sa_mask = current.sa_mask};
    int inherited = SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT;
    bool had_handler = current.sa_handler != SIG_DFL && current.sa_handler != SIG_IGN;
    int flags = had_handler ? current.sa_flags & inherited : SA_RESTART;
    ours.sa_flags = flags | SA_SIGINFO | SA_ONSTACK;
    return sigaction(number, &ours, NULL) == 0 ? 0 : errno;
}

void siding_signal_unwatch(int number) {
    struct sigaction current;
    const struct former *former = atomic_load_explicit(&former_of[number], memory_order_acquire);
    if (former != NULL && sigaction(number, NULL, &current) == 0 && is_ours(&current)) {
        (void)sigaction(number, &former->action, NULL);
    }
}

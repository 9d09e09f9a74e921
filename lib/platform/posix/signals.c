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
/* atomic: seq_cst, against what the system has for the signal; see give_back */
static _Atomic(bool) is_watched[SIDING_SIGNALS_MAX];

/* A handler that has taken our place may call us, and we it: a bit for each signal. */
static _Thread_local uint64_t inside;

static bool is_ours(const struct sigaction *action);

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

static void report(int number) {
    uintptr_t notice = atomic_load_explicit(&notice_of, memory_order_acquire);
    if (notice != 0 && !siding_process_is_forked()) {
        ((void (*)(int))notice)(number);
    }
}

static bool is_default(const struct former *former) {
    return former != NULL && (former->action.sa_flags & SA_SIGINFO) == 0 &&
           former->action.sa_handler == SIG_DFL;
}

/*
 * Nobody listens, and a handler that had taken our place has put us back: what would have happened
 * without us is to happen. Where it is another handler that calls us, that is its own affair. A
 * watch that comes meanwhile finds the default in place, or is found here: each of the two writes
 * before it reads.
 */
static void give_back(int number, const struct former *former) {
    struct sigaction current;
    if (sigaction(number, NULL, &current) != 0 || !is_ours(&current)) {
        return;
    }
    (void)sigaction(number, &former->action, NULL);
    if (atomic_load_explicit(&is_watched[number], memory_order_seq_cst)) {
        (void)sigaction(number, &current, NULL);
        report(number);
    } else {
        (void)raise(number); /* once this handler returns */
    }
}

static void on_signal(int number, siginfo_t *info, void *context) {
    int error = errno;
    uint64_t bit = UINT64_C(1) << (number - 1);
    if ((inside & bit) != 0) {
        return;
    }
    inside |= bit;
    const struct former *former = atomic_load_explicit(&former_of[number], memory_order_acquire);
    if (atomic_load_explicit(&is_watched[number], memory_order_seq_cst)) {
        report(number);
    } else if (is_default(former)) {
        give_back(number, former);
    }
    call_former(former, number, info, context);
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

/* @return errno */
static int32_t install(int number) {
    struct sigaction current;
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
    atomic_store_explicit(&former_of[number], former, memory_order_release);
    struct sigaction ours = {.sa_sigaction = on_signal, .sa_mask = current.sa_mask};
    int inherited = SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT;
    bool had_handler = current.sa_handler != SIG_DFL && current.sa_handler != SIG_IGN;
    int flags = had_handler ? current.sa_flags & inherited : SA_RESTART;
    ours.sa_flags = flags | SA_SIGINFO | SA_ONSTACK;
    return sigaction(number, &ours, NULL) == 0 ? 0 : errno;
}

int32_t siding_signal_watch(int number, void (*notice)(int number)) {
    if (!is_watchable(number)) {
        return EINVAL;
    }
    atomic_store_explicit(&notice_of, (uintptr_t)notice, memory_order_release);
    bool was_watched = atomic_exchange_explicit(&is_watched[number], true, memory_order_seq_cst);
    int32_t error = install(number);
    if (error != 0) {
        atomic_store_explicit(&is_watched[number], was_watched, memory_order_seq_cst);
    }
    return error;
}

void siding_signal_unwatch(int number) {
    struct sigaction current;
    const struct former *former = atomic_load_explicit(&former_of[number], memory_order_acquire);
    atomic_store_explicit(&is_watched[number], false, memory_order_seq_cst);
    if (former != NULL && sigaction(number, NULL, &current) == 0 && is_ours(&current)) {
        (void)sigaction(number, &former->action, NULL);
    }
}

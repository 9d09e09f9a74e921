#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "../platform.h"
#include "../watch.h"
#include "former.h"

/* Threads that are inside of one signal's handler at once; one more leaves the former ones out. */
#define VISITS_MAX 64u

/* A thread inside of our handler. owner: the thread, which alone finds it */
struct visit {
    _Atomic(uintptr_t) thread;   /* 0: free; atomic: acquire/release from thread to thread */
    const struct former *former; /* whom it is calling */
};

static struct visit visits[SIDING_SIGNALS_MAX][VISITS_MAX];
/* atomic, both: acquire/release, for what is behind them */
static _Atomic(const struct former *) former_of[SIDING_SIGNALS_MAX];
static _Atomic(uintptr_t) notice_of; /* a void (*)(int) */
/* atomic: seq_cst, against what the system has for the signal; see give_back */
static _Atomic(bool) is_watched[SIDING_SIGNALS_MAX];

/* ---- visits ---------------------------------------------------------------------------------- */

/*
 * Whether this thread is inside already, and how far: a handler that has taken our place may call
 * us, and we it. Not a _Thread_local, as in fault.c: the first look at one of those may allocate.
 */
static struct visit *find_visit(int number, uintptr_t thread) {
    for (uint32_t i = 0; i < VISITS_MAX; i++) {
        struct visit *visit = &visits[number][i];
        /* relaxed: what this thread has written */
        if (atomic_load_explicit(&visit->thread, memory_order_relaxed) == thread) {
            return visit;
        }
    }
    return NULL;
}

/* @return NULL: there are VISITS_MAX */
static struct visit *begin_visit(int number, uintptr_t thread) {
    for (uint32_t i = 0; i < VISITS_MAX; i++) {
        struct visit *visit = &visits[number][i];
        uintptr_t nobody = 0;
        /* acquire: pairs with end_visit */
        if (atomic_load_explicit(&visit->thread, memory_order_relaxed) == nobody &&
            atomic_compare_exchange_strong_explicit(&visit->thread, &nobody, thread,
                                                    memory_order_acquire, memory_order_relaxed)) {
            return visit;
        }
    }
    return NULL;
}

static void end_visit(struct visit *visit) {
    atomic_store_explicit(&visit->thread, 0, memory_order_release);
}

/* ---- the handler ----------------------------------------------------------------------------- */

static void on_signal(int number, siginfo_t *info, void *context);

static bool is_ours(const struct sigaction *action) {
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == on_signal;
}

static void report(int number) {
    uintptr_t notice = atomic_load_explicit(&notice_of, memory_order_acquire);
    if (notice != 0 && !siding_process_is_forked()) {
        ((void (*)(int))notice)(number);
    }
}

/*
 * Nobody listens, and a handler that had taken our place has put us back: what would have happened
 * without us is to happen. A watch that comes meanwhile finds the default in place, or is found
 * here: each of the two writes before it reads.
 */
static void give_back(int number, const struct former *former, const struct sigaction *ours) {
    (void)sigaction(number, &former->action, NULL);
    if (atomic_load_explicit(&is_watched[number], memory_order_seq_cst)) {
        (void)sigaction(number, ours, NULL);
        report(number);
    } else {
        (void)raise(number); /* once this handler returns */
    }
}

static void pass_on(struct visit *visit, const struct former *former, int number, siginfo_t *info,
                    void *context) {
    const struct former *before = visit->former;
    visit->former = former;
    siding_former_call(former, number, info, context);
    visit->former = before;
}

/* Not from inside of itself: from the system, or by a handler in our place. */
static void come_in(uintptr_t thread, int number, siginfo_t *info, void *context) {
    const struct former *former = atomic_load_explicit(&former_of[number], memory_order_acquire);
    struct sigaction current;
    bool is_known = sigaction(number, NULL, &current) == 0;
    bool is_in_place = is_known && is_ours(&current);
    if (atomic_load_explicit(&is_watched[number], memory_order_seq_cst)) {
        report(number);
    } else if (is_in_place && siding_former_is_default(former)) {
        give_back(number, former, &current);
    }
    if (is_known && siding_former_is(former, &current)) {
        former = former->earlier; /* it is the one that calls us */
    }
    struct visit *visit = begin_visit(number, thread);
    if (visit != NULL) {
        pass_on(visit, former, number, info, context);
        end_visit(visit);
    }
}

static void on_signal(int number, siginfo_t *info, void *context) {
    int error = errno;
    uintptr_t thread = siding_thread_self();
    struct visit *visit = find_visit(number, thread);
    if (visit == NULL) {
        come_in(thread, number, info, context);
    } else if (visit->former != NULL) {
        pass_on(visit, visit->former->earlier, number, info, context);
    }
    errno = error;
}

/* ---- watching -------------------------------------------------------------------------------- */

/* Those of a fault have to be dealt with where it happened. */
static bool is_watchable(int number) {
    return number > 0 && number < (int)SIDING_SIGNALS_MAX && number != SIGKILL &&
           number != SIGSTOP && number != SIGSEGV && number != SIGBUS && number != SIGILL &&
           number != SIGFPE && number != SIGTRAP && number != SIGABRT;
}

static void set_former(int number, const struct former *former) {
    atomic_store_explicit(&former_of[number], former, memory_order_release);
}

/* Goes on as it did before: calls interrupted or not, children collected by the system or not. */
static struct sigaction ours_in_place_of(const struct sigaction *former, int number) {
    struct sigaction ours = {.sa_sigaction = on_signal, .sa_mask = former->sa_mask};
    bool has_handler = former->sa_handler != SIG_DFL && former->sa_handler != SIG_IGN;
    bool ignores_children = number == SIGCHLD && former->sa_handler == SIG_IGN;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ours.sa_flags |= former->sa_flags & (SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT);
    ours.sa_flags |= has_handler ? 0 : SA_RESTART;
    ours.sa_flags |= ignores_children ? SA_NOCLDWAIT : 0;
    return ours;
}

/* One that was installed after we had looked is in its place, not the one we saw. @return errno */
static int32_t replace(int number, const struct sigaction *former, const struct former *earlier) {
    const struct former *latest = siding_former_add(earlier, former);
    struct sigaction ours = ours_in_place_of(former, number);
    struct sigaction before;
    if (latest == NULL) {
        return ENOMEM;
    }
    set_former(number, latest); /* for whoever is in the handler at once */
    if (sigaction(number, &ours, &before) != 0) {
        set_former(number, earlier);
        return errno;
    }
    if (siding_former_is(latest, &before)) {
        return 0;
    }
    latest = is_ours(&before) ? earlier : siding_former_add(earlier, &before);
    set_former(number, latest != NULL ? latest : earlier);
    return 0;
}

/* @return errno */
static int32_t install(int number) {
    struct sigaction current;
    if (sigaction(number, NULL, &current) != 0) {
        return errno;
    }
    const struct former *earlier = atomic_load_explicit(&former_of[number], memory_order_acquire);
    return is_ours(&current) ? 0 : replace(number, &current, earlier);
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
    if (former == NULL || sigaction(number, NULL, &current) != 0 || !is_ours(&current)) {
        return;
    }
    if (sigaction(number, &former->action, &current) == 0 && !is_ours(&current)) {
        (void)sigaction(number, &current, NULL); /* came after we had looked */
    } else if (former->earlier != NULL) {
        /* the last one stays, for somebody may have kept our handler to put it back */
        set_former(number, former->earlier);
    }
}

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "../platform.h"
#include "fault.h"

/*
 * A thread's own value is a pointer to where its attempt began, or NULL. Not a _Thread_local: the
 * first look at one of those may allocate, and a fault may come from an allocator.
 */
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;
static pthread_key_t attempt_key; /* immutable after watch_once, as what follows */
static atomic_bool is_watching;   /* atomic: release in watch, acquire in siding_fault_guard */

static const int faults[] = {SIGSEGV, SIGBUS};
#define FAULTS (sizeof faults / sizeof faults[0])
static struct sigaction before[FAULTS];

/* Without a handler the fault comes again when this one returns, and then does what it does. */
static void pass_on(int number, siginfo_t *info, void *context) {
    const struct sigaction *action = &before[number == faults[0] ? 0 : 1];
    if (action->sa_flags & SA_SIGINFO) {
        action->sa_sigaction(number, info, context);
    } else if (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN) {
        (void)sigaction(number, action, NULL);
    } else {
        action->sa_handler(number);
    }
}

static void on_fault(int number, siginfo_t *info, void *context) {
    if (siding_fault_leave_read(context)) {
        return;
    }
    jmp_buf *attempt = pthread_getspecific(attempt_key);
    if (attempt == NULL) {
        pass_on(number, info, context);
        return;
    }
    /* what a return from here would do: the fault, and all that the handler before blocks, are open
       again */
    (void)pthread_sigmask(SIG_SETMASK, &((const ucontext_t *)context)->uc_sigmask, NULL);
    longjmp(*attempt, 1);
}

static bool install(size_t index) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    if (sigaction(faults[index], NULL, &before[index]) != 0) {
        return false;
    }
    action.sa_mask = before[index].sa_mask;
    return sigaction(faults[index], &action, NULL) == 0;
}

static void watch(void) {
    if (pthread_key_create(&attempt_key, NULL) == 0 && install(0) && install(1)) {
        atomic_store_explicit(&is_watching, true, memory_order_release);
    }
}

void siding_fault_watch(void) {
    (void)pthread_once(&watch_once, watch);
}

static bool run_guarded(void (*attempt)(void *), void *argument) {
    jmp_buf start;
    if (setjmp(start) != 0) {
        (void)pthread_setspecific(attempt_key, NULL);
        return false;
    }
    (void)pthread_setspecific(attempt_key, &start);
    attempt(argument);
    (void)pthread_setspecific(attempt_key, NULL);
    return true;
}

bool siding_fault_guard(void (*attempt)(void *argument), void *argument) {
    if (atomic_load_explicit(&is_watching, memory_order_acquire)) {
        return run_guarded(attempt, argument);
    }
    attempt(argument);
    return true;
}

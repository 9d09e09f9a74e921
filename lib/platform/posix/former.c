#include "former.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../watch.h"

#define CHAIN_MAX 32u /* what was there before these is forgotten */

static const struct former *all; /* owner: who adds */

/* Signal by signal: libc leaves what lies behind the last one as it was. */
static bool is_same_mask(const sigset_t *a, const sigset_t *b) {
    for (int number = 1; number < (int)SIDING_SIGNALS_MAX; number++) {
        if (sigismember(a, number) != sigismember(b, number)) {
            return false;
        }
    }
    return true;
}

static bool is_same(const struct sigaction *a, const struct sigaction *b) {
    return a->sa_flags == b->sa_flags && a->sa_handler == b->sa_handler &&
           is_same_mask(&a->sa_mask, &b->sa_mask);
}

bool siding_former_is(const struct former *former, const struct sigaction *action) {
    return former != NULL && is_same(&former->action, action);
}

bool siding_former_is_default(const struct former *former) {
    return former != NULL && (former->action.sa_flags & SA_SIGINFO) == 0 &&
           former->action.sa_handler == SIG_DFL;
}

/* @return NULL: out of memory */
static const struct former *find_or_make(const struct sigaction *action,
                                         const struct former *earlier) {
    for (const struct former *one = all; one != NULL; one = one->next) {
        if (one->earlier == earlier && is_same(&one->action, action)) {
            return one;
        }
    }
    struct former *made = malloc(sizeof *made);
    if (made != NULL) {
        *made = (struct former){*action, earlier, all};
        all = made;
    }
    return made;
}

/* One that comes back is not there twice. */
const struct former *siding_former_add(const struct former *latest,
                                       const struct sigaction *action) {
    const struct former *others[CHAIN_MAX];
    uint32_t count = 0;
    for (; latest != NULL && count < CHAIN_MAX; latest = latest->earlier) {
        if (!is_same(&latest->action, action)) {
            others[count++] = latest;
        }
    }
    const struct former *chain = NULL;
    while (count > 0) {
        chain = find_or_make(&others[--count]->action, chain);
        if (chain == NULL) {
            return NULL;
        }
    }
    return find_or_make(action, chain);
}

void siding_former_call(const struct former *former, int number, siginfo_t *info, void *context) {
    if (former == NULL) {
        return;
    }
    if (former->action.sa_flags & SA_SIGINFO) {
        former->action.sa_sigaction(number, info, context);
    } else if (former->action.sa_handler != SIG_DFL && former->action.sa_handler != SIG_IGN) {
        former->action.sa_handler(number);
    }
}

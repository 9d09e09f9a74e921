#include "lead.h"

#include <stdatomic.h>
#include <stdint.h>

#include "../base/assert.h"
#include "../platform/platform.h"

/* A host that has its event runs some JavaScript, and perhaps a turn of its event loop. */
#define LOAN_NS 200000u

enum lead { LEAD_THREAD, LEAD_WISHED, LEAD_LENT, LEAD_HOST };

static _Atomic(uint32_t) lead; /* enum lead; atomic: acquire/release, see move */
/* When the loan is over. atomic: relaxed, stored before the move to LENT, which publishes it */
static _Atomic(uint64_t) loan_end_ns;
static struct siding_parker sleeper; /* of the poller's thread while it has stepped aside */

bool lead_init(void) {
    return siding_parker_init(&sleeper);
}

void lead_deinit(void) {
    siding_parker_deinit(&sleeper);
}

/* @return whether it was `from` */
static bool move(enum lead from, enum lead to) {
    uint32_t expected = from;
    /* acq_rel: what the last leader has done is seen by the next one */
    return atomic_compare_exchange_strong_explicit(&lead, &expected, to, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

static enum lead look(void) {
    return (enum lead)atomic_load_explicit(&lead, memory_order_relaxed);
}

static void set_loan(uint64_t end_ns) {
    atomic_store_explicit(&loan_end_ns, end_ns, memory_order_relaxed);
}

static uint64_t loan_left_ns(void) {
    uint64_t end_ns = atomic_load_explicit(&loan_end_ns, memory_order_relaxed);
    uint64_t now_ns = siding_clock_ns();
    return end_ns > now_ns ? end_ns - now_ns : 0;
}

bool lead_is_wished(void) {
    return look() == LEAD_WISHED;
}

void lead_pass(void) {
    set_loan(siding_clock_ns() + LOAN_NS);
    if (!move(LEAD_WISHED, LEAD_LENT)) {
        return;
    }
    for (;;) {
        uint64_t left_ns = loan_left_ns();
        if (left_ns == 0 && move(LEAD_LENT, LEAD_THREAD)) {
            return;
        }
        /* a host that leads gives it back within that time, and says so */
        (void)siding_parker_park_for(&sleeper, left_ns == 0 ? LOAN_NS : left_ns);
    }
}

bool lead_wish(void) {
    return look() == LEAD_THREAD && move(LEAD_THREAD, LEAD_WISHED);
}

bool lead_take(void) {
    return look() == LEAD_LENT && move(LEAD_LENT, LEAD_HOST);
}

void lead_give(bool returns) {
    set_loan(returns ? siding_clock_ns() + LOAN_NS : 0);
    bool was_host = move(LEAD_HOST, LEAD_LENT);
    siding_assert(was_host);
    if (!returns) {
        siding_parker_unpark(&sleeper);
    }
}

void lead_unwish(void) {
    if (!move(LEAD_WISHED, LEAD_THREAD) && lead_take()) {
        lead_give(false);
    }
}

#include "lead.h"

#include <stdatomic.h>
#include <stdint.h>

#include "../base/assert.h"
#include "../platform/platform.h"

#define PAUSE_NS 200000u /* of the thread while a host leads: it gives the lead back, and says so */

enum lead { LEAD_THREAD, LEAD_WISHED, LEAD_LENT, LEAD_HOST };

static _Atomic(uint32_t) lead; /* enum lead; atomic: seq_cst, see move */
/* When the loan is over. atomic: relaxed, stored before the move to LENT, which publishes it */
static _Atomic(uint64_t) loan_end_ns;
/* Somebody needs the thread, and nobody has led since. atomic: seq_cst, with `lead`: who recalls
   stores this and then looks at the lead, who gives it back looks at this after the move. Acquire
   where a host takes the lead: its round finds what the thread was needed for */
static _Atomic(bool) is_recalled;
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
    /* what the last leader has done is seen by the next one; seq_cst: see is_recalled */
    return atomic_compare_exchange_strong_explicit(&lead, &expected, to, memory_order_seq_cst,
                                                   memory_order_relaxed);
}

static enum lead look(void) {
    return (enum lead)atomic_load_explicit(&lead, memory_order_relaxed);
}

static bool is_lent(void) {
    return atomic_load_explicit(&lead, memory_order_seq_cst) == LEAD_LENT;
}

static bool was_recalled(void) {
    return atomic_load_explicit(&is_recalled, memory_order_seq_cst);
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

void lead_pass(uint64_t end_ns) {
    set_loan(end_ns);
    /* relaxed: it looks at everything when it is back, and so does who takes the lead */
    atomic_store_explicit(&is_recalled, false, memory_order_relaxed);
    if (!move(LEAD_WISHED, LEAD_LENT)) {
        return;
    }
    for (;;) {
        uint64_t left_ns = was_recalled() ? 0 : loan_left_ns();
        if (left_ns == 0 && move(LEAD_LENT, LEAD_THREAD)) {
            return;
        }
        (void)siding_parker_park_for(&sleeper, left_ns == 0 ? PAUSE_NS : left_ns);
    }
}

bool lead_wish(void) {
    return look() == LEAD_THREAD && move(LEAD_THREAD, LEAD_WISHED);
}

bool lead_take(void) {
    bool leads = look() == LEAD_LENT && move(LEAD_LENT, LEAD_HOST);
    if (leads) {
        (void)atomic_exchange_explicit(&is_recalled, false, memory_order_acquire);
    }
    return leads;
}

/* The thread sleeps until an end that was set before: it is woken for a nearer one. */
void lead_give(uint64_t end_ns) {
    bool is_nearer = end_ns < atomic_load_explicit(&loan_end_ns, memory_order_relaxed);
    set_loan(end_ns);
    bool was_host = move(LEAD_HOST, LEAD_LENT);
    siding_assert(was_host);
    if (is_nearer || was_recalled()) {
        siding_parker_unpark(&sleeper);
    }
}

void lead_recall(uint64_t at_ns) {
    if (is_lent() && at_ns >= atomic_load_explicit(&loan_end_ns, memory_order_relaxed)) {
        return;
    }
    atomic_store_explicit(&is_recalled, true, memory_order_seq_cst);
    if (is_lent()) {
        siding_parker_unpark(&sleeper);
    }
}

void lead_unwish(void) {
    if (!move(LEAD_WISHED, LEAD_THREAD) && lead_take()) {
        lead_give(0);
    }
}

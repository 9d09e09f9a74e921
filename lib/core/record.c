#include "record.h"

#include "../base/assert.h"

/* legal_moves[from] has bit `to` set. */
static const uint8_t legal_moves[RECORD_STATES] = {
    [RECORD_FREE] = 1u << RECORD_QUEUED,
    [RECORD_QUEUED] = 1u << RECORD_RUNNING | 1u << RECORD_CANCELLED | 1u << RECORD_DONE,
    [RECORD_RUNNING] = 1u << RECORD_DONE,
    [RECORD_CANCELLED] = 1u << RECORD_DONE,
    [RECORD_DONE] = 1u << RECORD_FREE,
};

bool record_try(struct record *record, enum record_state from, enum record_state to) {
    siding_assert(legal_moves[from] & 1u << to);
    uint32_t expected = from;
    /* acquire pairs with the other contender's release; the payload itself travels by inbox */
    return atomic_compare_exchange_strong_explicit(&record->state, &expected, to,
                                                   memory_order_acq_rel, memory_order_acquire);
}

void record_move(struct record *record, enum record_state from, enum record_state to) {
    siding_assert(legal_moves[from] & 1u << to);
    siding_assert(atomic_load_explicit(&record->state, memory_order_relaxed) == from);
    /* release: siding_bridge_elapsed and cancel look at it from the js thread */
    atomic_store_explicit(&record->state, to, memory_order_release);
}

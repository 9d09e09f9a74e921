#include "ask.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../base/assert.h"
#include "../base/cache.h"
#include "../include/siding.h"
#include "../platform/platform.h"
#include "memory.h"
#include "nest.h"
#include "pool.h"
#include "slot.h"
#include "spin.h"

#define CHUNK_ASKS 64u
#define CHUNKS_MAX (ASKS_MAX / CHUNK_ASKS)
#define MASK_BITS 32u
#define STATE_BITS 8u

enum ask_state { ASK_FREE, ASK_WAITING, ASK_CLAIMED, ASK_SETTLED };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): what threads write lies apart */
struct ask {
    _Alignas(SIDING_CACHE_BYTES) _Atomic(uint64_t) state; /* turn << 8 | enum ask_state; atomic: see
                                                             claim, settle, give_up */
    _Atomic(struct bridge *) bridge; /* atomic: relaxed, compared before the claim */
    _Atomic(uint64_t) owner;         /* atomic: likewise */
    uint64_t *result;                /* owner: the waiter, who claims until it is settled */
    uint32_t result_words;           /* likewise */
    enum ask_outcome outcome;        /* likewise */
    struct nest *nest;               /* or NULL; owner: the waiter */
    uint64_t nest_handle;            /* or 0; likewise */
    uint64_t context;                /* or 0; likewise */
    _Atomic(uint32_t) next_free;     /* index + 1; atomic: relaxed, see take_free */
    uint32_t index;                  /* immutable */
    /* the last turn that was given up, and whose it was; atomic: relaxed, a statistic */
    _Atomic(uint64_t) late_turn;
    _Atomic(uint64_t) late_owner;
};

/* atomic: the store in make_chunk pairs with the load in ask_at; never freed. seq_cst: who closes
   either finds the chunk of an ask that waits, or that one finds its callback closed */
static _Atomic(struct ask *) chunks[CHUNKS_MAX];
static struct siding_mutex chunks_mutex = SIDING_MUTEX_INITIALIZER;
static uint32_t chunks_made SIDING_GUARDED_BY(&chunks_mutex);
/* tag:32 | index + 1:32; atomic: acquire in take_free, release in give_free. The tag grows with
   every change, so that no exchange mistakes the list for an earlier one */
static _Atomic(uint64_t) free_asks;

/* ---- state ----------------------------------------------------------------------------------- */

static uint64_t state_of(uint64_t turn, enum ask_state state) {
    return turn << STATE_BITS | state;
}

static uint64_t turn_of(uint64_t state) {
    return state >> STATE_BITS;
}

/* Decides between who answers and the waiter that gives up. */
static bool try_move(struct ask *ask, uint64_t from, uint64_t to) {
    /* acq_rel: the claimer sees what the waiter has set; the next turn what the last has done */
    return atomic_compare_exchange_strong_explicit(&ask->state, &from, to, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

static bool is_settled(const void *subject) {
    const struct ask *ask = subject;
    /* acquire: pairs with settle */
    uint64_t state = atomic_load_explicit(&ask->state, memory_order_acquire);
    return (state & ((1u << STATE_BITS) - 1)) == ASK_SETTLED;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static struct ask *ask_at(uint32_t index) {
    struct ask *chunk =
        index < ASKS_MAX ? atomic_load_explicit(&chunks[index / CHUNK_ASKS], memory_order_seq_cst)
                         : NULL;
    return chunk == NULL ? NULL : &chunk[index % CHUNK_ASKS];
}

static void give_free(struct ask *ask) {
    uint64_t head = atomic_load_explicit(&free_asks, memory_order_relaxed);
    uint64_t next;
    do {
        /* released by the exchange below */
        atomic_store_explicit(&ask->next_free, (uint32_t)head, memory_order_relaxed);
        next = ((head >> 32) + 1) << 32 | (ask->index + 1);
    } while (!atomic_compare_exchange_weak_explicit(&free_asks, &head, next, memory_order_release,
                                                    memory_order_relaxed));
}

static struct ask *take_free(void) {
    uint64_t head = atomic_load_explicit(&free_asks, memory_order_acquire);
    while ((uint32_t)head != 0) {
        struct ask *ask = ask_at((uint32_t)head - 1);
        uint64_t below = atomic_load_explicit(&ask->next_free, memory_order_relaxed);
        uint64_t next = ((head >> 32) + 1) << 32 | below;
        if (atomic_compare_exchange_weak_explicit(&free_asks, &head, next, memory_order_acquire,
                                                  memory_order_acquire)) {
            return ask;
        }
    }
    return NULL;
}

/* @return one of them, the others are free; or NULL */
static struct ask *make_chunk(void) SIDING_REQUIRES(&chunks_mutex) {
    struct ask *made =
        chunks_made == CHUNKS_MAX ? NULL : memory_make_lines(CHUNK_ASKS * sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < CHUNK_ASKS; i++) {
        made[i].index = chunks_made * CHUNK_ASKS + i;
        atomic_init(&made[i].state, state_of(1, ASK_FREE));
    }
    atomic_store_explicit(&chunks[chunks_made++], made, memory_order_seq_cst);
    for (uint32_t i = 1; i < CHUNK_ASKS; i++) {
        give_free(&made[i]);
    }
    return made;
}

static struct ask *take_or_make(void) {
    struct ask *ask = take_free();
    if (ask == NULL) {
        siding_mutex_lock(&chunks_mutex);
        ask = take_free(); /* another thread may have made some meanwhile */
        ask = ask == NULL ? make_chunk() : ask;
        siding_mutex_unlock(&chunks_mutex);
    }
    return ask;
}

/* ---- the waiter ------------------------------------------------------------------------------ */

/* The slot of this thread if calls may be made to it while it waits. While its lease ends the nest
   is over at once: nothing may hold that up. */
static struct slot *leased_slot(void) {
    struct slot *slot = slot_current();
    enum slot_state state = slot == NULL ? SLOT_VACANT : slot_state_of(slot_look(slot));
    bool is_leased = state == SLOT_ACTIVE || state == SLOT_RECYCLE_PENDING || state == SLOT_WEDGED;
    return is_leased ? slot : NULL;
}

static bool open_nest(struct ask *ask) {
    struct slot *slot = leased_slot();
    ask->nest = NULL;
    ask->context = 0;
    ask->nest_handle = 0;
    if (slot == NULL) {
        return true;
    }
    ask->nest = nest_open(atomic_load_explicit(&ask->bridge, memory_order_relaxed));
    if (ask->nest == NULL) {
        return false;
    }
    ask->context = atomic_load_explicit(&slot->lease.handle, memory_order_relaxed);
    ask->nest_handle = ask->nest->handle;
    return true;
}

struct ask *ask_open(struct bridge *bridge, uint64_t owner, uint64_t *out_result,
                     uint32_t result_words) {
    struct ask *ask = take_or_make();
    if (ask == NULL) {
        return NULL;
    }
    atomic_store_explicit(&ask->bridge, bridge, memory_order_relaxed);
    atomic_store_explicit(&ask->owner, owner, memory_order_relaxed);
    ask->result = out_result;
    ask->result_words = result_words;
    ask->outcome = ASK_CLOSED;
    if (!open_nest(ask)) {
        give_free(ask);
        return NULL;
    }
    uint64_t state = atomic_load_explicit(&ask->state, memory_order_relaxed);
    /* seq_cst: releases all of it to claim; then ring_begin looks whether the ring is closed, and
       ask_close_all comes after that closing: one of the two sees the other */
    atomic_store_explicit(&ask->state, state_of(turn_of(state), ASK_WAITING), memory_order_seq_cst);
    return ask;
}

void ask_describe(const struct ask *ask, uint64_t *out_words) {
    uint64_t turn = turn_of(atomic_load_explicit(&ask->state, memory_order_relaxed));
    out_words[0] = handle_make(HANDLE_ASK, ask->index, (uint32_t)turn);
    out_words[1] = ask->nest_handle;
    out_words[2] = ask->context;
}

/* Claims it for the waiter itself. @return false: another has, and settles it right now */
static bool give_up(struct ask *ask) {
    uint64_t turn = turn_of(atomic_load_explicit(&ask->state, memory_order_relaxed));
    uint64_t owner = atomic_load_explicit(&ask->owner, memory_order_relaxed);
    atomic_store_explicit(&ask->late_owner, owner, memory_order_relaxed);
    atomic_store_explicit(&ask->late_turn, turn, memory_order_relaxed);
    return try_move(ask, state_of(turn, ASK_WAITING), state_of(turn, ASK_CLAIMED));
}

/* One of the waiters spins: an answer may be there before it could sleep. */
static void spin(struct ask *ask, struct bridge *bridge, uint64_t end_ns) {
    if (atomic_exchange_explicit(&bridge->answer_spinner, true, memory_order_relaxed)) {
        return;
    }
    uint64_t spin_end_ns = siding_clock_ns() + pool_spin_ns();
    (void)spin_until(is_settled, ask, spin_end_ns < end_ns ? spin_end_ns : end_ns);
    atomic_store_explicit(&bridge->answer_spinner, false, memory_order_relaxed);
}

static uint32_t mask_of(const struct ask *ask) {
    return 1u << ask->index % MASK_BITS;
}

/*
 * Who settles stores the state, then changes `answers`, then looks for sleepers; a waiter counts
 * itself, looks at `answers`, then at its state. Both in one order (seq_cst): it sees the state, or
 * `answers` changes after its look and the other one sees the sleeper.
 */
static void sleep_until(struct ask *ask, struct bridge *bridge, uint64_t end_ns) {
    atomic_fetch_add_explicit(&bridge->answer_sleepers, 1, memory_order_seq_cst);
    for (;;) {
        uint32_t seen = atomic_load_explicit(&bridge->answers, memory_order_seq_cst);
        uint64_t now_ns = siding_clock_ns();
        if (is_settled(ask) || now_ns >= end_ns) {
            break;
        }
        siding_word_wait(&bridge->answers, seen, mask_of(ask),
                         end_ns == UINT64_MAX ? UINT64_MAX : end_ns - now_ns);
    }
    atomic_fetch_sub_explicit(&bridge->answer_sleepers, 1, memory_order_seq_cst);
}

/* An ask whose turns are used up is left out for ever. @return how it was settled, or `without` */
static enum ask_outcome end(struct ask *ask, struct bridge *bridge, enum ask_outcome without) {
    enum ask_outcome outcome = without;
    if (is_settled(ask) || !give_up(ask)) {
        sleep_until(ask, bridge, UINT64_MAX); /* some instructions more */
        outcome = ask->outcome;
    }
    uint64_t turn = turn_of(atomic_load_explicit(&ask->state, memory_order_relaxed)) + 1;
    /* release: late answers, which find this turn, see what is known of the last one */
    atomic_store_explicit(&ask->state, state_of(turn, ASK_FREE), memory_order_release);
    if (turn != UINT32_MAX) {
        give_free(ask);
    }
    return outcome;
}

/* @return the outcome if it is not settled by then */
static enum ask_outcome await_in_nest(struct ask *ask, uint64_t timeout_ns) {
    return nest_serve_for(ask->nest, timeout_ns) ? ASK_CLOSED : ASK_TIMEOUT;
}

/* @return likewise */
static enum ask_outcome await_outside(struct ask *ask, struct bridge *bridge, uint64_t timeout_ns) {
    uint64_t end_ns = siding_clock_after(timeout_ns);
    spin(ask, bridge, end_ns);
    sleep_until(ask, bridge, end_ns);
    return ASK_TIMEOUT;
}

static enum ask_outcome await(struct ask *ask, struct bridge *bridge, uint64_t timeout_ns) {
    struct pool_use *use = pool_wait_begin();
    enum ask_outcome without =
        ask->nest != NULL ? await_in_nest(ask, timeout_ns) : await_outside(ask, bridge, timeout_ns);
    pool_wait_end(use);
    return without;
}

enum ask_outcome ask_wait(struct ask *ask, uint64_t timeout_ns) {
    struct bridge *bridge = atomic_load_explicit(&ask->bridge, memory_order_relaxed);
    enum ask_outcome without = await(ask, bridge, timeout_ns);
    return end(ask, bridge, without);
}

void ask_cancel(struct ask *ask) {
    struct bridge *bridge = atomic_load_explicit(&ask->bridge, memory_order_relaxed);
    if (ask->nest != NULL) {
        (void)nest_serve_for(ask->nest, 0);
    }
    (void)end(ask, bridge, ASK_CLOSED);
}

/* ---- who answers ----------------------------------------------------------------------------- */

/* @return whether it waits for this bridge, and is the caller's now */
static bool claim(struct ask *ask, const struct bridge *bridge, uint64_t turn) {
    uint64_t waiting = state_of(turn, ASK_WAITING);
    return atomic_load_explicit(&ask->state, memory_order_acquire) == waiting &&
           atomic_load_explicit(&ask->bridge, memory_order_relaxed) == bridge &&
           try_move(ask, waiting, state_of(turn, ASK_CLAIMED));
}

/* The ask may be another thread's as soon as its state says so. @return its bit */
static uint32_t settle(struct ask *ask, uint64_t turn, enum ask_outcome outcome) {
    uint64_t nest = ask->nest_handle;
    uint32_t mask = mask_of(ask);
    ask->outcome = outcome;
    /* seq_cst: releases result and outcome to is_settled; then comes `answers` */
    atomic_store_explicit(&ask->state, state_of(turn, ASK_SETTLED), memory_order_seq_cst);
    if (nest != 0) {
        (void)nest_finish(nest);
    }
    return mask;
}

static void wake(struct bridge *bridge, uint32_t mask) {
    if (mask == 0) {
        return;
    }
    atomic_fetch_add_explicit(&bridge->answers, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&bridge->answer_sleepers, memory_order_seq_cst) != 0) {
        siding_word_wake(&bridge->answers, mask);
    }
}

static void report_late(const struct bridge *bridge, struct ask *ask, uint64_t turn,
                        late_function *late) {
    bool is_known = atomic_load_explicit(&ask->late_turn, memory_order_relaxed) == turn;
    late(bridge, is_known ? atomic_load_explicit(&ask->late_owner, memory_order_relaxed) : 0);
}

/* @return whether it is a whole answer; adds to the mask of those to be woken */
static bool answer_one(struct bridge *bridge, const struct siding_answer *answer,
                       late_function *late, uint32_t *in_out_mask) {
    uint32_t result_words = answer->words - SIDING_ANSWER_WORDS;
    uint64_t turn = answer->ask >> 20;
    struct ask *ask =
        handle_kind_of(answer->ask) == HANDLE_ASK ? ask_at(handle_index(answer->ask)) : NULL;
    if (ask == NULL) {
        return false;
    }
    if (!claim(ask, bridge, turn)) {
        report_late(bridge, ask, turn, late);
        return true;
    }
    bool is_ok = answer->status == SIDING_OK;
    bool fits = !is_ok || result_words == ask->result_words;
    if (is_ok && fits) {
        memcpy(ask->result, answer + 1, result_words * sizeof *ask->result);
    }
    *in_out_mask |= settle(ask, turn, is_ok && fits ? ASK_ANSWERED : ASK_THROWN);
    return fits;
}

int32_t ask_answer(struct bridge *bridge, const uint64_t *records, uint32_t words,
                   late_function *late) {
    int32_t taken = 0;
    uint32_t mask = 0;
    bool is_whole = true;
    while (words >= SIDING_ANSWER_WORDS && is_whole) {
        const struct siding_answer *answer = (const struct siding_answer *)records;
        is_whole = answer->words >= SIDING_ANSWER_WORDS && answer->words <= words &&
                   answer_one(bridge, answer, late, &mask);
        if (is_whole) {
            records += answer->words;
            words -= answer->words;
            taken++;
        }
    }
    wake(bridge, mask);
    return words == 0 ? taken : SIDING_EINVALID;
}

void ask_close_all(struct bridge *bridge, uint64_t owner) {
    uint32_t mask = 0;
    struct ask *ask = ask_at(0);
    for (uint32_t index = 0; ask != NULL; ask = ask_at(++index)) {
        uint64_t state = atomic_load_explicit(&ask->state, memory_order_seq_cst);
        if (atomic_load_explicit(&ask->owner, memory_order_relaxed) == owner &&
            claim(ask, bridge, turn_of(state))) {
            mask |= settle(ask, turn_of(state), ASK_CLOSED);
        }
    }
    wake(bridge, mask);
}

uint32_t ask_count(void) {
    uint32_t count = 0;
    const struct ask *ask = ask_at(0);
    for (uint32_t index = 0; ask != NULL; ask = ask_at(++index)) {
        uint64_t state = atomic_load_explicit(&ask->state, memory_order_relaxed);
        count += (state & ((1u << STATE_BITS) - 1)) != ASK_FREE;
    }
    return count;
}

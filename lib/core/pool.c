#include "pool.h"

#include <stddef.h>

#include "../base/assert.h"
#include "dispatch.h"
#include "handle.h"
#include "lease.h"
#include "line.h"
#include "watch.h"

#define SLOTS_MAX (2 * SIDING_THREADS_MAX)
#define THREADS_MAX_DEFAULT 64u
#define SPIN_NS_DEFAULT 50000u
#define STACK_BYTES_DEFAULT (8u << 20)
#define STACK_BYTES_MIN (64u << 10)
#define SPIN_US_MAX 1000u
#define THREADS_MIN_DEFAULT 4u
#define IDLE_NS_DEFAULT (UINT64_C(10) * 1000 * NS_PER_MS)
#define NS_PER_MS 1000000u

/* atomic, each: relaxed, a setting or a statistic that guards no data */
static _Atomic(uint32_t) threads_max = THREADS_MAX_DEFAULT;
static _Atomic(bool) someone_spins; /* atomic: relaxed, a permit that guards no data */
static _Atomic(uint32_t) spin_limit_ns = SPIN_NS_DEFAULT;
static _Atomic(uint32_t) stack_bytes = STACK_BYTES_DEFAULT;
static _Atomic(uint32_t) threads_min = THREADS_MIN_DEFAULT;
static _Atomic(uint64_t) idle_ns = IDLE_NS_DEFAULT;
static _Atomic(uint32_t) threads_count; /* started, and not told to end */
/* What slots are used for. */
struct pool_use {
    enum slot_state state; /* of a slot in this use; immutable */
    /* atomic, both: seq_cst, see "Nobody looks?" in dispatch.c */
    _Atomic(uint32_t) count;   /* of slots; counted up only below limit_of */
    _Atomic(uint32_t) waiting; /* of those, threads that wait inside a call for a host */
};

static struct pool_use leased = {.state = SLOT_ACTIVE};
static struct pool_use shared = {.state = SLOT_SHARED};

static struct siding_mutex start_mutex = SIDING_MUTEX_INITIALIZER;
static struct slot *retired SIDING_GUARDED_BY(&start_mutex); /* may have a thread again */
/* atomic: the release stores in make_slot pair with the acquire loads; slots are never freed */
static _Atomic(struct slot *) slots[SLOTS_MAX];
static _Atomic(uint32_t) slots_count; /* written under start_mutex */

/* tag:32 | index + 1:32; the tag grows with every change, so that a pop never mistakes the stack.
   atomic: seq_cst, see "Nobody looks?" in dispatch.c */
static _Atomic(uint64_t) idle_stack;

/* ---- settings -------------------------------------------------------------------------------- */

int32_t pool_configure(const struct siding_pool_options *options) {
    if (options->threads_max == 0 || options->threads_max > SIDING_THREADS_MAX ||
        options->spin_us > SPIN_US_MAX || options->stack_bytes < STACK_BYTES_MIN ||
        options->threads_min > SIDING_THREADS_MAX || options->idle_ms > SIDING_CONTEXT_MS_MAX) {
        return SIDING_EINVALID;
    }
    atomic_store_explicit(&threads_max, options->threads_max, memory_order_relaxed);
    atomic_store_explicit(&spin_limit_ns, options->spin_us * 1000, memory_order_relaxed);
    atomic_store_explicit(&stack_bytes, options->stack_bytes, memory_order_relaxed);
    atomic_store_explicit(&threads_min, options->threads_min, memory_order_relaxed);
    atomic_store_explicit(&idle_ns, (uint64_t)options->idle_ms * NS_PER_MS, memory_order_seq_cst);
    watch_arm(0);
    line_serve();
    dispatch_look(); /* for want of a thread calls may have waited that may start from now on */
    return SIDING_OK;
}

uint32_t pool_stack_bytes(void) {
    return atomic_load_explicit(&stack_bytes, memory_order_relaxed);
}

uint32_t pool_spin_ns(void) {
    return atomic_load_explicit(&spin_limit_ns, memory_order_relaxed);
}

bool pool_spin_begin(void) {
    return !atomic_exchange_explicit(&someone_spins, true, memory_order_relaxed);
}

void pool_spin_end(void) {
    atomic_store_explicit(&someone_spins, false, memory_order_relaxed);
}

/* ---- idle stack ------------------------------------------------------------------------------ */

static void idle_push(struct slot *slot) {
    uint64_t head = atomic_load_explicit(&idle_stack, memory_order_relaxed);
    uint64_t next;
    do {
        /* relaxed: released by the exchange below, read after the acquire in idle_pop */
        atomic_store_explicit(&slot->idle_next, (uint32_t)head, memory_order_relaxed);
        next = ((head >> 32) + 1) << 32 | (slot->index + 1);
    } while (!atomic_compare_exchange_weak_explicit(&idle_stack, &head, next, memory_order_seq_cst,
                                                    memory_order_relaxed));
}

static struct slot *idle_pop(void) {
    uint64_t head = atomic_load_explicit(&idle_stack, memory_order_seq_cst);
    while ((uint32_t)head != 0) {
        struct slot *slot = atomic_load_explicit(&slots[(uint32_t)head - 1], memory_order_acquire);
        uint64_t below = atomic_load_explicit(&slot->idle_next, memory_order_relaxed);
        uint64_t next = ((head >> 32) + 1) << 32 | below;
        if (atomic_compare_exchange_weak_explicit(&idle_stack, &head, next, memory_order_seq_cst,
                                                  memory_order_seq_cst)) {
            return slot;
        }
    }
    return NULL;
}

/* ---- slots ----------------------------------------------------------------------------------- */

static struct slot *make_slot(void) SIDING_REQUIRES(&start_mutex) {
    uint32_t index = atomic_load_explicit(&slots_count, memory_order_relaxed);
    struct slot *slot = index < SLOTS_MAX ? slot_create(index) : NULL;
    if (slot != NULL) {
        atomic_store_explicit(&slots[index], slot, memory_order_release);
        atomic_store_explicit(&slots_count, index + 1, memory_order_release);
    }
    return slot;
}

static struct slot *take_retired(void) SIDING_REQUIRES(&start_mutex) {
    struct slot *slot = retired;
    if (slot != NULL) {
        retired = slot->retired_next;
    }
    return slot;
}

static void give_retired(struct slot *slot) SIDING_REQUIRES(&start_mutex) {
    slot->retired_next = retired;
    retired = slot;
}

/* @param own_stack_bytes 0: as configured */
static struct slot *start_slot(enum slot_state state, uint32_t own_stack_bytes) {
    uint32_t stack = pool_stack_bytes();
    siding_mutex_lock(&start_mutex);
    struct slot *slot = take_retired();
    if (slot == NULL) {
        slot = make_slot();
    }
    if (slot != NULL) {
        slot_move(slot, SLOT_RETIRED, state);
        atomic_fetch_add_explicit(&threads_count, 1, memory_order_relaxed);
        if (slot_start(slot, own_stack_bytes == 0 ? stack : own_stack_bytes) != 0) {
            atomic_fetch_sub_explicit(&threads_count, 1, memory_order_relaxed);
            slot_withdraw(slot);
            give_retired(slot);
            slot = NULL;
        }
    }
    siding_mutex_unlock(&start_mutex);
    return slot;
}

/*
 * A slot that retires is on the idle stack, or not, and its thread has ended, or not yet: it can be
 * used again when it is off the stack and the thread has ended, whichever comes last.
 */
static void step_to_retired(struct slot *slot) {
    /* acq_rel: the second sees what the first has done with the slot */
    if (atomic_fetch_add_explicit(&slot->retire_steps, 1, memory_order_acq_rel) == 0) {
        return;
    }
    atomic_store_explicit(&slot->retire_steps, 0, memory_order_relaxed);
    siding_mutex_lock(&start_mutex);
    give_retired(slot);
    siding_mutex_unlock(&start_mutex);
}

void pool_thread_ends(struct slot *slot) {
    bool was_leased = slot->lease.is_fresh || slot->lease.generation == UINT32_MAX;
    if (was_leased) { /* else the watch has counted it off; and it is not on the stack */
        atomic_fetch_sub_explicit(&threads_count, 1, memory_order_relaxed);
    }
    if (slot->lease.generation == UINT32_MAX) {
        return; /* no handle may come twice */
    }
    if (was_leased) {
        slot->lease.is_fresh = false;
        step_to_retired(slot);
    }
    step_to_retired(slot);
}

/* @return a slot in that state, or NULL: none is vacant */
static struct slot *claim_vacant(enum slot_state state) {
    struct slot *slot = idle_pop();
    while (slot != NULL && !slot_try(slot, SLOT_VACANT, state)) {
        step_to_retired(slot);
        slot = idle_pop();
    }
    return slot;
}

/* What waits for a host does not count, but there is an end to it. */
static uint32_t limit_of(const struct pool_use *use) {
    uint32_t limit = atomic_load_explicit(&threads_max, memory_order_relaxed);
    uint32_t more = atomic_load_explicit(&use->waiting, memory_order_seq_cst);
    return limit + (more < limit ? more : limit);
}

/* A failed try leaves no trace: a count that is too high for a moment could fail another one. */
static bool count_up(struct pool_use *use) {
    uint32_t limit = limit_of(use);
    uint32_t count = atomic_load_explicit(&use->count, memory_order_seq_cst);
    while (count < limit) {
        if (atomic_compare_exchange_weak_explicit(&use->count, &count, count + 1,
                                                  memory_order_seq_cst, memory_order_seq_cst)) {
            return true;
        }
    }
    return false;
}

static struct slot *take_slot(struct pool_use *use, const struct siding_context_options *options,
                              int32_t *out_status) {
    if (!count_up(use)) {
        *out_status = SIDING_EEXHAUSTED;
        return NULL;
    }
    bool is_fresh = options != NULL && (options->flags & SIDING_CONTEXT_FRESH) != 0;
    struct slot *slot = is_fresh ? NULL : claim_vacant(use->state);
    if (slot == NULL) {
        slot = start_slot(use->state, is_fresh ? options->stack_bytes : 0);
    }
    if (slot == NULL) {
        *out_status = SIDING_ESYSTEM;
        atomic_fetch_sub_explicit(&use->count, 1, memory_order_seq_cst);
    }
    return slot;
}

int32_t pool_lease(const struct siding_context_options *options, struct slot **out_slot) {
    int32_t status = SIDING_OK;
    struct slot *slot = take_slot(&leased, options, &status);
    if (slot != NULL) {
        *out_slot = slot;
    }
    return status;
}

void pool_lease_over(void) {
    atomic_fetch_sub_explicit(&leased.count, 1, memory_order_seq_cst);
}

struct pool_use *pool_wait_begin(void) {
    struct slot *slot = slot_current();
    if (slot == NULL) {
        return NULL;
    }
    bool is_shared = slot_state_of(slot_look(slot)) == SLOT_SHARED;
    struct pool_use *use = is_shared ? &shared : &leased;
    atomic_fetch_add_explicit(&use->waiting, 1, memory_order_seq_cst);
    /* who found the maximum reached before this may have counted on this thread */
    if (is_shared) {
        dispatch_look();
    } else {
        line_serve();
    }
    return use;
}

void pool_wait_end(struct pool_use *use) {
    if (use != NULL) {
        atomic_fetch_sub_explicit(&use->waiting, 1, memory_order_seq_cst);
    }
}

struct slot *pool_slot(uint64_t lease) {
    uint32_t index = handle_index(lease);
    bool is_context = handle_kind_of(lease) == HANDLE_CONTEXT;
    return is_context && index < SLOTS_MAX
               ? atomic_load_explicit(&slots[index], memory_order_acquire)
               : NULL;
}

uint32_t pool_slots(void) {
    return atomic_load_explicit(&slots_count, memory_order_acquire);
}

struct slot *pool_slot_at(uint32_t index) {
    return atomic_load_explicit(&slots[index], memory_order_acquire);
}

uint64_t pool_watch_vacant(struct slot *slot, uint64_t now_ns) {
    uint64_t look = slot_look(slot);
    uint64_t limit_ns = atomic_load_explicit(&idle_ns, memory_order_seq_cst);
    uint32_t count = atomic_load_explicit(&threads_count, memory_order_relaxed);
    if (limit_ns == 0 || slot_state_of(look) != SLOT_VACANT ||
        count <= atomic_load_explicit(&threads_min, memory_order_relaxed)) {
        return LEASE_NEVER;
    }
    uint64_t since_ns = atomic_load_explicit(&slot->vacant_since_ns, memory_order_relaxed);
    if (now_ns < since_ns + limit_ns) {
        return since_ns + limit_ns;
    }
    if (slot_try_from(slot, look, SLOT_RETIRED)) {
        atomic_fetch_sub_explicit(&threads_count, 1, memory_order_relaxed);
        slot->duty.kind = NODE_END;
        slot_push(slot, &slot->duty, &slot->duty);
    }
    return LEASE_NEVER;
}

void pool_count(struct siding_stats *out_stats) {
    uint32_t by_state[SLOT_STATES] = {0};
    uint32_t count = pool_slots();
    for (uint32_t i = 0; i < count; i++) {
        by_state[slot_state_of(slot_look(pool_slot_at(i)))]++;
    }
    out_stats->threads = atomic_load_explicit(&threads_count, memory_order_relaxed);
    out_stats->threads_max = atomic_load_explicit(&threads_max, memory_order_relaxed);
    out_stats->slots_vacant = by_state[SLOT_VACANT];
    out_stats->slots_shared = by_state[SLOT_SHARED];
    out_stats->slots_active = by_state[SLOT_ACTIVE];
    out_stats->slots_recycling = by_state[SLOT_RECYCLE_PENDING] + by_state[SLOT_RECYCLING];
    out_stats->slots_wedged = by_state[SLOT_WEDGED];
    out_stats->slots_retired = by_state[SLOT_RETIRED];
    out_stats->waiting = line_length();
}

struct slot *pool_take_shared(void) {
    int32_t status;
    return take_slot(&shared, NULL, &status);
}

bool pool_has_threads(void) {
    return atomic_load_explicit(&threads_count, memory_order_relaxed) != 0;
}

void pool_vacate(struct slot *slot, enum slot_state from) {
    uint64_t limit_ns = atomic_load_explicit(&idle_ns, memory_order_relaxed);
    idle_push(slot);
    if (limit_ns != 0) {
        watch_arm(atomic_load_explicit(&slot->vacant_since_ns, memory_order_relaxed) + limit_ns);
    }
    if (from == SLOT_SHARED) {
        atomic_fetch_sub_explicit(&shared.count, 1, memory_order_seq_cst);
    } else if (from == SLOT_ACTIVE) { /* else its lease is off the count: it was wedged */
        pool_lease_over();
    }
    line_serve();
    dispatch_look();
}

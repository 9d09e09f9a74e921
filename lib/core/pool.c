/*
 * Dispatch of the shared queue. One server drains it; it is only joined by a second one when it is
 * stuck in a call while others wait, so that short calls never pay for waking threads.
 *
 *  - Records are pushed into `queue` (lock-free) and moved to `ready` by servers under `mutex`,
 *    which no js thread takes on this path.
 *  - A server about to run a call makes sure that someone still looks: with calls left it summons a
 *    follower, if there is none; with none left it puts `queue` to sleep, so that the next push
 *    summons a server.
 *  - The follower looks every FOLLOW_TICK_... whether anything was taken while calls wait. If
 *    not, it becomes a server itself (and, taking a call, summons the next follower). When stalls
 *    follow one another it summons ever more servers at once.
 *
 * Nobody looks? A push that finds `queue` asleep summons: it counts one more shared thread and
 * takes a vacant slot off the idle stack. It may find the count at its maximum while a server is
 * just leaving. That server puts its slot on the idle stack and takes itself off the count first,
 * and looks at the queue after; the pusher pushes first and looks at count and stack after. These
 * operations are sequentially consistent, so at least one of the two sees the other.
 */
#include "pool.h"

#include <stddef.h>

#include "../base/assert.h"
#include "bridge.h"
#include "call.h"
#include "handle.h"
#include "record.h"

#define SLOTS_MAX (2 * SIDING_THREADS_MAX)
#define THREADS_MAX_DEFAULT 64u
#define SPIN_NS_DEFAULT 50000u
#define STACK_BYTES_DEFAULT (8u << 20)
#define STACK_BYTES_MIN (64u << 10)
#define SPIN_US_MAX 1000u
#define FOLLOW_TICK_NS_MIN 50000u
#define FOLLOW_TICK_NS_MAX 400000u
#define HELPERS_MAX 31u
#define FOLLOW_QUIET_NS 1000000u /* a follower leaves after this long without waiting calls */

/* atomic, each: relaxed, a setting or a statistic that guards no data */
static _Atomic(uint32_t) threads_max = THREADS_MAX_DEFAULT;
static _Atomic(uint32_t) spin_limit_ns = SPIN_NS_DEFAULT;
static _Atomic(uint32_t) stack_bytes = STACK_BYTES_DEFAULT;
/* atomic, both: seq_cst, see "Nobody looks?"; counted up only below threads_max */
static _Atomic(uint32_t) leased_count;
static _Atomic(uint32_t) shared_count;

static struct siding_mutex start_mutex = SIDING_MUTEX_INITIALIZER;
static uint32_t started_count SIDING_GUARDED_BY(&start_mutex);
/* atomic: the release store in start_slot pairs with the acquire loads; never changes again */
static _Atomic(struct slot *) slots[SLOTS_MAX];

/* tag:32 | index + 1:32; the tag grows with every change, so that a pop never mistakes the stack.
   atomic: seq_cst, see "Nobody looks?" */
static _Atomic(uint64_t) idle_stack;

static struct siding_mutex queue_mutex = SIDING_MUTEX_INITIALIZER;
static struct node *ready SIDING_GUARDED_BY(&queue_mutex);
static bool has_follower SIDING_GUARDED_BY(&queue_mutex);
static uint64_t taken_count SIDING_GUARDED_BY(&queue_mutex);
static uint32_t stall_streak SIDING_GUARDED_BY(&queue_mutex); /* grows while stalls follow stalls */
static struct inbox queue = {INBOX_ASLEEP};                   /* consumer: who holds queue_mutex */

static bool queue_has_calls(void);
static bool summon(enum node_kind duty);

/* ---- settings -------------------------------------------------------------------------------- */

int32_t pool_configure(const struct siding_pool_options *options) {
    if (options->threads_max == 0 || options->threads_max > SIDING_THREADS_MAX ||
        options->spin_us > SPIN_US_MAX || options->stack_bytes < STACK_BYTES_MIN) {
        return SIDING_EINVALID;
    }
    atomic_store_explicit(&threads_max, options->threads_max, memory_order_relaxed);
    atomic_store_explicit(&spin_limit_ns, options->spin_us * 1000, memory_order_relaxed);
    atomic_store_explicit(&stack_bytes, options->stack_bytes, memory_order_relaxed);
    if (queue_has_calls()) { /* for want of a thread, perhaps, that may be started from now on */
        summon(NODE_SERVE);
    }
    return SIDING_OK;
}

uint32_t pool_spin_ns(void) {
    return atomic_load_explicit(&spin_limit_ns, memory_order_relaxed);
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

static struct slot *start_at(uint32_t index, enum slot_state state) {
    struct slot *slot = slot_create(index, state);
    if (slot == NULL) {
        return NULL;
    }
    if (slot_start(slot, atomic_load_explicit(&stack_bytes, memory_order_relaxed)) != 0) {
        slot_destroy(slot);
        return NULL;
    }
    atomic_store_explicit(&slots[index], slot, memory_order_release);
    return slot;
}

static struct slot *start_slot(enum slot_state state) {
    siding_mutex_lock(&start_mutex);
    struct slot *slot = started_count < SLOTS_MAX ? start_at(started_count, state) : NULL;
    started_count += slot != NULL;
    siding_mutex_unlock(&start_mutex);
    return slot;
}

/* A failed try leaves no trace: a count that is too high for a moment could fail another one. */
static bool count_up(_Atomic(uint32_t) *in_use) {
    uint32_t limit = atomic_load_explicit(&threads_max, memory_order_relaxed);
    uint32_t count = atomic_load_explicit(in_use, memory_order_seq_cst);
    while (count < limit) {
        if (atomic_compare_exchange_weak_explicit(in_use, &count, count + 1, memory_order_seq_cst,
                                                  memory_order_seq_cst)) {
            return true;
        }
    }
    return false;
}

/* Takes a slot for a use that `in_use` counts, of which there may be threads_max. */
static struct slot *take_slot(enum slot_state state, _Atomic(uint32_t) *in_use,
                              int32_t *out_status) {
    if (!count_up(in_use)) {
        *out_status = SIDING_EEXHAUSTED;
        return NULL;
    }
    struct slot *slot = idle_pop();
    if (slot != NULL) {
        slot_move(slot, SLOT_VACANT, state);
        return slot;
    }
    slot = start_slot(state);
    if (slot == NULL) {
        *out_status = SIDING_ESYSTEM;
        atomic_fetch_sub_explicit(in_use, 1, memory_order_seq_cst);
    }
    return slot;
}

int32_t pool_lease(struct slot **out_slot) {
    int32_t status;
    struct slot *slot = take_slot(SLOT_ACTIVE, &leased_count, &status);
    if (slot == NULL) {
        return status;
    }
    *out_slot = slot;
    return SIDING_OK;
}

struct slot *pool_slot(uint64_t lease) {
    uint32_t index = handle_index(lease);
    return index < SLOTS_MAX ? atomic_load_explicit(&slots[index], memory_order_acquire) : NULL;
}

void pool_count(struct siding_stats *out_stats) {
    uint32_t by_state[SLOT_STATES] = {0};
    siding_mutex_lock(&start_mutex);
    uint32_t count = started_count;
    siding_mutex_unlock(&start_mutex);
    for (uint32_t i = 0; i < count; i++) {
        struct slot *slot = atomic_load_explicit(&slots[i], memory_order_acquire);
        by_state[atomic_load_explicit(&slot->state, memory_order_acquire)]++;
    }
    out_stats->threads = count;
    out_stats->threads_max = atomic_load_explicit(&threads_max, memory_order_relaxed);
    out_stats->slots_vacant = by_state[SLOT_VACANT];
    out_stats->slots_shared = by_state[SLOT_SHARED];
    out_stats->slots_active = by_state[SLOT_ACTIVE];
    out_stats->slots_releasing = by_state[SLOT_RELEASING];
}

/* ---- shared queue ---------------------------------------------------------------------------- */

static bool summon(enum node_kind duty) {
    int32_t status;
    struct slot *slot = take_slot(SLOT_SHARED, &shared_count, &status);
    if (slot == NULL) {
        return false;
    }
    slot->duty.kind = duty;
    slot_push(slot, &slot->duty, &slot->duty);
    return true;
}

static bool queue_has_calls(void) {
    siding_mutex_lock(&queue_mutex);
    bool waits = ready != NULL || inbox_waits(&queue);
    siding_mutex_unlock(&queue_mutex);
    return waits;
}

void pool_give_back(struct slot *slot, enum slot_state from) {
    if (slot->generation != UINT32_MAX) { /* else it retires: no handle may come twice */
        idle_push(slot);
    }
    _Atomic(uint32_t) *in_use = from == SLOT_SHARED ? &shared_count : &leased_count;
    atomic_fetch_sub_explicit(in_use, 1, memory_order_seq_cst);
    if (queue_has_calls()) {
        summon(NODE_SERVE);
    }
}

/* The system gives us no thread at all: nothing will ever run these calls. */
static void fail_queue(void) {
    siding_mutex_lock(&queue_mutex);
    struct node *list = ready != NULL ? ready : inbox_take(&queue);
    ready = NULL;
    inbox_sleep(&queue);
    siding_mutex_unlock(&queue_mutex);
    while (list != NULL) {
        struct node *next = list->next;
        struct record *record = (struct record *)list;
        if (record_try(record, RECORD_QUEUED, RECORD_DONE)) {
            record->status = SIDING_ESYSTEM;
        } else {
            record->status = SIDING_ECANCELLED;
            record_move(record, RECORD_CANCELLED, RECORD_DONE);
        }
        bridge_deliver(record->bridge, &record->node);
        list = next;
    }
}

static bool has_threads(void) {
    siding_mutex_lock(&start_mutex);
    bool some = started_count != 0;
    siding_mutex_unlock(&start_mutex);
    return some;
}

void pool_submit(struct node *first, struct node *last) {
    if (inbox_push(&queue, first, last) == INBOX_PUSHED_WAKE && !summon(NODE_SERVE) &&
        !has_threads()) {
        fail_queue();
    }
}

/* Takes one call; afterwards somebody is sure to look at what is left or comes later. */
static struct node *take_call(bool *out_summon_follower) {
    siding_mutex_lock(&queue_mutex);
    if (ready == NULL) {
        ready = inbox_take(&queue);
    }
    struct node *call = ready;
    if (call != NULL) {
        ready = call->next;
        taken_count++;
        if (!has_follower && (ready != NULL || !inbox_sleep(&queue))) {
            has_follower = true;
            *out_summon_follower = true;
        }
    }
    siding_mutex_unlock(&queue_mutex);
    return call;
}

/*
 * No thread is left to follow: pushes ask again, and whoever becomes vacant looks. But a call may
 * have come, and a thread become vacant, while both still counted on the follower.
 */
static void do_without_follower(void) {
    siding_mutex_lock(&queue_mutex);
    has_follower = false;
    bool waits = ready != NULL || !inbox_sleep(&queue);
    siding_mutex_unlock(&queue_mutex);
    if (waits) {
        summon(NODE_SERVE);
    }
}

static bool may_leave(void) {
    siding_mutex_lock(&queue_mutex);
    bool leave = ready == NULL && inbox_sleep(&queue);
    siding_mutex_unlock(&queue_mutex);
    return leave;
}

static void leave(struct slot *slot) {
    slot_move(slot, SLOT_SHARED, SLOT_VACANT);
    pool_give_back(slot, SLOT_SHARED);
}

void pool_serve(struct slot *slot) {
    for (;;) {
        bool summon_follower = false;
        struct node *call = take_call(&summon_follower);
        if (summon_follower && !summon(NODE_FOLLOW)) {
            do_without_follower();
        }
        if (call != NULL) {
            call_run((struct record *)call, &slot->outbox);
        } else if (!slot_spin(slot, &queue) && may_leave()) {
            break;
        }
    }
    leave(slot);
}

enum follow_step { FOLLOW_ON, FOLLOW_TAKE_OVER, FOLLOW_LEAVE };

/* What one follower has seen. */
struct watch {
    uint64_t taken; /* taken_count at the last look */
    uint32_t tick_ns;
    uint32_t quiet_ns;
    uint32_t helpers; /* servers to summon besides, when it takes over */
};

/* One thread for each call that waits beyond the one the follower takes itself. */
static uint32_t helpers_for_queue(uint32_t helpers_max) SIDING_REQUIRES(&queue_mutex) {
    if (ready == NULL) {
        ready = inbox_take(&queue);
    }
    uint32_t helpers = 0;
    const struct node *call = ready == NULL ? NULL : ready->next;
    while (call != NULL && helpers < helpers_max) {
        call = call->next;
        helpers++;
    }
    return helpers;
}

static enum follow_step look_at_queue(struct watch *watch) SIDING_REQUIRES(&queue_mutex) {
    bool stalled = taken_count == watch->taken;
    watch->taken = taken_count;
    if (ready == NULL && !inbox_waits(&queue)) {
        watch->quiet_ns += watch->tick_ns;
        return watch->quiet_ns >= FOLLOW_QUIET_NS && inbox_sleep(&queue) ? FOLLOW_LEAVE : FOLLOW_ON;
    }
    watch->quiet_ns = 0;
    if (!stalled) {
        stall_streak = 0;
        if (watch->tick_ns < FOLLOW_TICK_NS_MAX) {
            watch->tick_ns *= 2; /* the servers make progress by themselves: look less often */
        }
        return FOLLOW_ON;
    }
    watch->helpers = helpers_for_queue(stall_streak);
    stall_streak = stall_streak < HELPERS_MAX ? stall_streak * 2 + 1 : HELPERS_MAX;
    return FOLLOW_TAKE_OVER;
}

static enum follow_step follow_look(struct watch *watch) {
    siding_mutex_lock(&queue_mutex);
    enum follow_step step = look_at_queue(watch);
    has_follower = step == FOLLOW_ON;
    siding_mutex_unlock(&queue_mutex);
    return step;
}

static uint64_t taken_so_far(void) {
    siding_mutex_lock(&queue_mutex);
    uint64_t taken = taken_count;
    siding_mutex_unlock(&queue_mutex);
    return taken;
}

void pool_follow(struct slot *slot) {
    struct watch watch = {.taken = taken_so_far(), .tick_ns = FOLLOW_TICK_NS_MIN};
    enum follow_step step;
    do {
        siding_parker_park_for(&slot->parker, watch.tick_ns);
        step = follow_look(&watch);
    } while (step == FOLLOW_ON);
    if (step == FOLLOW_LEAVE) {
        leave(slot);
        return;
    }
    while (watch.helpers > 0 && summon(NODE_SERVE)) {
        watch.helpers--;
    }
    pool_serve(slot);
}

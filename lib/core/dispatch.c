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
#include "dispatch.h"

#include <stdbool.h>
#include <stddef.h>

#include "../base/assert.h"
#include "bridge.h"
#include "call.h"
#include "pool.h"
#include "record.h"

#define FOLLOW_TICK_NS_MIN 50000u
#define FOLLOW_TICK_NS_MAX 400000u
#define HELPERS_MAX 31u
#define FOLLOW_QUIET_NS 1000000u /* a follower leaves after this long without waiting calls */

static struct siding_mutex queue_mutex = SIDING_MUTEX_INITIALIZER;
static struct node *ready SIDING_GUARDED_BY(&queue_mutex);
static bool has_follower SIDING_GUARDED_BY(&queue_mutex);
static uint64_t taken_count SIDING_GUARDED_BY(&queue_mutex);
static uint32_t stall_streak SIDING_GUARDED_BY(&queue_mutex); /* grows while stalls follow stalls */
static struct inbox queue = {INBOX_ASLEEP};                   /* consumer: who holds queue_mutex */

static bool summon(enum node_kind duty) {
    struct slot *slot = pool_take_shared();
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

/* The system gives us no thread at all: nothing will ever run these calls. */
static struct node *take_all(void) {
    struct node *list = NULL;
    siding_mutex_lock(&queue_mutex);
    if (ready == NULL) {
        ready = inbox_take(&queue);
    }
    list = ready;
    ready = NULL;
    if (list == NULL) {
        inbox_sleep(&queue);
    }
    siding_mutex_unlock(&queue_mutex);
    return list;
}

static void fail_all(struct node *list) {
    while (list != NULL) {
        struct node *next = list->next;
        struct record *record = (struct record *)list;
        bool is_ours = record_try(record, RECORD_QUEUED, RECORD_RUNNING);
        record->status = is_ours ? SIDING_ESYSTEM : SIDING_ECANCELLED;
        record_move(record, is_ours ? RECORD_RUNNING : RECORD_CANCELLED, RECORD_DONE);
        bridge_deliver(record->bridge, &record->node);
        list = next;
    }
}

static void fail_queue(void) {
    struct node *list = take_all();
    while (list != NULL) {
        fail_all(list);
        list = take_all();
    }
}

void dispatch_submit(struct node *first, struct node *last) {
    if (inbox_push(&queue, first, last) == INBOX_PUSHED_WAKE && !summon(NODE_SERVE) &&
        !pool_has_threads()) {
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

void dispatch_look(void) {
    if (queue_has_calls()) {
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
    slot_move_to_vacant(slot, SLOT_SHARED);
    pool_vacate(slot, SLOT_SHARED);
}

void dispatch_serve(struct slot *slot) {
    for (;;) {
        bool summon_follower = false;
        struct node *call = take_call(&summon_follower);
        if (summon_follower && !summon(NODE_FOLLOW)) {
            do_without_follower();
        }
        if (call != NULL) {
            call_run((struct record *)call, slot);
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

void dispatch_follow(struct slot *slot) {
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
    dispatch_serve(slot);
}

#include "bridge.h"

#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "bound.h"
#include "callback.h"
#include "closure.h"
#include "context.h"
#include "handle.h"
#include "line.h"
#include "memory.h"
#include "outbox.h"
#include "page.h"
#include "repeat.h"
#include "ring.h"
#include "source.h"

static struct siding_mutex registry_mutex = SIDING_MUTEX_INITIALIZER;
static uint32_t registry_made SIDING_GUARDED_BY(&registry_mutex);
static struct bridge *registry_vacant SIDING_GUARDED_BY(&registry_mutex);
/* atomic: the release store in make_bridge pairs with the acquire load in bridge_find */
static _Atomic(struct bridge *) registry[BRIDGES_MAX];
/* atomic, both: relaxed, a statistic */
static _Atomic(uint64_t) kicks;
static _Atomic(uint64_t) lost_count; /* atomic: likewise */
static _Atomic(uint32_t) open_count;

static const uint8_t legal_moves[BRIDGE_STATES] = {
    [BRIDGE_VACANT] = 1u << BRIDGE_OPEN,
    [BRIDGE_OPEN] = 1u << BRIDGE_CLOSING,
    [BRIDGE_CLOSING] = 1u << BRIDGE_VACANT,
};

static void bridge_move(struct bridge *bridge, enum bridge_state from, enum bridge_state to) {
    siding_assert(legal_moves[from] & 1u << to);
    siding_assert(atomic_load_explicit(&bridge->state, memory_order_relaxed) == from);
    /* pairs with the acquire load in bridge_is_open */
    atomic_store_explicit(&bridge->state, to, memory_order_release);
}

bool bridge_is_open(struct bridge *bridge) {
    return atomic_load_explicit(&bridge->state, memory_order_acquire) == BRIDGE_OPEN;
}

static struct bridge *make_bridge(void) SIDING_REQUIRES(&registry_mutex) {
    struct bridge *bridge = registry_made == BRIDGES_MAX ? NULL : memory_make_lines(sizeof *bridge);
    if (bridge == NULL) {
        return NULL;
    }
    bridge->kick_door = (struct door)DOOR_INITIALIZER_CLOSED;
    bridge->index = registry_made++;
    atomic_store_explicit(&registry[bridge->index], bridge, memory_order_release);
    return bridge;
}

/* A bridge whose generations are used up is left out for ever. */
static struct bridge *take_vacant(void) {
    siding_mutex_lock(&registry_mutex);
    struct bridge *bridge = registry_vacant;
    if (bridge != NULL) {
        registry_vacant = bridge->next_vacant;
    } else {
        bridge = make_bridge();
    }
    if (bridge != NULL) {
        bridge->generation++;
    }
    siding_mutex_unlock(&registry_mutex);
    return bridge;
}

static void give_vacant(struct bridge *bridge) {
    siding_mutex_lock(&registry_mutex);
    if (bridge->generation != UINT32_MAX) {
        bridge->next_vacant = registry_vacant;
        registry_vacant = bridge;
    }
    siding_mutex_unlock(&registry_mutex);
}

static int32_t open_wake(struct bridge *bridge, uint64_t wake_function, int32_t *out_descriptor) {
    struct siding_channel channel = {.host = -1, .kick = -1, .host_identity = 0};
    if (wake_function == 0 && siding_channel_open(&channel) != 0) {
        return SIDING_ESYSTEM;
    }
    bridge->channel = channel;
    bridge->wake = (void (*)(void))(uintptr_t)wake_function;
    door_open(&bridge->kick_door);
    *out_descriptor = (int32_t)channel.host;
    return SIDING_OK;
}

/* Nobody kicks any more. */
static void dispose_wake(struct bridge *bridge) {
    if (bridge->wake == NULL) {
        siding_channel_close(&bridge->channel, bridge->closes_host);
    }
    bridge_let_go(bridge);
}

/* Whoever kicks right now keeps the channel, and the bridge, for that long. */
static void close_wake(struct bridge *bridge, bool host_too) {
    bridge_retain(bridge);
    bridge->closes_host = host_too;
    if (door_close(&bridge->kick_door)) {
        dispose_wake(bridge);
    }
}

static void on_thread_exit(void *argument);

static int32_t join_thread(struct bridge *bridge) {
    bridge->thread_next = siding_thread_exit_argument();
    return siding_thread_on_exit(on_thread_exit, bridge) == 0 ? SIDING_OK : SIDING_ESYSTEM;
}

static void leave_thread(struct bridge *bridge) {
    struct bridge *first = siding_thread_exit_argument();
    if (first == bridge) {
        siding_thread_on_exit(on_thread_exit, bridge->thread_next);
        return;
    }
    while (first != NULL && first->thread_next != bridge) {
        first = first->thread_next;
    }
    if (first != NULL) {
        first->thread_next = bridge->thread_next;
    }
}

int32_t bridge_open(const struct siding_bridge_options *options, uint64_t *out_handle,
                    int32_t *out_descriptor) {
    if (options->calls_max == 0 || options->calls_max > SIDING_CALLS_MAX) {
        return SIDING_EINVALID;
    }
    struct bridge *bridge = take_vacant();
    if (bridge == NULL) {
        return SIDING_ELIMIT;
    }
    int32_t descriptor = -1;
    /* the open bridge is one; relaxed, both: nobody else knows it yet */
    atomic_store_explicit(&bridge->outstanding, 1, memory_order_relaxed);
    atomic_store_explicit(&bridge->holders, 1, memory_order_relaxed);
    int32_t status = slab_init(&bridge->slab, options->calls_max);
    if (status != SIDING_OK) {
        goto fail_slab;
    }
    status = join_thread(bridge);
    if (status != SIDING_OK) {
        goto fail_thread;
    }
    status = open_wake(bridge, options->wake_function, &descriptor);
    if (status != SIDING_OK) {
        goto fail_wake;
    }
    inbox_init(&bridge->completed);
    bridge_move(bridge, BRIDGE_VACANT, BRIDGE_OPEN);
    *out_handle = handle_make(HANDLE_BRIDGE, bridge->index, bridge->generation);
    *out_descriptor = descriptor;
    atomic_store_explicit(&bridge->thread, siding_thread_self(), memory_order_relaxed);
    atomic_store_explicit(&bridge->handle, *out_handle, memory_order_relaxed);
    atomic_fetch_add_explicit(&open_count, 1, memory_order_relaxed);
    return SIDING_OK;

fail_wake:
    leave_thread(bridge);
fail_thread:
    slab_deinit(&bridge->slab);
fail_slab:
    give_vacant(bridge);
    return status;
}

int32_t bridge_find(uint64_t handle, struct bridge **out_bridge) {
    uint32_t index = handle_index(handle);
    struct bridge *bridge =
        index < BRIDGES_MAX ? atomic_load_explicit(&registry[index], memory_order_acquire) : NULL;
    if (bridge == NULL || handle == 0 ||
        atomic_load_explicit(&bridge->handle, memory_order_relaxed) != handle) {
        return SIDING_ESTALE;
    }
    if (atomic_load_explicit(&bridge->thread, memory_order_relaxed) != siding_thread_self()) {
        return SIDING_ETHREAD;
    }
    *out_bridge = bridge;
    return SIDING_OK;
}

static void dispose(struct bridge *bridge) {
    slab_deinit(&bridge->slab);
    block_table_deinit(&bridge->blocks);
    bridge->undelivered = NULL;
    bridge->in_flight = 0;
    bridge_set_inline(bridge, NULL, NULL);
    bridge_let_go(bridge);
}

/* @return how many calls in flight end with it */
static uint32_t drop_node(struct node *node) {
    switch (node->kind) {
    case NODE_BATCH:
        return batch_drop((struct batch *)node);
    case NODE_RING:
        ring_drop((struct ring *)node);
        return 0;
    case NODE_ENDED:
        callback_drop_end(node);
        return 0;
    case NODE_PAGE:
        page_drop(node);
        return 0;
    case NODE_SOURCE:
        source_drop(node);
        return 0;
    default:
        return 1;
    }
}

/* @return events, of calls, in a list that nobody will read */
static uint32_t drop_list(struct node *list) {
    uint32_t events = 0;
    while (list != NULL) {
        struct node *next = list->next;
        events += drop_node(list);
        list = next;
    }
    return events;
}

/* @return whether these were the last holds */
static bool take_off(_Atomic(int64_t) *count, int64_t holds) {
    /* acq_rel: the last one sees everything the other threads did before */
    int64_t before = atomic_fetch_sub_explicit(count, holds, memory_order_acq_rel);
    siding_assert(before >= holds);
    return before == holds;
}

void bridge_retain(struct bridge *bridge) {
    /* relaxed: the caller's own hold keeps it */
    atomic_fetch_add_explicit(&bridge->holders, 1, memory_order_relaxed);
}

void bridge_let_go(struct bridge *bridge) {
    if (take_off(&bridge->holders, 1)) {
        bridge_move(bridge, BRIDGE_CLOSING, BRIDGE_VACANT);
        give_vacant(bridge);
    }
}

void bridge_set_inline(struct bridge *bridge, void (*dispatcher)(void), uint64_t *frame) {
    bridge->dispatcher = dispatcher;
    bridge->frame = frame;
}

void bridge_begin_here(struct bridge *bridge) {
    bridge->calls_here++;
}

void bridge_end_here(struct bridge *bridge) {
    bool is_last = --bridge->calls_here == 0;
    if (is_last && !bridge_is_open(bridge) && take_off(&bridge->outstanding, 1)) {
        dispose(bridge);
    }
}

/* Slab and blocks are needed by the open bridge, then by the calls that C on this thread is in, and
   by each one that is still with a worker: all of these are counted before the inbox refuses the
   first one, and those that came back after. */
static void close_inbox(struct bridge *bridge) {
    int64_t own = bridge->calls_here == 0 ? 1 : 0; /* else the end of these takes it off */
    atomic_fetch_add_explicit(&bridge->outstanding, bridge->in_flight, memory_order_relaxed);
    struct node *left = inbox_close(&bridge->completed);
    uint32_t back = drop_list(bridge->undelivered) + drop_list(left);
    bridge->undelivered = NULL;
    siding_assert(back <= bridge->in_flight);
    if (take_off(&bridge->outstanding, (int64_t)back + own)) {
        dispose(bridge);
    }
}

void bridge_close(struct bridge *bridge, bool host_gone) {
    leave_thread(bridge);
    atomic_store_explicit(&bridge->handle, 0, memory_order_relaxed);
    bridge_move(bridge, BRIDGE_OPEN, BRIDGE_CLOSING);
    atomic_fetch_sub_explicit(&open_count, 1, memory_order_relaxed);
    close_wake(bridge, host_gone);
    closure_leave(bridge);
    line_leave(bridge);
    repeat_leave(bridge);
    context_leave_all(bridge);
    bound_leave(bridge);
    if (!siding_process_is_forked()) {
        source_leave(bridge);
    }
    close_inbox(bridge);
}

/* The runtime on this thread is gone: nobody but us can close the host's end of the channel. */
static void on_thread_exit(void *argument) {
    struct bridge *bridge = argument;
    while (bridge != NULL) {
        struct bridge *next = bridge->thread_next;
        bridge_close(bridge, true);
        bridge = next;
    }
}

void bridge_kick(struct bridge *bridge) {
    if (!door_enter(&bridge->kick_door)) {
        return;
    }
    void (*wake)(void) = bridge->wake;
    atomic_fetch_add_explicit(&kicks, 1, memory_order_relaxed);
    if (wake == NULL) {
        siding_channel_kick(&bridge->channel);
    }
    if (door_leave(&bridge->kick_door)) {
        dispose_wake(bridge);
    }
    if (wake != NULL) {
        wake(); /* outside: it may wait for the js thread, and hold up the end of the bridge */
    }
}

enum inbox_push bridge_push(struct bridge *bridge, struct node *node) {
    return inbox_push(&bridge->completed, node, node);
}

void bridge_lose(struct bridge *bridge) {
    atomic_fetch_add_explicit(&lost_count, 1, memory_order_relaxed);
    if (take_off(&bridge->outstanding, 1)) {
        dispose(bridge);
    }
}

bool bridge_deliver(struct bridge *bridge, struct node *node) {
    enum inbox_push pushed = bridge_push(bridge, node);
    if (pushed == INBOX_PUSHED_WAKE) {
        bridge_kick(bridge);
    } else if (pushed == INBOX_REFUSED) {
        bridge_lose(bridge);
    }
    return pushed != INBOX_REFUSED;
}

uint64_t bridge_lost(void) {
    return atomic_load_explicit(&lost_count, memory_order_relaxed);
}

uint32_t bridge_count(void) {
    return atomic_load_explicit(&open_count, memory_order_relaxed);
}

uint64_t bridge_kicks(void) {
    return atomic_load_explicit(&kicks, memory_order_relaxed);
}

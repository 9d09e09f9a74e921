#include "timer.h"

#include <stddef.h>
#include <stdlib.h>

#include "../base/assert.h"
#include "lead.h"
#include "memory.h"
#include "poller.h"

#define CAPACITY_MIN 64u

static struct siding_mutex timer_mutex = SIDING_MUTEX_INITIALIZER;
/* a binary heap from index 1 on, by due_ns */
static struct timer **heap SIDING_GUARDED_BY(&timer_mutex);
static uint32_t capacity SIDING_GUARDED_BY(&timer_mutex);
static uint32_t reserved SIDING_GUARDED_BY(&timer_mutex);
static uint32_t count SIDING_GUARDED_BY(&timer_mutex);
/* what the poller's timer is set to */
static uint64_t armed_ns SIDING_GUARDED_BY(&timer_mutex) = UINT64_MAX;

/* ---- the heap -------------------------------------------------------------------------------- */

static void put(uint32_t place, struct timer *timer) SIDING_REQUIRES(&timer_mutex) {
    heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct timer *timer, uint32_t place) SIDING_REQUIRES(&timer_mutex) {
    while (place > 1 && timer->due_ns < heap[place / 2]->due_ns) {
        put(place, heap[place / 2]);
        place /= 2;
    }
    put(place, timer);
}

static void sift_down(struct timer *timer, uint32_t place) SIDING_REQUIRES(&timer_mutex) {
    for (uint32_t child = 2 * place; child <= count; child = 2 * place) {
        if (child < count && heap[child + 1]->due_ns < heap[child]->due_ns) {
            child++;
        }
        if (timer->due_ns <= heap[child]->due_ns) {
            break;
        }
        put(place, heap[child]);
        place = child;
    }
    put(place, timer);
}

static void take_out(struct timer *timer) SIDING_REQUIRES(&timer_mutex) {
    uint32_t place = timer->place;
    struct timer *last = heap[count--];
    timer->place = 0;
    if (last == timer) {
        return;
    }
    if (place > 1 && last->due_ns < heap[place / 2]->due_ns) {
        sift_up(last, place);
    } else {
        sift_down(last, place);
    }
}

/* Wakes the poller in time. One that is due later than armed is armed for when it wakes. */
static void arm(void) SIDING_REQUIRES(&timer_mutex) {
    uint64_t due_ns = count == 0 ? UINT64_MAX : heap[1]->due_ns;
    if (due_ns < armed_ns) {
        armed_ns = due_ns;
        siding_poller_arm(poller_system(), due_ns);
    }
}

/* The same, and who leads need not know of it. */
static void arm_anew(void) SIDING_REQUIRES(&timer_mutex) {
    uint64_t before_ns = armed_ns;
    arm();
    if (armed_ns < before_ns) {
        lead_recall(armed_ns);
    }
}

/* ---- setting --------------------------------------------------------------------------------- */

static bool grow(void) SIDING_REQUIRES(&timer_mutex) {
    uint32_t wanted = capacity == 0 ? CAPACITY_MIN : 2 * capacity;
    struct timer **grown = realloc(heap, (wanted + 1) * sizeof(struct timer *));
    if (grown == NULL) {
        return false;
    }
    heap = grown;
    capacity = wanted;
    return true;
}

int32_t timer_reserve(void) {
    siding_mutex_lock(&timer_mutex);
    bool has_room = reserved < capacity || grow();
    reserved += has_room;
    siding_mutex_unlock(&timer_mutex);
    return has_room ? SIDING_OK : SIDING_ENOMEM;
}

void timer_unreserve(void) {
    siding_mutex_lock(&timer_mutex);
    siding_assert(reserved > count);
    reserved--;
    siding_mutex_unlock(&timer_mutex);
}

void timer_set(struct timer *timer, uint64_t due_ns, uint64_t every_ns) {
    siding_mutex_lock(&timer_mutex);
    if (timer->place != 0) {
        take_out(timer);
    }
    siding_assert(count < reserved);
    timer->due_ns = due_ns;
    timer->every_ns = every_ns;
    sift_up(timer, ++count);
    arm_anew();
    siding_mutex_unlock(&timer_mutex);
}

bool timer_cancel(struct timer *timer) {
    siding_mutex_lock(&timer_mutex);
    bool was_set = timer->place != 0 || timer->is_parked;
    if (timer->place != 0) {
        take_out(timer);
    }
    timer->is_parked = false;
    siding_mutex_unlock(&timer_mutex);
    return was_set;
}

/* ---- running --------------------------------------------------------------------------------- */

/* @return ticks that have come, the next one due after now_ns */
static uint64_t count_ticks(struct timer *timer, uint64_t now_ns) SIDING_REQUIRES(&timer_mutex) {
    if (timer->due_ns > now_ns) {
        return 0;
    }
    uint64_t ticks = 1 + (now_ns - timer->due_ns) / timer->every_ns;
    uint64_t most = (UINT64_MAX - timer->due_ns) / timer->every_ns;
    timer->due_ns = ticks <= most ? timer->due_ns + ticks * timer->every_ns : UINT64_MAX;
    return ticks;
}

/* One that is over may be gone when it has run. */
static void run(struct timer *timer, uint64_t now_ns, struct told *told)
    SIDING_REQUIRES(&timer_mutex) {
    if (timer->every_ns == 0) {
        take_out(timer);
        timer->run(timer, 1, told);
        return;
    }
    uint64_t ticks = count_ticks(timer, now_ns);
    sift_down(timer, timer->place);
    timer->run(timer, ticks, told);
    if (timer->is_parked) {
        take_out(timer);
    }
}

uint64_t timer_resume(struct timer *timer) {
    uint64_t ticks = 0;
    siding_mutex_lock(&timer_mutex);
    if (timer->is_parked) {
        timer->is_parked = false;
        ticks = count_ticks(timer, siding_clock_ns());
        sift_up(timer, ++count);
        arm_anew();
    }
    siding_mutex_unlock(&timer_mutex);
    return ticks;
}

uint64_t timer_next_ns(void) {
    siding_mutex_lock(&timer_mutex);
    uint64_t next_ns = armed_ns; /* never later than the first of the heap, see arm */
    siding_mutex_unlock(&timer_mutex);
    return next_ns;
}

void timer_run_due(struct told *told) {
    siding_mutex_lock(&timer_mutex);
    uint64_t now_ns = armed_ns == UINT64_MAX ? 0 : siding_clock_ns();
    while (count > 0 && heap[1]->due_ns <= now_ns) {
        run(heap[1], now_ns, told);
    }
    if (armed_ns <= now_ns) {
        armed_ns = UINT64_MAX; /* it went off, though the timer may be gone for which it was set */
    }
    arm();
    siding_mutex_unlock(&timer_mutex);
}

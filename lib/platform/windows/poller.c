#include "../poller.h"

#include <errno.h>

#include "../../base/assert.h"
#include "../watch.h"

/* Not supported: sources are refused here, but for EVENT, which needs none of this. */

int32_t siding_poller_open(struct siding_poller *out_poller) {
    (void)out_poller;
    return ENOSYS;
}

int32_t siding_poller_add(const struct siding_poller *poller, int descriptor, uint32_t conditions,
                          uint64_t data) {
    return siding_poller_change(poller, descriptor, conditions, data);
}

int32_t siding_poller_change(const struct siding_poller *poller, int descriptor,
                             uint32_t conditions, uint64_t data) {
    (void)poller;
    (void)descriptor;
    (void)conditions;
    (void)data;
    return ENOSYS;
}

void siding_poller_remove(const struct siding_poller *poller, int descriptor) {
    (void)poller;
    (void)descriptor;
}

void siding_poller_arm(const struct siding_poller *poller, uint64_t at_ns) {
    (void)poller;
    (void)at_ns;
}

void siding_poller_kick(const struct siding_poller *poller) {
    (void)poller;
}

/* Nobody can have opened one. */
uint32_t siding_poller_wait(const struct siding_poller *poller, struct siding_ready *out_ready,
                            uint32_t capacity, bool blocks) {
    (void)poller;
    (void)out_ready;
    (void)capacity;
    (void)blocks;
    siding_assert(false);
    return 0;
}

void siding_poller_look_all(struct siding_look *looks, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        looks[i].conditions = SIDING_POLLER_GONE;
    }
}

int32_t siding_signal_watch(int number, void (*notice)(int number)) {
    (void)number;
    (void)notice;
    return ENOSYS;
}

void siding_signal_unwatch(int number) {
    (void)number;
}

int32_t siding_child_open(int64_t process, struct siding_child *out_child) {
    (void)process;
    (void)out_child;
    return ENOSYS;
}

enum siding_child_outcome siding_child_collect(const struct siding_child *child, int *out_code,
                                               int *out_signal) {
    (void)child;
    (void)out_code;
    (void)out_signal;
    return SIDING_CHILD_LOST;
}

void siding_child_close(const struct siding_child *child) {
    (void)child;
}

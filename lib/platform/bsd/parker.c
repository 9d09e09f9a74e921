#include <time.h>

#include "../../base/assert.h"
#include "../platform.h"

#define NS_PER_S 1000000000u

static bool take_permit(struct siding_parker *parker) SIDING_REQUIRES(parker->mutex);
static void sleep_on(struct siding_parker *parker) SIDING_REQUIRES(parker->mutex);
static void sleep_on_for(struct siding_parker *parker, uint64_t timeout_ns)
    SIDING_REQUIRES(parker->mutex);

static bool take_permit(struct siding_parker *parker) {
    bool taken = parker->permit;
    parker->permit = false;
    return taken;
}

static void sleep_on(struct siding_parker *parker) {
    int error = pthread_cond_wait(&parker->condition, &parker->mutex.native);
    siding_assert(error == 0);
}

/* Relative, because the absolute form follows the wall clock here. */
static void sleep_on_for(struct siding_parker *parker, uint64_t timeout_ns) {
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / NS_PER_S),
                               .tv_nsec = (long)(timeout_ns % NS_PER_S)};
    (void)pthread_cond_timedwait_relative_np(&parker->condition, &parker->mutex.native, &timeout);
}

bool siding_parker_init(struct siding_parker *parker) {
    if (pthread_cond_init(&parker->condition, NULL) != 0) {
        return false;
    }
    siding_mutex_init(&parker->mutex);
    siding_mutex_lock(&parker->mutex);
    parker->permit = false;
    siding_mutex_unlock(&parker->mutex);
    return true;
}

void siding_parker_deinit(struct siding_parker *parker) {
    int error = pthread_cond_destroy(&parker->condition);
    siding_assert(error == 0);
    siding_mutex_deinit(&parker->mutex);
}

void siding_parker_park(struct siding_parker *parker) {
    siding_mutex_lock(&parker->mutex);
    while (!take_permit(parker)) {
        sleep_on(parker);
    }
    siding_mutex_unlock(&parker->mutex);
}

bool siding_parker_park_for(struct siding_parker *parker, uint64_t timeout_ns) {
    uint64_t start_ns = siding_clock_ns();
    siding_mutex_lock(&parker->mutex);
    bool taken = take_permit(parker);
    uint64_t elapsed_ns = 0;
    while (!taken && elapsed_ns < timeout_ns) {
        sleep_on_for(parker, timeout_ns - elapsed_ns);
        taken = take_permit(parker);
        elapsed_ns = siding_clock_ns() - start_ns;
    }
    siding_mutex_unlock(&parker->mutex);
    return taken;
}

void siding_parker_unpark(struct siding_parker *parker) {
    /* Signals under the mutex: once it is free, the parked thread may free the parker. */
    siding_mutex_lock(&parker->mutex);
    parker->permit = true;
    int error = pthread_cond_signal(&parker->condition);
    siding_assert(error == 0);
    siding_mutex_unlock(&parker->mutex);
}

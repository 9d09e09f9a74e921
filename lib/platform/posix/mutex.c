#include "../../base/assert.h"
#include "../platform.h"

void siding_mutex_init(struct siding_mutex *mutex) {
    int error = pthread_mutex_init(&mutex->native, NULL);
    siding_assert(error == 0);
}

void siding_mutex_deinit(struct siding_mutex *mutex) {
    int error = pthread_mutex_destroy(&mutex->native);
    siding_assert(error == 0); /* EBUSY: somebody holds it */
}

SIDING_UNCHECKED void siding_mutex_lock(struct siding_mutex *mutex) {
    int error = pthread_mutex_lock(&mutex->native);
    siding_assert(error == 0);
}

SIDING_UNCHECKED void siding_mutex_unlock(struct siding_mutex *mutex) {
    int error = pthread_mutex_unlock(&mutex->native);
    siding_assert(error == 0);
}

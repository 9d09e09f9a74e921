#include <windows.h>

#include "../../base/assert.h"
#include "../platform.h"

_Static_assert(sizeof(SRWLOCK) == sizeof(struct siding_mutex), "types.h mirrors SRWLOCK");

static SRWLOCK *native(struct siding_mutex *mutex) {
    return (SRWLOCK *)&mutex->native;
}

void siding_mutex_init(struct siding_mutex *mutex) {
    InitializeSRWLock(native(mutex));
}

void siding_mutex_deinit(struct siding_mutex *mutex) {
    siding_assert(mutex->native == NULL); /* else somebody holds it */
}

SIDING_UNCHECKED void siding_mutex_lock(struct siding_mutex *mutex) {
    AcquireSRWLockExclusive(native(mutex));
}

SIDING_UNCHECKED void siding_mutex_unlock(struct siding_mutex *mutex) {
    ReleaseSRWLockExclusive(native(mutex));
}

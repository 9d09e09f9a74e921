#include "../platform.h"

/* There is no fork. */
void siding_process_watch_forks(void) {
}

bool siding_process_is_forked(void) {
    return false;
}

#include "../platform.h"

void siding_fault_watch(void) {
}

bool siding_fault_guard(void (*attempt)(void *argument), void *argument) {
    attempt(argument);
    return true;
}

#include "../posix/fault.h"

/* Reading is a guarded attempt. */
bool siding_fault_leave_read(void *context) {
    (void)context;
    return false;
}

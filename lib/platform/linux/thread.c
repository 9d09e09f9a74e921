#include <sys/prctl.h>

#include "../platform.h"
#include "../posix/system.h"
#include "../thread_name.h"

void siding_thread_rename(const char *name) {
    char short_name[SIDING_THREAD_NAME_BYTES];
    siding_thread_name_copy(short_name, name);
    if (short_name[0] != '\0') {
        (void)prctl(PR_SET_NAME, short_name, 0, 0, 0);
    }
}

/* Nothing to do: the library is linked with -z nodelete. */
void siding_image_pin(void) {
}

#include <dlfcn.h>
#include <pthread.h>

#include "../platform.h"
#include "../posix/system.h"
#include "../thread_name.h"

void siding_thread_rename(const char *name) {
    char short_name[SIDING_THREAD_NAME_BYTES];
    siding_thread_name_copy(short_name, name);
    if (short_name[0] != '\0') {
        (void)pthread_setname_np(short_name);
    }
}

/* Nothing to do: thread-local variables are made when first used. */
void siding_thread_memory_prepare(void) {
}

void siding_thread_memory_spare(void) {
}

void siding_image_pin(void) {
    static const char inside = 0;
    Dl_info image;
    if (dladdr(&inside, &image) != 0) {
        /* The reference is kept on purpose. */
        (void)dlopen(image.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    }
}

#include <windows.h>

void __clear_cache(void *first, void *behind);

/* By the name and contract of the compiler's runtime: what was written there may be run now. */
void __clear_cache(void *first, void *behind) {
    (void)FlushInstructionCache(GetCurrentProcess(), first,
                                (SIZE_T)((char *)behind - (char *)first));
}

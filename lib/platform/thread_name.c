#include "thread_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool continues_character(char byte) {
    return ((unsigned char)byte & 0xC0u) == 0x80u;
}

void siding_thread_name_copy(char out_name[SIDING_THREAD_NAME_BYTES], const char *name) {
    size_t length = 0;
    while (name != NULL && length < SIDING_THREAD_NAME_BYTES - 1 && name[length] != '\0') {
        length++;
    }
    while (length > 0 && continues_character(name[length])) {
        length--;
    }
    if (length > 0) {
        memcpy(out_name, name, length);
    }
    out_name[length] = '\0';
}

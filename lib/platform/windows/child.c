#include "../watch.h"

#include <windows.h>

#include <errno.h>

/*
 * Windows reaps nobody: a process has no parent that must collect it, its exit code can be read by
 * whoever has a handle, as often as he likes, and nothing is taken from a runtime that waits for
 * the same one. So any process that may be opened is as good as a child.
 */

int32_t siding_child_open(int64_t process, struct siding_child *out_child) {
    DWORD rights = SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION;
    bool is_number = process > 0 && process <= UINT32_MAX;
    HANDLE handle = is_number ? OpenProcess(rights, FALSE, (DWORD)process) : NULL;
    if (handle == NULL) {
        return ECHILD;
    }
    *out_child =
        (struct siding_child){.descriptor = (int)(intptr_t)handle, .process = (int)process};
    return 0;
}

static HANDLE handle_of(const struct siding_child *child) {
    return (HANDLE)(intptr_t)child->descriptor;
}

enum siding_child_outcome siding_child_collect(const struct siding_child *child, int *out_code,
                                               int *out_signal) {
    DWORD code = 0;
    switch (WaitForSingleObject(handle_of(child), 0)) {
    case WAIT_OBJECT_0:
        break;
    case WAIT_TIMEOUT:
        return SIDING_CHILD_RUNS;
    default:
        return SIDING_CHILD_LOST;
    }
    if (!GetExitCodeProcess(handle_of(child), &code)) {
        return SIDING_CHILD_LOST;
    }
    *out_code = (int)code;
    *out_signal = 0; /* there are none */
    return SIDING_CHILD_ENDED;
}

void siding_child_close(const struct siding_child *child) {
    (void)CloseHandle(handle_of(child));
}

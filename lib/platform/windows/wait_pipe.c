#include "wait_pipe.h"

#include <errno.h>
#include <stdlib.h>

#include "wait_object.h"

int32_t wait_pipe_look(HANDLE object) {
    bool is_overlapped = wait_object_look_file(object) == ENOTSUP;
    if (!is_overlapped || GetFileType(object) != FILE_TYPE_PIPE) {
        return EPERM;
    }
    return wait_object_has_right(object, FILE_READ_DATA) ? 0 : EBADF;
}

int32_t wait_pipe_create(HANDLE object, struct wait_pipe **out_pipe) {
    HANDLE self = GetCurrentProcess();
    struct wait_pipe *pipe = calloc(1, sizeof *pipe);
    if (pipe == NULL) {
        return ENOMEM;
    }
    if (!DuplicateHandle(self, object, self, &pipe->handle, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        goto fail_duplicate;
    }
    pipe->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (pipe->event == NULL) {
        goto fail_event;
    }
    *out_pipe = pipe;
    return 0;

fail_event:
    (void)CloseHandle(pipe->handle);
fail_duplicate:
    free(pipe);
    return EMFILE;
}

/* The system cancels while the call lasts that asks for it. */
static void let_go(struct wait_pipe *pipe) {
    DWORD got;
    if (pipe->is_begun) {
        pipe->is_begun = false;
        (void)CancelIoEx(pipe->handle, &pipe->overlapped);
        (void)GetOverlappedResult(pipe->handle, &pipe->overlapped, &got, TRUE);
    }
    if (pipe->handle != NULL) {
        (void)CloseHandle(pipe->handle);
        pipe->handle = NULL;
    }
}

void wait_pipe_release(struct wait_pipe *pipe) {
    let_go(pipe);
}

void wait_pipe_destroy(struct wait_pipe *pipe) {
    let_go(pipe);
    (void)CloseHandle(pipe->event);
    free(pipe);
}

/* @return whether the system will set the event, or has */
static bool is_under_way(BOOL succeeded) {
    DWORD error = succeeded ? ERROR_SUCCESS : GetLastError();
    return error == ERROR_SUCCESS || error == ERROR_IO_PENDING || error == ERROR_MORE_DATA;
}

void wait_pipe_begin(struct wait_pipe *pipe) {
    static char none;
    if (pipe->is_begun && !HasOverlappedIoCompleted(&pipe->overlapped)) {
        return; /* it goes on, and nobody was told of it by now */
    }
    pipe->overlapped = (OVERLAPPED){.hEvent = (HANDLE)((uintptr_t)pipe->event | 1)};
    pipe->is_begun = is_under_way(ReadFile(pipe->handle, &none, 0, NULL, &pipe->overlapped));
    if (!pipe->is_begun && GetLastError() == ERROR_PIPE_LISTENING) {
        pipe->is_begun = is_under_way(ConnectNamedPipe(pipe->handle, &pipe->overlapped));
    }
    if (!pipe->is_begun) {
        (void)SetEvent(pipe->event); /* a read of bytes says why */
    }
}

bool wait_pipe_is_cut_off(struct wait_pipe *pipe) {
    DWORD got;
    return pipe->is_begun && !GetOverlappedResult(pipe->handle, &pipe->overlapped, &got, FALSE) &&
           GetLastError() == ERROR_OPERATION_ABORTED;
}

uint32_t wait_pipe_conditions(const struct wait_pipe *pipe) {
    DWORD available_bytes = 0;
    if (PeekNamedPipe(pipe->handle, NULL, 0, NULL, &available_bytes, NULL)) {
        return available_bytes > 0 ? SIDING_READY_READ : 0;
    }
    switch (GetLastError()) {
    case ERROR_BAD_PIPE: /* nobody is connected */
    case ERROR_PIPE_LISTENING:
        return 0;
    default:
        return SIDING_READY_READ | SIDING_READY_HANGUP;
    }
}

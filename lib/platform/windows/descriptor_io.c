#include <winsock2.h>
#include <ws2tcpip.h>

#include "../descriptor_io.h"

#include <errno.h>

#include "wait.h"
#include "wait_object.h"
#include "wait_pipe.h"
#include "wait_socket.h"

/*
 * Nobody can ask a socket whether its calls block. So what is read is read overlapped, and taken
 * back where it does not come at once: the few sockets that know no overlapped calls block. A
 * connection is looked for first, and accepted then. Pipes that were opened for it are read so,
 * too; all else that is no socket blocks.
 */

_Static_assert(sizeof(SOCKADDR_STORAGE) <= SIDING_IO_ADDRESS_BYTES, "any address fits");

/* Handles have 32 bits that count. */
static SOCKET socket_of(int object) {
    return (SOCKET)(intptr_t)object;
}

/* ---- what it is ------------------------------------------------------------------------------ */

static int option(SOCKET socket, int name) {
    int value = 0;
    int size_bytes = sizeof value;
    return getsockopt(socket, SOL_SOCKET, name, (char *)&value, &size_bytes) == 0 ? value : 0;
}

/* @return 0 or errno */
static int32_t look_at_file(HANDLE file, struct siding_io_nature *out_nature) {
    int32_t error = wait_pipe_look(file);
    bool is_pipe = error != EPERM;
    *out_nature = (struct siding_io_nature){.way = is_pipe ? SIDING_IO_NOWAIT : SIDING_IO_BLOCKS,
                                            .has_end = true};
    return is_pipe ? error : wait_object_look_file(file);
}

int32_t siding_io_look(int descriptor, struct siding_io_nature *out_nature) {
    HANDLE handle = (HANDLE)(intptr_t)descriptor;
    HANDLE base = NULL;
    DWORD flags = 0;
    if (!GetHandleInformation(handle, &flags)) {
        return EBADF;
    }
    if (!wait_socket_look(handle, &base)) {
        return look_at_file(handle, out_nature);
    }
    bool is_stream = option(socket_of(descriptor), SO_TYPE) == SOCK_STREAM;
    bool is_listener = option(socket_of(descriptor), SO_ACCEPTCONN) != 0;
    bool is_overlapped = wait_object_look_file(base) != 0;
    *out_nature = (struct siding_io_nature){
        .way = is_listener     ? SIDING_IO_PLAIN
               : is_overlapped ? SIDING_IO_SOCKET
                               : SIDING_IO_BLOCKS,
        .is_socket = true,
        .is_listener = is_listener,
        .has_messages = !is_stream,
        .gives_all = is_stream,
        .has_end = is_stream,
    };
    return 0;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static const struct {
    int system;
    int32_t error;
} errors[] = {
    {WSAEBADF, EBADF},
    {WSAENOTSOCK, EBADF},
    {WSAEINVAL, EINVAL},
    {WSAEMFILE, EMFILE},
    {WSAENOBUFS, ENOBUFS},
    {WSA_NOT_ENOUGH_MEMORY, ENOMEM},
    {WSAECONNRESET, ECONNRESET},
    {WSAECONNABORTED, ECONNABORTED},
    {WSAENETRESET, ENETRESET},
    {WSAETIMEDOUT, ETIMEDOUT},
    {WSAENOTCONN, ENOTCONN},
    {WSAESHUTDOWN, EPIPE},
    {WSAEFAULT, EFAULT},
    {WSAEOPNOTSUPP, EOPNOTSUPP},
    {ERROR_INVALID_HANDLE, EBADF},
    {ERROR_PIPE_NOT_CONNECTED, ENOTCONN},
};

/* One that has no errno stays what it is. */
static int32_t errno_of(int system) {
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i].system == system) {
            return errors[i].error;
        }
    }
    return system;
}

bool siding_io_is_not_yet(int32_t error) {
    return error == WSAEWOULDBLOCK || error == EAGAIN || error == EWOULDBLOCK;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* What one call is asked for. */
static ULONG most_of(size_t size_bytes) {
    return size_bytes < INT32_MAX ? (ULONG)size_bytes : INT32_MAX;
}

/* What one receive is about. */
struct receive {
    WSABUF target;
    SOCKADDR *address; /* NULL: not asked for */
    int address_bytes;
    DWORD got_bytes;
    DWORD flags;
};

/* Its own event, marked so that no port which the owner of the socket has hears of it. owner: who
   leads the poller. @return NULL: the system refused */
static HANDLE event_of_leader(void) {
    static HANDLE event;
    if (event == NULL) {
        event = CreateEventW(NULL, TRUE, FALSE, NULL);
    }
    return event == NULL ? NULL : (HANDLE)((uintptr_t)event | 1);
}

/* Begins, and takes it back unless it came meanwhile. @return 0 or the system's error number */
static int receive_now(SOCKET socket, struct receive *receive) {
    OVERLAPPED overlapped = {.hEvent = event_of_leader()};
    if (overlapped.hEvent == NULL) {
        return WSA_NOT_ENOUGH_MEMORY;
    }
    int *address_bytes = receive->address == NULL ? NULL : &receive->address_bytes;
    if (WSARecvFrom(socket, &receive->target, 1, &receive->got_bytes, &receive->flags,
                    receive->address, address_bytes, &overlapped, NULL) == 0) {
        return 0;
    }
    int error = WSAGetLastError();
    if (error != WSA_IO_PENDING) {
        return error;
    }
    (void)CancelIoEx((HANDLE)socket, &overlapped);
    if (WSAGetOverlappedResult(socket, &overlapped, &receive->got_bytes, TRUE, &receive->flags)) {
        return 0;
    }
    error = WSAGetLastError();
    return error == WSA_OPERATION_ABORTED ? WSAEWOULDBLOCK : error;
}

static int64_t failure(int error, int32_t *out_error) {
    if (error == WSAEWOULDBLOCK) {
        return SIDING_IO_NOT_YET;
    }
    *out_error = errno_of(error);
    return SIDING_IO_FAILED;
}

/* A message that was longer than its room, in its place at least. */
static bool is_cut_off(int error) {
    return error == WSAEMSGSIZE;
}

/* Of something that was sent before, whose answer says that nobody is there. */
static bool is_of_other_datagram(int error) {
    return error == WSAECONNRESET || error == WSAENETRESET;
}

static int64_t read_socket(SOCKET socket, const struct siding_io_nature *nature, void *out_bytes,
                           size_t size_bytes, bool *out_is_all, int32_t *out_error) {
    ULONG most = most_of(size_bytes);
    struct receive receive = {.target = {.len = most, .buf = out_bytes}};
    int error = receive_now(socket, &receive);
    if (is_cut_off(error)) {
        return (int64_t)size_bytes;
    }
    if (error != 0) {
        return nature->has_messages && is_of_other_datagram(error) ? SIDING_IO_AGAIN
                                                                   : failure(error, out_error);
    }
    *out_is_all = nature->gives_all && receive.got_bytes > 0 && receive.got_bytes < most;
    return receive.got_bytes;
}

/* As receive_now. What is left of a message that is longer comes with the next read. */
static int read_now(HANDLE pipe, void *out_bytes, DWORD size_bytes, DWORD *out_got_bytes) {
    OVERLAPPED overlapped = {.hEvent = event_of_leader()};
    if (overlapped.hEvent == NULL) {
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    DWORD error = ERROR_SUCCESS;
    if (!ReadFile(pipe, out_bytes, size_bytes, NULL, &overlapped)) {
        error = GetLastError();
    }
    if (error == ERROR_IO_PENDING) {
        (void)CancelIoEx(pipe, &overlapped);
    } else if (error != ERROR_SUCCESS && error != ERROR_MORE_DATA) {
        return (int)error;
    }
    bool is_read = GetOverlappedResult(pipe, &overlapped, out_got_bytes, TRUE);
    error = is_read ? ERROR_SUCCESS : GetLastError();
    return error == ERROR_MORE_DATA ? ERROR_SUCCESS : (int)error;
}

static int64_t read_pipe(HANDLE pipe, void *out_bytes, size_t size_bytes, int32_t *out_error) {
    DWORD got_bytes = 0;
    int error = read_now(pipe, out_bytes, most_of(size_bytes), &got_bytes);
    switch (error) {
    case ERROR_SUCCESS:
        return got_bytes > 0 ? (int64_t)got_bytes : SIDING_IO_AGAIN; /* an empty message */
    case ERROR_OPERATION_ABORTED:
    case ERROR_PIPE_LISTENING:
        return SIDING_IO_NOT_YET;
    case ERROR_BROKEN_PIPE: /* the other end was closed, or is about to be */
    case ERROR_NO_DATA:
        return 0;
    default:
        return failure(error, out_error);
    }
}

int64_t siding_io_read(int descriptor, const struct siding_io_nature *nature, void *out_bytes,
                       size_t size_bytes, bool *out_is_all, int32_t *out_error) {
    HANDLE handle = wait_handle(descriptor);
    *out_is_all = false;
    return nature->is_socket
               ? read_socket((SOCKET)handle, nature, out_bytes, size_bytes, out_is_all, out_error)
               : read_pipe(handle, out_bytes, size_bytes, out_error);
}

/* @return the system's error number, or 0 */
static int receive_one(SOCKET socket, uint8_t *memory, size_t size_bytes,
                       struct siding_datagram *out_datagram) {
    ULONG most = most_of(size_bytes);
    struct receive receive = {
        .target = {.len = most, .buf = (char *)memory},
        .address = (SOCKADDR *)out_datagram->address,
        .address_bytes = SIDING_IO_ADDRESS_BYTES,
    };
    int error = receive_now(socket, &receive);
    bool is_cut = is_cut_off(error);
    out_datagram->size_bytes = is_cut ? most : receive.got_bytes;
    out_datagram->true_bytes = is_cut ? UINT64_MAX : receive.got_bytes;
    out_datagram->address_bytes = (uint32_t)receive.address_bytes;
    return is_cut ? 0 : error;
}

int64_t siding_io_receive(int descriptor, uint8_t *memory, size_t stride_bytes,
                          struct siding_datagram *out_datagrams, uint32_t count,
                          int32_t *out_error) {
    SOCKET socket = (SOCKET)wait_handle(descriptor);
    for (uint32_t i = 0; i < count; i++) {
        int error = receive_one(socket, memory + i * stride_bytes, stride_bytes, &out_datagrams[i]);
        if (error != 0) {
            return i > 0                         ? (int64_t)i
                   : is_of_other_datagram(error) ? SIDING_IO_AGAIN
                                                 : failure(error, out_error);
        }
    }
    return count;
}

/* ---- accepting ------------------------------------------------------------------------------- */

/* It has inherited what its listener was told: to block, and whom to tell. */
static void set_free(SOCKET connection) {
    u_long is_nonblocking = 1;
    (void)WSAEventSelect(connection, NULL, 0);
    (void)ioctlsocket(connection, (long)FIONBIO, &is_nonblocking);
    (void)SetHandleInformation((HANDLE)connection, HANDLE_FLAG_INHERIT, 0);
}

int64_t siding_io_accept(int listener, void *out_address, uint32_t *out_address_bytes,
                         int32_t *out_error) {
    SOCKET socket = (SOCKET)wait_handle(listener);
    if (wait_socket_conditions((HANDLE)socket, SIDING_READY_READ) == 0) {
        return SIDING_IO_NOT_YET;
    }
    int size_bytes = SIDING_IO_ADDRESS_BYTES;
    SOCKET connection = accept(socket, out_address, &size_bytes);
    if (connection != INVALID_SOCKET) {
        set_free(connection);
        *out_address_bytes = (uint32_t)size_bytes;
        return (int64_t)connection;
    }
    switch (WSAGetLastError()) {
    case WSAECONNRESET: /* the connection's error, not the listener's */
    case WSAECONNABORTED:
        return SIDING_IO_AGAIN;
    case WSAEMFILE:
    case WSAENOBUFS:
        return SIDING_IO_EXHAUSTED;
    default:
        return failure(WSAGetLastError(), out_error);
    }
}

int32_t siding_io_close(int descriptor) {
    return closesocket(socket_of(descriptor)) == 0 ? 0 : errno_of(WSAGetLastError());
}

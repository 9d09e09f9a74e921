#include <winsock2.h>

#include "wait_socket.h"

#include <winternl.h>

#include <errno.h>

/* The driver's own numbers. */
#define AFD_IOCTL_POLL 0x00012024u
#define AFD_RECEIVE 0x001u
#define AFD_RECEIVE_EXPEDITED 0x002u
#define AFD_SEND 0x004u
#define AFD_DISCONNECT 0x008u
#define AFD_ABORT 0x010u
#define AFD_LOCAL_CLOSE 0x020u
#define AFD_ACCEPT 0x080u
#define AFD_CONNECT_FAIL 0x100u
#define AFD_FAILURES (AFD_ABORT | AFD_LOCAL_CLOSE | AFD_CONNECT_FAIL)

#define IOCTL_BASE_HANDLE 0x48000022u /* SIO_BASE_HANDLE */

typedef NTSTATUS(NTAPI *create_file)(HANDLE *out_file, ACCESS_MASK access,
                                     OBJECT_ATTRIBUTES *attributes, IO_STATUS_BLOCK *out_status,
                                     LARGE_INTEGER *size, ULONG flags, ULONG share, ULONG how,
                                     ULONG options, void *more, ULONG more_bytes);
typedef NTSTATUS(NTAPI *control_device)(HANDLE file, HANDLE event, void *routine, void *content,
                                        struct wait_status *out_status, ULONG code, void *in,
                                        ULONG in_bytes, void *out, ULONG out_bytes);
typedef NTSTATUS(NTAPI *cancel_device)(HANDLE file, struct wait_status *status,
                                       struct wait_status *out_status);

/* What the polls go through. Guarded by wait_mutex while it is opened, then immutable, as the
   functions. */
static HANDLE driver;
static control_device control;
static cancel_device cancel;

/* ---- conditions ------------------------------------------------------------------------------ */

static ULONG events_of(uint32_t conditions) {
    ULONG events = AFD_FAILURES;
    events |= conditions & SIDING_READY_READ ? AFD_RECEIVE | AFD_ACCEPT | AFD_DISCONNECT : 0;
    events |= conditions & SIDING_READY_WRITE ? AFD_SEND : 0;
    events |= conditions & SIDING_READY_PRIORITY ? AFD_RECEIVE_EXPEDITED : 0;
    return events;
}

static uint32_t conditions_of(ULONG events) {
    uint32_t conditions = 0;
    conditions |= events & (AFD_RECEIVE | AFD_ACCEPT) ? SIDING_READY_READ : 0;
    conditions |= events & AFD_SEND ? SIDING_READY_WRITE : 0;
    conditions |= events & AFD_RECEIVE_EXPEDITED ? SIDING_READY_PRIORITY : 0;
    conditions |= events & AFD_DISCONNECT ? SIDING_READY_READ | SIDING_READY_SHUTDOWN : 0;
    conditions |= events & AFD_FAILURES ? WAIT_SOCKET_FAILED : 0;
    return conditions;
}

uint32_t wait_socket_conditions(HANDLE socket, uint32_t conditions) {
    WSAPOLLFD look = {.fd = (SOCKET)socket};
    look.events = (SHORT)((conditions & SIDING_READY_READ ? POLLRDNORM : 0) |
                          (conditions & SIDING_READY_WRITE ? POLLWRNORM : 0) |
                          (conditions & SIDING_READY_PRIORITY ? POLLRDBAND : 0));
    if (WSAPoll(&look, 1, 0) < 0) {
        return SIDING_POLLER_GONE;
    }
    uint32_t found = 0;
    found |= look.revents & POLLRDNORM ? SIDING_READY_READ : 0;
    found |= look.revents & POLLWRNORM ? SIDING_READY_WRITE : 0;
    found |= look.revents & POLLRDBAND ? SIDING_READY_PRIORITY : 0;
    found |= look.revents & POLLHUP ? SIDING_READY_READ | SIDING_READY_SHUTDOWN : 0;
    found |= look.revents & POLLERR ? WAIT_SOCKET_FAILED : 0;
    return look.revents & POLLNVAL ? SIDING_POLLER_GONE : found;
}

/* ---- polls ----------------------------------------------------------------------------------- */

/* Providers put themselves before the driver; ours asks the driver itself. */
bool wait_socket_look(HANDLE object, HANDLE *out_socket) {
    int type = 0;
    int type_bytes = sizeof type;
    SOCKET base = (SOCKET)object;
    DWORD got = 0;
    if (getsockopt((SOCKET)object, SOL_SOCKET, SO_TYPE, (char *)&type, &type_bytes) != 0) {
        return false;
    }
    if (WSAIoctl((SOCKET)object, IOCTL_BASE_HANDLE, NULL, 0, &base, sizeof base, &got, NULL,
                 NULL) != 0) {
        base = (SOCKET)object;
    }
    *out_socket = (HANDLE)base;
    return true;
}

/* @return 0 or errno */
static int32_t open_driver(create_file create, HANDLE port) SIDING_REQUIRES(&wait_mutex) {
    WCHAR path[] = L"\\Device\\Afd\\Siding";
    UNICODE_STRING name = {sizeof path - sizeof(WCHAR), sizeof path, path};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .ObjectName = &name};
    IO_STATUS_BLOCK status;
    HANDLE opened = NULL;
    if (!NT_SUCCESS(create(&opened, SYNCHRONIZE, &attributes, &status, NULL, 0,
                           FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0))) {
        return ENOSYS;
    }
    if (CreateIoCompletionPort(opened, port, WAIT_KEY_POLLED, 0) == NULL) {
        (void)CloseHandle(opened);
        return ENOSYS;
    }
    driver = opened;
    return 0;
}

int32_t wait_socket_open(HANDLE port) {
    if (driver != NULL) {
        return 0;
    }
    HMODULE native = GetModuleHandleW(L"ntdll.dll");
    create_file create = (create_file)(uintptr_t)GetProcAddress(native, "NtCreateFile");
    control = (control_device)(uintptr_t)GetProcAddress(native, "NtDeviceIoControlFile");
    cancel = (cancel_device)(uintptr_t)GetProcAddress(native, "NtCancelIoFileEx");
    return create == NULL || control == NULL || cancel == NULL ? ENOSYS : open_driver(create, port);
}

bool wait_socket_arm(struct wait_poll *poll, HANDLE socket, uint32_t conditions, uint64_t ticket) {
    *poll = (struct wait_poll){
        .timeout = INT64_MAX, .count = 1, .socket = socket, .events = events_of(conditions)};
    ULONG size_bytes = sizeof *poll - offsetof(struct wait_poll, timeout);
    return NT_SUCCESS(control(driver, NULL, NULL, (void *)(uintptr_t)ticket, &poll->status,
                              AFD_IOCTL_POLL, &poll->timeout, size_bytes, &poll->timeout,
                              size_bytes));
}

void wait_socket_cancel(struct wait_poll *poll) {
    struct wait_status status;
    (void)cancel(driver, &poll->status, &status);
}

uint32_t wait_socket_read(const struct wait_poll *poll) {
    bool has_ended = NT_SUCCESS((NTSTATUS)poll->status.status) && poll->count > 0;
    return has_ended ? conditions_of(poll->events) : WAIT_SOCKET_FAILED;
}

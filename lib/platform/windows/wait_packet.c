#include "wait_packet.h"

#include <winternl.h>

typedef NTSTATUS(NTAPI *create_packet)(HANDLE *out_packet, ACCESS_MASK access,
                                       OBJECT_ATTRIBUTES *attributes);
typedef NTSTATUS(NTAPI *associate_packet)(HANDLE packet, HANDLE port, HANDLE object, void *key,
                                          void *content, NTSTATUS status, ULONG_PTR information,
                                          BOOLEAN *out_was_signalled);
typedef NTSTATUS(NTAPI *cancel_packet)(HANDLE packet, BOOLEAN removes_told);

static INIT_ONCE find_once = INIT_ONCE_STATIC_INIT;
/* Immutable after find_once; all are NULL where one is. */
static create_packet create;
static associate_packet associate;
static cancel_packet cancel;

static BOOL CALLBACK find(INIT_ONCE *once, void *parameter, void **context) {
    (void)once, (void)parameter, (void)context;
    HMODULE native = GetModuleHandleW(L"ntdll.dll");
    create = (create_packet)(uintptr_t)GetProcAddress(native, "NtCreateWaitCompletionPacket");
    associate =
        (associate_packet)(uintptr_t)GetProcAddress(native, "NtAssociateWaitCompletionPacket");
    cancel = (cancel_packet)(uintptr_t)GetProcAddress(native, "NtCancelWaitCompletionPacket");
    if (associate == NULL || cancel == NULL) {
        create = NULL;
    }
    return TRUE;
}

bool wait_packet_is_known(void) {
    (void)InitOnceExecuteOnce(&find_once, find, NULL, NULL);
    return create != NULL;
}

HANDLE wait_packet_create(void) {
    HANDLE packet = NULL;
    return NT_SUCCESS(create(&packet, GENERIC_ALL, NULL)) ? packet : NULL;
}

bool wait_packet_arm(HANDLE packet, HANDLE port, HANDLE object, uint64_t ticket) {
    return NT_SUCCESS(associate(packet, port, object, (void *)(uintptr_t)WAIT_KEY_TOLD,
                                (void *)(uintptr_t)ticket, 0, 0, NULL));
}

/* First without what was told: only that says whether the wait had succeeded. */
bool wait_packet_cancel(HANDLE packet) {
    const NTSTATUS success = 0; /* others that are no failures say that it was too late */
    bool is_cancelled = cancel(packet, FALSE) == success;
    if (!is_cancelled) {
        (void)cancel(packet, TRUE);
    }
    return is_cancelled;
}

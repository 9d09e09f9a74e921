#include "wait_object.h"

#include <winternl.h>

#include <errno.h>
#include <wchar.h>

#include "wait_pipe.h"

#define NAME_LENGTH_MAX 31u /* of those that matter */

/* Not in all headers: see NtQueryEvent. */
#define EVENT_BASIC_INFORMATION 0
#define EVENT_SYNCHRONIZATION 1

struct event_information {
    LONG type;
    LONG state;
};

typedef NTSTATUS(NTAPI *query_object)(HANDLE object, OBJECT_INFORMATION_CLASS what, void *out,
                                      ULONG size_bytes, ULONG *out_size_bytes);
typedef NTSTATUS(NTAPI *query_file)(HANDLE file, IO_STATUS_BLOCK *out_status, void *out,
                                    ULONG size_bytes, FILE_INFORMATION_CLASS what);
typedef NTSTATUS(NTAPI *query_event)(HANDLE event, LONG what, void *out, ULONG size_bytes,
                                     ULONG *out_size_bytes);

/* The name comes behind the structure, in the same buffer. */
union type_information {
    PUBLIC_OBJECT_TYPE_INFORMATION type;
    uint8_t bytes[1024];
};

static FARPROC native(const char *name) {
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name);
}

/* @return false: it is no HANDLE */
static bool read_type_name(HANDLE object, WCHAR out_name[NAME_LENGTH_MAX + 1]) {
    union type_information information;
    query_object query = (query_object)(uintptr_t)native("NtQueryObject");
    if (query == NULL ||
        !NT_SUCCESS(query(object, ObjectTypeInformation, &information, sizeof information, NULL))) {
        return false;
    }
    const UNICODE_STRING *name = &information.type.TypeName;
    size_t length = name->Length / sizeof(WCHAR);
    length = length < NAME_LENGTH_MAX ? length : NAME_LENGTH_MAX;
    wmemcpy(out_name, name->Buffer, length);
    out_name[length] = L'\0';
    return true;
}

/* One that does not say what it is may lose its signal, and is not ours to set. */
static enum wait_nature nature_of_event(HANDLE event) {
    struct event_information information;
    query_event query = (query_event)(uintptr_t)native("NtQueryEvent");
    if (query == NULL || !NT_SUCCESS(query(event, EVENT_BASIC_INFORMATION, &information,
                                           sizeof information, NULL))) {
        return WAIT_TAKES;
    }
    return information.type == EVENT_SYNCHRONIZATION ? WAIT_TAKES_EVENT : WAIT_KEEPS;
}

/* The console is signalled while there is input; a directory's handle, when something changes. */
static bool is_waitable_file(HANDLE file) {
    DWORD mode;
    BY_HANDLE_FILE_INFORMATION information;
    return GetConsoleMode(file, &mode) ||
           (GetFileType(file) == FILE_TYPE_DISK && GetFileInformationByHandle(file, &information) &&
            (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0);
}

static const struct {
    const WCHAR *name;
    enum wait_nature nature;
} types[] = {
    {L"Process", WAIT_KEEPS}, {L"Thread", WAIT_KEEPS},
    {L"Job", WAIT_KEEPS},     {L"Semaphore", WAIT_TAKES_SEMAPHORE},
    {L"Timer", WAIT_TAKES},
};

bool wait_object_has_right(HANDLE object, ACCESS_MASK right) {
    PUBLIC_OBJECT_BASIC_INFORMATION information;
    query_object query = (query_object)(uintptr_t)native("NtQueryObject");
    return NT_SUCCESS(
               query(object, ObjectBasicInformation, &information, sizeof information, NULL)) &&
           (information.GrantedAccess & right) != 0;
}

/* @return 0 or errno */
static int32_t look_at_type(HANDLE object, const WCHAR *name, enum wait_nature *out_nature) {
    if (wcscmp(name, L"Event") == 0) {
        *out_nature = nature_of_event(object);
        return 0;
    }
    if (wcscmp(name, L"File") == 0) {
        bool is_waitable = is_waitable_file(object);
        *out_nature = is_waitable ? WAIT_KEEPS : WAIT_PIPE;
        return is_waitable ? 0 : wait_pipe_look(object);
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (wcscmp(name, types[i].name) == 0) {
            *out_nature = types[i].nature;
            return 0;
        }
    }
    return EPERM;
}

int32_t wait_object_look(HANDLE object, enum wait_nature *out_nature) {
    WCHAR name[NAME_LENGTH_MAX + 1];
    if (!read_type_name(object, name)) {
        return EBADF;
    }
    int32_t error = look_at_type(object, name, out_nature);
    /* a wait would find that out as well, and take the signal */
    return error == 0 && !wait_object_has_right(object, SYNCHRONIZE) ? EACCES : error;
}

int32_t wait_object_look_file(HANDLE file) {
    query_file query = (query_file)(uintptr_t)native("NtQueryInformationFile");
    IO_STATUS_BLOCK status;
    ULONG mode = 0;
    if (query == NULL ||
        !NT_SUCCESS(query(file, &status, &mode, sizeof mode, FileModeInformation))) {
        return EPERM;
    }
    return (mode & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0 ? 0 : ENOTSUP;
}

void wait_object_give_back(HANDLE object, enum wait_nature nature) {
    if (nature == WAIT_TAKES_EVENT) {
        (void)SetEvent(object);
    } else if (nature == WAIT_TAKES_SEMAPHORE) {
        (void)ReleaseSemaphore(object, 1, NULL);
    }
}

#include <windows.h>

#include <stdlib.h>

#include "../../base/assert.h"
#include "../platform.h"

#define MESSAGE_WIDE_CHARACTERS 512

static void copy_literal(char *out_message, size_t capacity, const char *message) {
    size_t length = 0;
    while (length + 1 < capacity && message[length] != '\0') {
        out_message[length] = message[length];
        length++;
    }
    if (capacity > 0) {
        out_message[length] = '\0';
    }
}

/* The system ends its messages with a line break. */
static DWORD trimmed_length(const WCHAR *message, DWORD length) {
    while (length > 0 && message[length - 1] <= L' ') {
        length--;
    }
    return length;
}

static void describe_error(DWORD error, char *out_message, size_t capacity) {
    WCHAR wide[MESSAGE_WIDE_CHARACTERS];
    char narrow[MESSAGE_WIDE_CHARACTERS * 3 + 1];
    DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    DWORD length = FormatMessageW(flags, NULL, error, 0, wide, MESSAGE_WIDE_CHARACTERS, NULL);
    length = trimmed_length(wide, length);
    int bytes = 0;
    if (length > 0) {
        bytes = WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, narrow, (int)sizeof narrow - 1,
                                    NULL, NULL);
    }
    narrow[bytes] = '\0';
    copy_literal(out_message, capacity, bytes > 0 ? narrow : "unknown error");
}

/* @owns the caller frees the result, which is NULL when the path is not UTF-8 or memory is out */
static WCHAR *wide_path(const char *path) {
    int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, NULL, 0);
    if (length <= 0) {
        return NULL;
    }
    WCHAR *wide = malloc((size_t)length * sizeof *wide);
    if (wide == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, length);
    return wide;
}

static HMODULE load(const char *path) {
    HMODULE module = NULL;
    if (path == NULL) {
        /* With a reference of its own, as siding_loader_close gives one back. */
        return GetModuleHandleExW(0, NULL, &module) ? module : NULL;
    }
    WCHAR *wide = wide_path(path);
    if (wide == NULL) {
        return NULL;
    }
    module = LoadLibraryW(wide);
    DWORD error = GetLastError();
    free(wide);
    SetLastError(error);
    return module;
}

void *siding_loader_open(const char *path, bool is_global, char *out_message,
                         size_t message_capacity) {
    (void)is_global;
    HMODULE module = load(path);
    if (module == NULL) {
        describe_error(GetLastError(), out_message, message_capacity);
    }
    return module;
}

void siding_loader_close(void *library) {
    siding_assert(library != NULL);
    (void)FreeLibrary(library);
}

bool siding_loader_symbol(void *library, const char *name, void **out_address) {
    siding_assert(library != NULL);
    FARPROC address = GetProcAddress(library, name);
    if (address == NULL) {
        return false;
    }
    *out_address = (void *)(uintptr_t)address;
    return true;
}

#include <windows.h>

#include <errno.h>
#include <stdlib.h>

#include "../../base/assert.h"
#include "../../base/relax.h"
#include "../platform.h"
#include "../thread_name.h"

typedef HRESULT(WINAPI *describe_thread)(HANDLE thread, PCWSTR description);
typedef BOOLEAN(NTAPI *is_shutting_down)(void);

/* owner: the starting thread, then the started one */
struct start {
    void (*run)(void *argument);
    void *argument;
    char name[SIDING_THREAD_NAME_BYTES];
};

/* owner: its thread */
struct exit_notice {
    void (*notice)(void *argument);
    void *argument;
};

static INIT_ONCE prepare_once = INIT_ONCE_STATIC_INIT;
/* Immutable after prepare_once; the functions are NULL on systems that have none. */
static DWORD exit_index;
static describe_thread set_description;
static is_shutting_down process_ends;

static FARPROC find(const WCHAR *module_name, const char *name) {
    HMODULE module = GetModuleHandleW(module_name);
    return module != NULL ? GetProcAddress(module, name) : NULL;
}

/* Threads and exit notices outlive any FreeLibrary, so this image stays mapped. */
static void pin_image(void) {
    HMODULE module;
    DWORD flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
    (void)GetModuleHandleExW(flags, (LPCWSTR)(const void *)&prepare_once, &module);
}

static void WINAPI exit_index_freed(void *value) {
    struct exit_notice notice = *(struct exit_notice *)value;
    (void)FlsSetValue(exit_index, NULL); /* the notice looks for what it is called with */
    free(value);
    /* Also called when the whole process ends, where other threads died holding locks. */
    if (notice.notice != NULL && (process_ends == NULL || !process_ends())) {
        notice.notice(notice.argument);
    }
}

static BOOL CALLBACK prepare(INIT_ONCE *once, void *parameter, void **context) {
    (void)once, (void)parameter, (void)context;
    pin_image();
    set_description = (describe_thread)(uintptr_t)find(L"kernel32.dll", "SetThreadDescription");
    process_ends = (is_shutting_down)(uintptr_t)find(L"ntdll.dll", "RtlDllShutdownInProgress");
    exit_index = FlsAlloc(exit_index_freed);
    return TRUE;
}

static void prepare_first(void) {
    (void)InitOnceExecuteOnce(&prepare_once, prepare, NULL, NULL);
}

static DWORD WINAPI thread_main(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    siding_thread_rename(start.name);
    start.run(start.argument);
    return 0;
}

int32_t siding_thread_start(const struct siding_thread_options *options) {
    siding_assert(options->run != NULL);
    prepare_first();
    struct start *start = malloc(sizeof *start);
    if (start == NULL) {
        return ENOMEM;
    }
    start->run = options->run;
    start->argument = options->argument;
    siding_thread_name_copy(start->name, options->name);
    HANDLE thread = CreateThread(NULL, options->stack_bytes, thread_main, start,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (thread == NULL) {
        free(start);
        return EAGAIN;
    }
    CloseHandle(thread);
    return 0;
}

void siding_thread_rename(const char *name) {
    char short_name[SIDING_THREAD_NAME_BYTES];
    WCHAR wide[SIDING_THREAD_NAME_BYTES];
    prepare_first();
    siding_thread_name_copy(short_name, name);
    int length = MultiByteToWideChar(CP_UTF8, 0, short_name, -1, wide, SIDING_THREAD_NAME_BYTES);
    if (set_description != NULL && length > 1) {
        (void)set_description(GetCurrentThread(), wide);
    }
}

uintptr_t siding_thread_self(void) {
    return GetCurrentThreadId();
}

void siding_thread_pause(void) {
    SIDING_RELAX();
}

void siding_thread_yield(void) {
    SwitchToThread();
}

static int32_t create_notice(struct exit_notice **out_notice) {
    struct exit_notice *notice = calloc(1, sizeof *notice);
    if (notice == NULL) {
        return ENOMEM;
    }
    if (!FlsSetValue(exit_index, notice)) {
        free(notice);
        return ENOMEM;
    }
    *out_notice = notice;
    return 0;
}

int32_t siding_thread_on_exit(void (*notice)(void *argument), void *argument) {
    prepare_first();
    if (exit_index == FLS_OUT_OF_INDEXES) {
        return EAGAIN;
    }
    bool wanted = notice != NULL && argument != NULL;
    struct exit_notice *current = FlsGetValue(exit_index);
    if (current == NULL) {
        int32_t error = wanted ? create_notice(&current) : 0;
        if (error != 0 || !wanted) {
            return error;
        }
    }
    current->notice = wanted ? notice : NULL;
    current->argument = wanted ? argument : NULL;
    return 0;
}

void *siding_thread_exit_argument(void) {
    prepare_first();
    if (exit_index == FLS_OUT_OF_INDEXES) {
        return NULL;
    }
    struct exit_notice *current = FlsGetValue(exit_index);
    return current != NULL ? current->argument : NULL;
}

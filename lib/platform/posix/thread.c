#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "../../base/assert.h"
#include "../../base/relax.h"
#include "../platform.h"
#include "../thread_name.h"
#include "system.h"

/* Below this, glibc refuses where thread-local storage is large. */
#define STACK_BYTES_MIN 65536u
/* A multiple of every system's page size, as macOS demands. */
#define STACK_BYTES_STEP 65536u

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

static pthread_once_t prepare_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key; /* immutable after prepare_once */
static int exit_key_error;     /* immutable after prepare_once */

static void exit_key_destroyed(void *value) {
    struct exit_notice notice = *(struct exit_notice *)value;
    free(value);
    if (notice.notice != NULL) {
        notice.notice(notice.argument);
    }
}

static void prepare(void) {
    siding_image_pin();
    siding_thread_memory_prepare();
    exit_key_error = pthread_key_create(&exit_key, exit_key_destroyed);
}

static void *thread_main(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    siding_thread_memory_spare();
    siding_thread_rename(start.name);
    start.run(start.argument);
    return NULL;
}

static size_t stack_size(uint32_t stack_bytes) {
    size_t size = stack_bytes < STACK_BYTES_MIN ? STACK_BYTES_MIN : stack_bytes;
    return (size + STACK_BYTES_STEP - 1) / STACK_BYTES_STEP * STACK_BYTES_STEP;
}

static int create_detached(struct start *start, uint32_t stack_bytes) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) {
        return error;
    }
    pthread_t thread;
    error = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (error == 0) {
        error = pthread_attr_setstacksize(&attributes, stack_size(stack_bytes));
    }
    if (error == 0) {
        error = pthread_create(&thread, &attributes, thread_main, start);
    }
    (void)pthread_attr_destroy(&attributes);
    return error;
}

int32_t siding_thread_start(const struct siding_thread_options *options) {
    siding_assert(options->run != NULL);
    (void)pthread_once(&prepare_once, prepare);
    struct start *start = malloc(sizeof *start);
    if (start == NULL) {
        return ENOMEM;
    }
    start->run = options->run;
    start->argument = options->argument;
    siding_thread_name_copy(start->name, options->name);
    int error = create_detached(start, options->stack_bytes);
    if (error != 0) {
        free(start);
    }
    return error;
}

uintptr_t siding_thread_self(void) {
    return (uintptr_t)pthread_self();
}

void siding_thread_pause(void) {
    SIDING_RELAX();
}

void siding_thread_yield(void) {
    sched_yield();
}

/* The key's value is on the heap: on macOS thread-local variables may be gone before it is. */
static int create_notice(struct exit_notice **out_notice) {
    struct exit_notice *notice = calloc(1, sizeof *notice);
    if (notice == NULL) {
        return ENOMEM;
    }
    int error = pthread_setspecific(exit_key, notice);
    if (error != 0) {
        free(notice);
        return error;
    }
    *out_notice = notice;
    return 0;
}

int32_t siding_thread_on_exit(void (*notice)(void *argument), void *argument) {
    (void)pthread_once(&prepare_once, prepare);
    if (exit_key_error != 0) {
        return exit_key_error;
    }
    bool wanted = notice != NULL && argument != NULL;
    struct exit_notice *current = pthread_getspecific(exit_key);
    if (current == NULL) {
        int error = wanted ? create_notice(&current) : 0;
        if (error != 0 || !wanted) {
            return error;
        }
    }
    current->notice = wanted ? notice : NULL;
    current->argument = wanted ? argument : NULL;
    return 0;
}

void *siding_thread_exit_argument(void) {
    (void)pthread_once(&prepare_once, prepare);
    if (exit_key_error != 0) {
        return NULL;
    }
    struct exit_notice *current = pthread_getspecific(exit_key);
    return current != NULL ? current->argument : NULL;
}

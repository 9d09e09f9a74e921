#include "wait_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/assert.h"

#define MEMBERS_MAX (MAXIMUM_WAIT_OBJECTS - 1u)
#define STACK_BYTES (64u << 10)
#define NAME "siding-waits"
/* So long a group without members is there for the next one. */
#define VACANT_MS_MAX 10000u
/* The system had no memory to post. */
#define RETRY_MS 10u

/* guarded by wait_mutex */
struct wait_group {
    struct wait_group *next;
    HANDLE wake; /* its own event, auto-reset; owned */
    uint32_t members;
    uint32_t armed_count;
    struct wait *armed[MEMBERS_MAX]; /* ARMED, OVER or LEAVING, the longest armed first */
    bool sleeps;                     /* and nobody has woken it yet */
};

static struct wait_group *first_group SIDING_GUARDED_BY(&wait_mutex);

static void wake(struct wait_group *group) SIDING_REQUIRES(&wait_mutex) {
    if (group->sleeps) {
        group->sleeps = false;
        (void)SetEvent(group->wake);
    }
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* What a thread waits for. owner: the thread */
struct wait_list {
    HANDLE objects[MAXIMUM_WAIT_OBJECTS]; /* the event first */
    struct wait *waits[MAXIMUM_WAIT_OBJECTS];
    DWORD count;
    DWORD timeout_ms;
};

static void list_armed(const struct wait_group *group, struct wait_list *out_list)
    SIDING_REQUIRES(&wait_mutex) {
    out_list->objects[0] = group->wake;
    out_list->count = 1;
    out_list->timeout_ms = group->members == 0 ? VACANT_MS_MAX : INFINITE;
    for (uint32_t i = 0; i < group->armed_count; i++) {
        struct wait *wait = group->armed[i];
        if (wait->state != WAIT_ARMED) {
            out_list->timeout_ms = RETRY_MS;
            continue;
        }
        out_list->objects[out_list->count] = wait->object;
        out_list->waits[out_list->count++] = wait;
    }
}

static void drop_armed(struct wait_group *group, const struct wait *wait)
    SIDING_REQUIRES(&wait_mutex) {
    uint32_t at = 0;
    while (group->armed[at] != wait) {
        at++;
    }
    group->armed_count--;
    memmove(&group->armed[at], &group->armed[at + 1],
            (group->armed_count - at) * sizeof group->armed[0]);
}

/* One that was in the list. */
static void finish(struct wait *wait, bool has_failed) SIDING_REQUIRES(&wait_mutex) {
    wait->has_failed = has_failed;
    if (!has_failed) {
        wait_took(wait);
    }
    if (wait->state == WAIT_ARMED) {
        wait->state = WAIT_OVER;
    }
}

static void tell_over(struct wait_group *group) SIDING_REQUIRES(&wait_mutex) {
    for (uint32_t i = group->armed_count; i-- > 0;) {
        struct wait *wait = group->armed[i];
        if (wait->state == WAIT_OVER && wait_post(WAIT_KEY_TOLD, wait_ticket(wait))) {
            wait->state = WAIT_POSTED;
            drop_armed(group, wait);
        }
    }
}

/* Nobody waits for them now. */
static void free_leaving(struct wait_group *group) SIDING_REQUIRES(&wait_mutex) {
    for (uint32_t i = group->armed_count; i-- > 0;) {
        struct wait *wait = group->armed[i];
        if (wait->state == WAIT_LEAVING) {
            wait_give_back(wait);
        }
        bool is_free = wait->state == WAIT_LEAVING &&
                       (!wait_takes(wait) || wait_post(WAIT_KEY_GONE, wait->data));
        if (is_free) {
            drop_armed(group, wait);
            group->members--;
            wait_free(wait);
        }
    }
}

/* A wait fails where somebody has closed what is ours. Who looks for it has taken what the others
   wait for. */
static void finish_failed(const struct wait_list *list) SIDING_REQUIRES(&wait_mutex) {
    for (DWORD i = 1; i < list->count; i++) {
        DWORD result = WaitForSingleObject(list->objects[i], 0);
        if (result != WAIT_TIMEOUT) {
            finish(list->waits[i], result == WAIT_FAILED);
        }
    }
}

static void read_result(struct wait_group *group, const struct wait_list *list, DWORD result)
    SIDING_REQUIRES(&wait_mutex) {
    group->sleeps = false;
    if (result == WAIT_FAILED) {
        finish_failed(list);
    } else if (result > WAIT_OBJECT_0 && result < WAIT_OBJECT_0 + list->count) {
        finish(list->waits[result - WAIT_OBJECT_0], false);
    }
    tell_over(group);
    free_leaving(group);
}

static void destroy(struct wait_group *group) SIDING_REQUIRES(&wait_mutex) {
    struct wait_group **link = &first_group;
    while (*link != group) {
        link = &(*link)->next;
    }
    *link = group->next;
    (void)CloseHandle(group->wake);
    free(group);
}

static void run_group(void *argument) {
    struct wait_group *group = argument;
    struct wait_list list;
    DWORD result = WAIT_OBJECT_0;
    siding_mutex_lock(&wait_mutex);
    while (group->members > 0 || result != WAIT_TIMEOUT) {
        list_armed(group, &list);
        group->sleeps = true;
        siding_mutex_unlock(&wait_mutex);
        result = WaitForMultipleObjects(list.count, list.objects, FALSE, list.timeout_ms);
        siding_mutex_lock(&wait_mutex);
        read_result(group, &list, result);
    }
    destroy(group);
    siding_mutex_unlock(&wait_mutex);
}

/* ---- members --------------------------------------------------------------------------------- */

/* @return 0 or errno */
static int32_t create(struct wait_group **out_group) SIDING_REQUIRES(&wait_mutex) {
    struct wait_group *group = calloc(1, sizeof *group);
    if (group == NULL) {
        return ENOMEM;
    }
    struct siding_thread_options options = {
        .name = NAME, .stack_bytes = STACK_BYTES, .run = run_group, .argument = group};
    group->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (group->wake == NULL || siding_thread_start(&options) != 0) {
        if (group->wake != NULL) {
            (void)CloseHandle(group->wake);
        }
        free(group);
        return EAGAIN;
    }
    group->next = first_group;
    first_group = group;
    *out_group = group;
    return 0;
}

int32_t wait_group_join(struct wait *wait) {
    struct wait_group *group = first_group;
    while (group != NULL && group->members == MEMBERS_MAX) {
        group = group->next;
    }
    int32_t error = group == NULL ? create(&group) : 0;
    if (error == 0) {
        group->members++;
        wait->group = group;
    }
    return error;
}

void wait_group_arm(struct wait *wait) {
    struct wait_group *group = wait->group;
    siding_assert(wait->state == WAIT_ARMED && group->armed_count < MEMBERS_MAX);
    group->armed[group->armed_count++] = wait;
    wake(group);
}

void wait_group_expel(struct wait *wait) {
    siding_assert(wait->state == WAIT_LEAVING);
    wake(wait->group);
}

void wait_group_leave(struct wait *wait) {
    struct wait_group *group = wait->group;
    siding_assert(wait->state != WAIT_ARMED && group->members > 0);
    group->members--;
    if (group->members == 0) {
        wake(group);
    }
}

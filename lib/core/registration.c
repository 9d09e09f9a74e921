#include "registration.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/assert.h"
#include "memory.h"
#include "poller.h"
#include "told.h"

#define DESCRIPTORS_MIN 1024u
#define ASKABLE (SIDING_READY_READ | SIDING_READY_WRITE | SIDING_READY_PRIORITY)

struct registration {
    struct source *watchers; /* newest first; NULL: free */
    int descriptor;
    uint32_t conditions; /* what its watchers want together */
    uint32_t generation; /* of what the system knows */
    uint32_t next_free;  /* index + 1; 0: none */
};

static struct siding_mutex registration_mutex = SIDING_MUTEX_INITIALIZER;
/* touched as far as it was used: as many as there can be watchers */
static struct registration registrations[SOURCES_MAX] SIDING_GUARDED_BY(&registration_mutex);
static uint32_t used SIDING_GUARDED_BY(&registration_mutex);
static uint32_t first_free SIDING_GUARDED_BY(&registration_mutex); /* index + 1; 0: none */
/* index + 1 of the registration of each descriptor; 0: none */
static uint32_t *by_descriptor SIDING_GUARDED_BY(&registration_mutex);
static uint32_t descriptors SIDING_GUARDED_BY(&registration_mutex);

static uint32_t index_of(const struct registration *registration)
    SIDING_REQUIRES(&registration_mutex) {
    return (uint32_t)(registration - registrations);
}

static uint64_t data_of(const struct registration *registration)
    SIDING_REQUIRES(&registration_mutex) {
    return (uint64_t)registration->generation << 32 | index_of(registration);
}

/* @return what the system meant, or NULL: it is gone */
static struct registration *of_data(uint64_t data) SIDING_REQUIRES(&registration_mutex) {
    struct registration *registration = &registrations[(uint32_t)data];
    return registration->generation == data >> 32 ? registration : NULL;
}

/* ---- the table ------------------------------------------------------------------------------- */

/*
 * For what the system knows: the table stays as large as it once was, and any number may be asked
 * for.
 * @return errno
 */
static int32_t make_room(int descriptor) SIDING_REQUIRES(&registration_mutex) {
    uint64_t wanted = descriptors == 0 ? DESCRIPTORS_MIN : descriptors;
    while (wanted <= (uint64_t)descriptor) {
        wanted *= 2;
    }
    if (wanted == descriptors) {
        return 0;
    }
    if (siding_poller_look(descriptor, 0) & SIDING_POLLER_GONE) {
        return EBADF;
    }
    uint32_t *grown = realloc(by_descriptor, wanted * sizeof *grown);
    if (grown == NULL) {
        return ENOMEM;
    }
    memset(grown + descriptors, 0, (wanted - descriptors) * sizeof *grown);
    by_descriptor = grown;
    descriptors = (uint32_t)wanted;
    return 0;
}

/* There is one: each has a watcher, or one that is to be ended. */
static struct registration *take_free(void) SIDING_REQUIRES(&registration_mutex) {
    siding_assert(first_free != 0 || used < SOURCES_MAX);
    if (first_free == 0) {
        return &registrations[used++];
    }
    struct registration *registration = &registrations[first_free - 1];
    first_free = registration->next_free;
    return registration;
}

/* One whose generations are used up begins again: what the system tells is drained long since. */
static void give_free(struct registration *registration) SIDING_REQUIRES(&registration_mutex) {
    siding_assert(registration->watchers == NULL);
    registration->generation++;
    registration->next_free = first_free;
    first_free = index_of(registration) + 1;
    memory_count(-(int64_t)sizeof *registration);
}

static struct registration *known(int descriptor) SIDING_REQUIRES(&registration_mutex) {
    uint32_t number = by_descriptor[descriptor];
    return number == 0 ? NULL : &registrations[number - 1];
}

/* ---- watching -------------------------------------------------------------------------------- */

static void watch(struct registration *registration, struct source *source)
    SIDING_REQUIRES(&registration_mutex) {
    source->registration = registration;
    source->next_watcher = registration->watchers;
    registration->watchers = source;
}

/* Its descriptor was closed: the system has forgotten it, or tells what nobody waits for. */
static void abandon(struct registration *registration, struct told *told)
    SIDING_REQUIRES(&registration_mutex) {
    struct source *source = registration->watchers;
    registration->watchers = NULL;
    while (source != NULL) {
        struct source *next = source->next_watcher;
        source->registration = NULL;
        source->kind->gone(source, told);
        source = next;
    }
    give_free(registration);
}

/* The system took the descriptor as new. */
static void enter(struct registration *registration, struct source *source, struct told *told)
    SIDING_REQUIRES(&registration_mutex) {
    int descriptor = registration->descriptor;
    struct registration *before = known(descriptor);
    if (before != NULL) {
        abandon(before, told);
    }
    by_descriptor[descriptor] = index_of(registration) + 1;
    memory_count(sizeof *registration);
    watch(registration, source);
}

/*
 * The system has it already: ours is told what all want, and tells at once what holds.
 * @return errno
 */
static int32_t join(struct registration *registration, struct source *source, uint32_t conditions)
    SIDING_REQUIRES(&registration_mutex) {
    uint32_t wanted = registration->conditions | conditions;
    int32_t error = siding_poller_change(poller_system(), registration->descriptor, wanted,
                                         data_of(registration));
    if (error == 0) {
        registration->conditions = wanted;
        watch(registration, source);
    }
    return error;
}

/* @return errno */
static int32_t add(struct source *source, uint32_t conditions, struct told *told)
    SIDING_REQUIRES(&registration_mutex) {
    int descriptor = source->object;
    struct registration *fresh = take_free();
    fresh->descriptor = descriptor;
    fresh->conditions = conditions;
    int32_t error = siding_poller_add(poller_system(), descriptor, conditions, data_of(fresh));
    if (error == 0) {
        enter(fresh, source, told);
        return 0;
    }
    struct registration *before = known(descriptor);
    if (error == EEXIST && before == NULL) {
        /* left from an open file that came back under this number */
        error = siding_poller_change(poller_system(), descriptor, conditions, data_of(fresh));
        if (error == 0) {
            enter(fresh, source, told);
            return 0;
        }
    }
    memory_count(sizeof *fresh);
    give_free(fresh);
    return error == EEXIST ? join(before, source, conditions) : error;
}

/* @return errno */
static int32_t add_adopted(struct source *source, uint32_t conditions) {
    struct told told = {NULL, NULL};
    siding_mutex_lock(&registration_mutex);
    int32_t error = make_room(source->object);
    if (error == 0) {
        error = add(source, conditions, &told);
    }
    siding_mutex_unlock(&registration_mutex);
    told_push(&told);
    if (error != 0) {
        siding_poller_disown(source->object);
    }
    return error;
}

int32_t registration_add(struct source *source, uint32_t conditions, int32_t *out_error) {
    if (source->object < 0 || source->object >= INT_MAX) {
        *out_error = EBADF;
        return SIDING_ESYSTEM;
    }
    int32_t error = siding_poller_adopt(source->object, conditions, &source->object);
    if (error == 0) {
        error = add_adopted(source, conditions);
    }
    if (error == 0 || error == ENOMEM) {
        return error == 0 ? SIDING_OK : SIDING_ENOMEM;
    }
    *out_error = error;
    return SIDING_ESYSTEM;
}

/* ---- removal --------------------------------------------------------------------------------- */

static void unwatch(struct registration *registration, struct source *source)
    SIDING_REQUIRES(&registration_mutex) {
    struct source **link = &registration->watchers;
    while (*link != source) {
        link = &(*link)->next_watcher;
    }
    *link = source->next_watcher;
    source->registration = NULL;
}

/* Its number may have become that of another registration. @return whether nothing of it is left */
static bool leave(struct registration *registration, bool is_untold)
    SIDING_REQUIRES(&registration_mutex) {
    bool is_done = true;
    if (known(registration->descriptor) == registration) {
        by_descriptor[registration->descriptor] = 0;
        is_done = siding_poller_remove(poller_system(), registration->descriptor, is_untold);
    }
    if (is_done) {
        give_free(registration);
    }
    return is_done;
}

enum registration_removal registration_remove(struct source *source, bool is_untold) {
    enum registration_removal removal = REGISTRATION_NONE;
    siding_mutex_lock(&registration_mutex);
    struct registration *registration = source->registration;
    if (registration != NULL) {
        unwatch(registration, source);
        removal = REGISTRATION_DONE;
        if (registration->watchers == NULL && !leave(registration, is_untold)) {
            removal = REGISTRATION_SOON;
            registration->watchers = source;
        }
    }
    siding_mutex_unlock(&registration_mutex);
    return removal;
}

/* ---- telling --------------------------------------------------------------------------------- */

static uint32_t wanted_by(const struct source *source) {
    return source->flags & ASKABLE;
}

/* A watcher has gone, and what it wanted wakes us for nobody: here, not when it went, for the next
   one may have come by now. */
static void trim(struct registration *registration, uint32_t conditions)
    SIDING_REQUIRES(&registration_mutex) {
    uint32_t wanted = 0;
    const struct source *source = registration->watchers;
    for (; source != NULL; source = source->next_watcher) {
        wanted |= wanted_by(source);
    }
    if ((conditions & ASKABLE & ~wanted) != 0 &&
        siding_poller_change(poller_system(), registration->descriptor, wanted,
                             data_of(registration)) == 0) {
        registration->conditions = wanted;
    }
}

static void tell(struct registration *registration, uint32_t conditions, struct told *told)
    SIDING_REQUIRES(&registration_mutex) {
    struct source *source = registration->watchers;
    while (source != NULL) {
        struct source *next = source->next_watcher;
        source->kind->ready(source, conditions, told);
        source = next;
    }
    trim(registration, conditions);
}

/* The system has let go of it. @return who is to be ended, and those `before` */
static struct source *finish(struct registration *registration, struct source *before)
    SIDING_REQUIRES(&registration_mutex) {
    struct source *source = registration->watchers;
    siding_assert(source != NULL && source->registration == NULL);
    registration->watchers = NULL;
    give_free(registration);
    source->next_watcher = before;
    return source;
}

static void end_all(struct source *source, struct told *told) {
    while (source != NULL) {
        struct source *next = source->next_watcher;
        source_end_later(source, SIDING_OK, 0, told);
        source = next;
    }
}

void registration_tell(const struct siding_ready *ready, uint32_t count, struct told *told) {
    if (count == 0) {
        return;
    }
    struct source *finished = NULL;
    siding_mutex_lock(&registration_mutex);
    for (uint32_t i = 0; i < count; i++) {
        struct registration *registration = of_data(ready[i].data);
        if (registration != NULL && (ready[i].conditions & SIDING_POLLER_GONE) != 0) {
            finished = finish(registration, finished);
        } else if (registration != NULL) {
            tell(registration, ready[i].conditions, told);
        }
    }
    siding_mutex_unlock(&registration_mutex);
    end_all(finished, told);
}

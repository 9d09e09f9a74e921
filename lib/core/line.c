#include "line.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "../base/assert.h"
#include "lease.h"
#include "pool.h"
#include "slot.h"
#include "submission.h"

/* What an acquisition keeps in the words of its record, behind the one that its event has. */
struct wish {
    struct siding_context_options options;
    char name[LEASE_NAME_BYTES];
};

_Static_assert(sizeof(struct wish) <= (RECORD_INLINE_WORDS - 1) * sizeof(uint64_t),
               "a wish fits into a record");

static const struct signature signature = {.result_words = 1};

static struct siding_mutex mutex = SIDING_MUTEX_INITIALIZER;
static struct node *first SIDING_GUARDED_BY(&mutex);
static struct node *last SIDING_GUARDED_BY(&mutex);
static _Atomic(uint32_t) length; /* atomic: seq_cst, see line.h; written under mutex */

bool line_owns(const struct record *record) {
    return record->signature == &signature;
}

uint32_t line_length(void) {
    return atomic_load_explicit(&length, memory_order_seq_cst);
}

static struct wish *wish_of(struct record *record) {
    return (struct wish *)(record->words + 1);
}

static void append(struct record *record) SIDING_REQUIRES(&mutex) {
    record->node.next = NULL;
    if (first == NULL) {
        first = &record->node;
    } else {
        last->next = &record->node;
    }
    last = &record->node;
    atomic_fetch_add_explicit(&length, 1, memory_order_seq_cst);
}

static void unlink_after(struct node *before, struct node *node) SIDING_REQUIRES(&mutex) {
    if (before == NULL) {
        first = node->next;
    } else {
        before->next = node->next;
    }
    if (last == node) {
        last = before;
    }
    atomic_fetch_sub_explicit(&length, 1, memory_order_seq_cst);
}

/* Tells those who are out of the line, in order, with no mutex held. */
static void tell_all(struct node *list) {
    while (list != NULL) {
        struct record *record = (struct record *)list;
        list = list->next;
        record_move(record, RECORD_QUEUED, RECORD_DONE);
        (void)bridge_deliver(record->bridge, &record->node);
    }
}

/* Records that have left the line. */
struct left {
    struct node *first;
    struct node *last;
};

static void leave(struct left *left, struct record *record, int32_t status) {
    record->status = status;
    record->node.next = NULL;
    if (left->first == NULL) {
        left->first = &record->node;
    } else {
        left->last->next = &record->node;
    }
    left->last = &record->node;
}

int32_t line_join(struct bridge *bridge, const struct siding_context_options *options,
                  const char *name, uint32_t token) {
    struct record *record = NULL;
    int32_t status = submission_claim(bridge, token, &record);
    if (status != SIDING_OK) {
        return status;
    }
    record->signature = &signature;
    record->flags = 0;
    struct wish *wish = wish_of(record);
    *wish = (struct wish){.options = *options};
    if (name != NULL) {
        strncpy(wish->name, name, LEASE_NAME_BYTES - 1);
    }
    siding_mutex_lock(&mutex);
    append(record);
    siding_mutex_unlock(&mutex);
    line_serve();
    return 1;
}

int32_t line_cancel(struct record *record) {
    struct left left = {NULL, NULL};
    siding_mutex_lock(&mutex);
    struct node *before = NULL;
    struct node *node = first;
    while (node != NULL && node != &record->node) {
        before = node;
        node = node->next;
    }
    if (node != NULL) {
        unlink_after(before, node);
        leave(&left, record, SIDING_ECANCELLED);
    }
    siding_mutex_unlock(&mutex);
    tell_all(left.first);
    return node != NULL ? SIDING_OK : SIDING_ERUNNING;
}

void line_leave(struct bridge *bridge) {
    struct left left = {NULL, NULL};
    siding_mutex_lock(&mutex);
    struct node *before = NULL;
    struct node *node = first;
    while (node != NULL) {
        struct node *next = node->next;
        struct record *record = (struct record *)node;
        if (record->bridge == bridge) {
            unlink_after(before, node);
            leave(&left, record, SIDING_ECLOSED);
        } else {
            before = node;
        }
        node = next;
    }
    siding_mutex_unlock(&mutex);
    tell_all(left.first);
}

/* @return whether the first in line has been served */
static bool serve_first(struct left *left) SIDING_REQUIRES(&mutex) {
    struct record *record = (struct record *)first;
    const struct wish *wish = wish_of(record);
    struct slot *slot = NULL;
    int32_t status = pool_lease(&wish->options, &slot);
    if (status == SIDING_EEXHAUSTED) {
        return false;
    }
    unlink_after(NULL, first);
    if (status == SIDING_OK) {
        record->words[0] = lease_begin(slot, record->bridge, &wish->options, wish->name);
    }
    leave(left, record, status);
    return true;
}

void line_serve(void) {
    if (line_length() == 0) {
        return;
    }
    struct left left = {NULL, NULL};
    siding_mutex_lock(&mutex);
    while (first != NULL && serve_first(&left)) {
    }
    siding_mutex_unlock(&mutex);
    tell_all(left.first);
}

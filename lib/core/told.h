/*
 * told.h - sources that have something to tell, on their way to their hosts.
 */
#ifndef SIDING_CORE_TOLD_H
#define SIDING_CORE_TOLD_H

#include "inbox.h"

struct source;

/* Sources whose node is the caller's to push, with no mutex held. */
struct told {
    struct node *first;
    struct node *last;
};

/** Adds one at the end. @thread who may push its node  @blocks never */
void told_add(struct told *told, struct source *source);
/** Pushes them, in order. @thread any, no mutex held  @blocks never */
void told_push(struct told *told);

#endif

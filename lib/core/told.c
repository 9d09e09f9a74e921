#include "told.h"

#include <stddef.h>

#include "bridge.h"
#include "source.h"

void told_add(struct told *told, struct source *source) {
    source->node.next = NULL;
    if (told->first == NULL) {
        told->first = &source->node;
    } else {
        told->last->next = &source->node;
    }
    told->last = &source->node;
}

/* @return the last node of those that go to the same bridge */
static struct node *same_bridge(struct node *first) {
    const struct bridge *bridge = ((struct source *)first)->bridge;
    struct node *last = first;
    while (last->next != NULL && ((struct source *)last->next)->bridge == bridge) {
        last = last->next;
    }
    return last;
}

static void drop_all(struct node *node) {
    while (node != NULL) {
        struct node *next = node->next;
        source_drop(node);
        node = next;
    }
}

void told_push(struct told *told) {
    struct node *first = told->first;
    while (first != NULL) {
        struct bridge *bridge = ((struct source *)first)->bridge;
        struct node *last = same_bridge(first);
        struct node *next = last->next;
        enum inbox_push pushed = inbox_push(&bridge->completed, first, last);
        if (pushed == INBOX_PUSHED_WAKE) {
            bridge_kick(bridge);
        } else if (pushed == INBOX_REFUSED) {
            last->next = NULL;
            drop_all(first);
        }
        first = next;
    }
    *told = (struct told){NULL, NULL};
}

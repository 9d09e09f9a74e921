#include "inbox.h"

#include <stddef.h>

#include "../base/assert.h"

void inbox_init(struct inbox *inbox) {
    atomic_init(&inbox->head, INBOX_ASLEEP);
}

enum inbox_push inbox_push(struct inbox *inbox, struct node *first, struct node *last) {
    first->last = last;
    /* relaxed: only a guess for the exchange below */
    uintptr_t head = atomic_load_explicit(&inbox->head, memory_order_relaxed);
    do {
        if (head == INBOX_CLOSED) {
            /* acquire: what came before inbox_close is seen, as the count in close_inbox */
            (void)atomic_load_explicit(&inbox->head, memory_order_acquire);
            return INBOX_REFUSED;
        }
        /* through uintptr_t: C has no other way to keep three small values beside pointers */
        last->next = head == INBOX_ASLEEP ? NULL : (struct node *)head;
        /* releases the nodes to inbox_take; seq_cst for the pairing named in inbox_waits */
    } while (!atomic_compare_exchange_weak_explicit(&inbox->head, &head, (uintptr_t)first,
                                                    memory_order_seq_cst, memory_order_relaxed));
    return head == INBOX_ASLEEP ? INBOX_PUSHED_WAKE : INBOX_PUSHED;
}

static struct node *in_arrival_order(uintptr_t head) {
    if (head <= INBOX_CLOSED) {
        return NULL;
    }
    struct node *chain = (struct node *)head;
    struct node *list = NULL;
    while (chain != NULL) {
        struct node *older = chain->last->next;
        chain->last->next = list;
        list = chain;
        chain = older;
    }
    return list;
}

struct node *inbox_take(struct inbox *inbox) {
    /* relaxed: an empty, awake inbox needs no exchange; a push not seen yet is seen next time */
    if (atomic_load_explicit(&inbox->head, memory_order_relaxed) == INBOX_AWAKE) {
        return NULL;
    }
    /* acquires what inbox_push released, through the release sequence of all pushes; releases what
       the consumer has stored before, for slot_is_quiet */
    uintptr_t head = atomic_exchange_explicit(&inbox->head, INBOX_AWAKE, memory_order_acq_rel);
    siding_assert(head != INBOX_CLOSED);
    return in_arrival_order(head);
}

void inbox_wake(struct inbox *inbox) {
    uintptr_t expected = INBOX_ASLEEP;
    /* relaxed: hands nothing over; where a push came first, that push has asked for the wake-up */
    atomic_compare_exchange_strong_explicit(&inbox->head, &expected, INBOX_AWAKE,
                                            memory_order_relaxed, memory_order_relaxed);
}

bool inbox_sleep(struct inbox *inbox) {
    uintptr_t expected = INBOX_AWAKE;
    /* seq_cst: the consumer's earlier looks stay before it; pairs with inbox_push */
    return atomic_compare_exchange_strong_explicit(&inbox->head, &expected, INBOX_ASLEEP,
                                                   memory_order_seq_cst, memory_order_relaxed) ||
           expected == INBOX_ASLEEP;
}

struct node *inbox_close(struct inbox *inbox) {
    uintptr_t head = atomic_exchange_explicit(&inbox->head, INBOX_CLOSED, memory_order_acq_rel);
    siding_assert(head != INBOX_CLOSED);
    return in_arrival_order(head);
}

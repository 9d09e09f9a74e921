/*
 * notice.h - what a host is told about a context without having called.
 */
#ifndef SIDING_CORE_NOTICE_H
#define SIDING_CORE_NOTICE_H

#include <stdint.h>

struct bridge;
struct outbox;
struct record;

/**
 * Delivers a notice, whatever waits already.
 * @param listener of the lease, whose mutex is held, so that its bridge is open; NULL: nobody
 * @param kind SIDING_NOTICE_...
 * @param token of the call that it is about
 * @param out_kick the bridge to be woken when the mutex is given back, untouched when there is none
 * @thread the outbox's owner  @blocks never
 */
void notice_send(struct outbox *outbox, const struct record *listener, uint32_t kind,
                 uint32_t token, uint64_t elapsed_ms, struct bridge **out_kick);
/** Wakes it; NULL is none. @thread any, no mutex held  @blocks never */
void notice_kick(struct bridge *bridge);

#endif

/*
 * wait.h - what a source waits with on Windows: one wait for each, of one shot.
 *
 *            await              signalled             the poller
 *   IDLE ───────────▶ ARMED ─────────────▶ POSTED ─────────────▶ IDLE
 *    │  remove          │ remove              │ remove
 *    ▼                  ▼                     ▼
 *   FREE ◀──────── LEAVING                  FREE
 *
 * Where the system has no memory for the post, a wait of a group is OVER until it has: what was
 * taken is kept, and LEAVING comes next if the source is closed.
 *
 * A wait belongs to one registration of the core, from siding_poller_adopt to siding_poller_remove,
 * and its number is what the core knows it by. It waits for a duplicate of the HANDLE: the host may
 * close its own, and the system give its value to another object, and nobody is confused. Sources
 * of the same object have waits of their own, as threads would.
 *
 * A wait is ARMED only while the host has asked. What it tells is that a wait has succeeded, which
 * says what the object is: a process, a thread, a manual-reset event stay signalled, and each wait
 * succeeds; an auto-reset event, a semaphore, a timer lose a signal to each. So nothing is taken
 * before the host asks and nothing is taken twice; and what was taken and cannot be told any more,
 * for the source was closed, is given back where there is a call for that.
 *
 * How an armed wait is waited for, chosen when it is adopted:
 *   packets  the system queues a packet at the completion port once the object is signalled:
 *            Windows 8 and later
 *   groups   threads of ours wait for at most 63 objects each, and post to the port
 *   polls    of sockets, see wait_socket.h; these are not duplicated, which would keep a connection
 *            that its owner closes, and belong to the host until the end, as descriptors do
 * A pipe itself cannot be waited for: an event stands for it, see wait_pipe.h.
 * What comes from the port has the wait's turn, which changes with each ARMED and each end, so that
 * nobody gets what was meant for a predecessor.
 *
 * Removal is complete at once, but for an ARMED wait of a group or a poll. A poll that is cancelled
 * keeps its memory until the port tells its end, and takes nothing. A group's thread may be just
 * about to take a signal: the wait is LEAVING until that thread has come out of its own, given back
 * what it took, and closed the duplicate; where something could be taken, the source ends only
 * then. What goes on at a pipe is cancelled at once.
 *
 * One mutex, wait_mutex, guards all of it, for a few steps at a time; the core's registration_mutex
 * is taken before it, none after it.
 */
#ifndef SIDING_WINDOWS_WAIT_H
#define SIDING_WINDOWS_WAIT_H

#include <windows.h>

#include <stdbool.h>
#include <stdint.h>

#include "../platform.h"
#include "../poller.h"

enum wait_state { WAIT_FREE, WAIT_IDLE, WAIT_ARMED, WAIT_OVER, WAIT_POSTED, WAIT_LEAVING };

/* What a wait that succeeds does to its object. */
enum wait_nature {
    WAIT_KEEPS, /* nothing, as with the next two */
    WAIT_SOCKET,
    WAIT_PIPE,
    WAIT_TAKES_EVENT,     /* takes its signal; SetEvent gives it back */
    WAIT_TAKES_SEMAPHORE, /* likewise, ReleaseSemaphore */
    WAIT_TAKES            /* may take its signal for good: a timer does not say what it is */
};

enum wait_way { WAIT_BY_PACKET, WAIT_BY_GROUP, WAIT_BY_POLL };

struct wait_group;
struct wait_pipe;

/* As the system writes it. */
struct wait_status {
    uintptr_t status;
    uintptr_t information;
};

/* A poll: what the driver of sockets is given, and gives back. Its own while it is ARMED or
   LEAVING. */
struct wait_poll {
    struct wait_status status;
    int64_t timeout;
    uint32_t count; /* of sockets: 1 */
    uint32_t is_exclusive;
    HANDLE socket;
    uint32_t events;
    int32_t socket_status;
};

/* guarded by wait_mutex */
struct wait {
    HANDLE object;          /* a duplicate, owned; or a socket; or the event of `pipe` */
    struct wait_pipe *pipe; /* of WAIT_PIPE; owned */
    uint32_t conditions;    /* of siding_poller_add */
    uint64_t data;          /* of siding_poller_add */
    uint32_t turn;          /* see above; never 0 */
    uint32_t next_free;     /* number + 1; 0: none */
    enum wait_state state;
    enum wait_nature nature;
    enum wait_way way;
    bool has_taken;  /* its last success took something */
    bool has_failed; /* the last one was none */
    union {
        HANDLE packet;            /* of WAIT_BY_PACKET; owned */
        struct wait_group *group; /* of WAIT_BY_GROUP: it is a member */
        struct wait_poll poll;    /* of WAIT_BY_POLL */
    };
};

extern struct siding_mutex wait_mutex;

/* ---- of the poller --------------------------------------------------------------------------- */

/* Keys of what comes from the completion port. */
#define WAIT_KEY_KICK 1u   /* there is something to look at */
#define WAIT_KEY_TOLD 2u   /* a wait has succeeded: its turn and number */
#define WAIT_KEY_GONE 3u   /* a wait has left: its data */
#define WAIT_KEY_POLLED 4u /* a poll has ended: as WAIT_KEY_TOLD */

/** Where waits are to tell. @thread any, before all else  @blocks never */
void wait_init(HANDLE port);
/** @return whether this is news of a wait that there is still  @thread poller  @blocks never */
bool wait_read(const OVERLAPPED_ENTRY *entry, struct siding_ready *out_ready);

/** @return the socket or the pipe of a wait, while it is the caller's  @thread any  @blocks never */
HANDLE wait_handle(int descriptor);

/* ---- of the ways ----------------------------------------------------------------------------- */

/** Posts to the port. @return false: the system has no memory  @thread any  @blocks never */
bool wait_post(uint32_t key, uint64_t content) SIDING_REQUIRES(&wait_mutex);
/** @return turn and number, for WAIT_KEY_TOLD  @thread any  @blocks never */
uint64_t wait_ticket(const struct wait *wait) SIDING_REQUIRES(&wait_mutex);
/** @return whether a wait that succeeds takes something of its object  @thread any  @blocks never */
static inline bool wait_takes(const struct wait *wait) SIDING_REQUIRES(&wait_mutex) {
    return wait->nature >= WAIT_TAKES_EVENT;
}
/** Notes what has been taken, if this object loses a signal. @thread any  @blocks never */
void wait_took(struct wait *wait) SIDING_REQUIRES(&wait_mutex);
/** Gives that back. @thread any  @blocks never */
void wait_give_back(struct wait *wait) SIDING_REQUIRES(&wait_mutex);
/** Closes the duplicate, and gives the number back. @thread any  @blocks never */
void wait_free(struct wait *wait) SIDING_REQUIRES(&wait_mutex);

/* ---- of tests -------------------------------------------------------------------------------- */

/** Has waits that are adopted from now on use one way. @return false: the system does not know it
 *  @thread any  @blocks never */
bool wait_force(enum wait_way way);
/** Has as many of the next waits and posts fail as where the system has no memory.
 *  @thread any  @blocks never */
void wait_starve(uint32_t count);

#endif

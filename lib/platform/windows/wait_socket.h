/*
 * wait_socket.h - waits for sockets: see wait.h.
 *
 * By polls of the driver behind all sockets, AFD, as select makes them, but overlapped and told to
 * the port. Nothing of the socket changes: WSAEventSelect would make it non-blocking, and end what
 * its owner has selected. The polls go through a file of our own, not through the socket, which its
 * owner may have told a port of his.
 */
#ifndef SIDING_WINDOWS_WAIT_SOCKET_H
#define SIDING_WINDOWS_WAIT_SOCKET_H

#include "wait.h"

/** @return whether it is one, as of the driver  @thread any  @blocks never */
bool wait_socket_look(HANDLE object, HANDLE *out_socket);
/** Opens what the polls go through, unless that has been done.
 *  @return 0 or errno: ENOSYS, the system has no such driver  @thread any  @blocks never */
int32_t wait_socket_open(HANDLE port) SIDING_REQUIRES(&wait_mutex);
/** Begins a poll, whose memory is the wait's until it is read. @param ticket not 0
 *  @return false: the system refused  @thread any  @blocks never */
bool wait_socket_arm(struct wait_poll *poll, HANDLE socket, uint32_t conditions, uint64_t ticket);
/** Has it come to its end. @thread any  @blocks never */
void wait_socket_cancel(struct wait_poll *poll) SIDING_REQUIRES(&wait_mutex);
/** @return conditions, of a poll that has ended  @thread poller  @blocks never */
uint32_t wait_socket_read(const struct wait_poll *poll);
/** @return conditions that hold now, or SIDING_POLLER_GONE  @thread any  @blocks never */
uint32_t wait_socket_conditions(HANDLE socket, uint32_t conditions);

/* What is told of a connection that has failed. */
#define WAIT_SOCKET_FAILED                                                                         \
    (SIDING_READY_READ | SIDING_READY_WRITE | SIDING_READY_SHUTDOWN | SIDING_READY_HANGUP |        \
     SIDING_READY_ERROR)

#endif

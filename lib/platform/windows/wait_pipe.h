/*
 * wait_pipe.h - waits for pipes that were opened for overlapped I/O: see wait.h.
 *
 * What is waited for is an event of our own. A read of no bytes sets it once there is something to
 * read, or the end, and takes nothing; while the pipe listens, the connection of a client sets it.
 * It is marked, so that no port hears of it which the pipe's owner has told of his pipe.
 *
 * The system cuts such a read off when the thread ends that has begun it, and when the owner
 * cancels all that goes on at his pipe. Then it is begun again.
 */
#ifndef SIDING_WINDOWS_WAIT_PIPE_H
#define SIDING_WINDOWS_WAIT_PIPE_H

#include "wait.h"

/* guarded by wait_mutex */
struct wait_pipe {
    HANDLE handle; /* a duplicate, owned, until wait_pipe_release */
    HANDLE event;  /* owned; manual-reset */
    OVERLAPPED overlapped;
    bool is_begun; /* the system may write `overlapped`, until it has told or was cancelled */
};

/** @return 0 or errno: EPERM, it is no such pipe; EBADF, it is not open for reading
 *  @thread any  @blocks never */
int32_t wait_pipe_look(HANDLE object);
/** @return 0 or errno: EMFILE, ENOMEM  @thread any  @blocks never
 *  @owns the caller, until wait_pipe_destroy */
int32_t wait_pipe_create(HANDLE object, struct wait_pipe **out_pipe);
/** The same, and the rest. @thread any  @blocks never */
void wait_pipe_destroy(struct wait_pipe *pipe);
/** Has the event set once there is something, at once if there is, or if the system refuses.
 *  @thread any  @blocks never */
void wait_pipe_begin(struct wait_pipe *pipe) SIDING_REQUIRES(&wait_mutex);
/** @return whether the event tells of no more than that it was cut off  @thread poller
 *  @blocks never */
bool wait_pipe_is_cut_off(struct wait_pipe *pipe) SIDING_REQUIRES(&wait_mutex);
/** Cancels what was begun, and closes the duplicate: only the event is left, not told any more.
 *  @thread any  @blocks never */
void wait_pipe_release(struct wait_pipe *pipe) SIDING_REQUIRES(&wait_mutex);
/** @return conditions that hold now  @thread any  @blocks never */
uint32_t wait_pipe_conditions(const struct wait_pipe *pipe);

#endif

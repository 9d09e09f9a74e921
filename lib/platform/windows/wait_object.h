/*
 * wait_object.h - which objects can be waited for, and what that does to them.
 */
#ifndef SIDING_WINDOWS_WAIT_OBJECT_H
#define SIDING_WINDOWS_WAIT_OBJECT_H

#include "wait.h"

/**
 * Finds out what a HANDLE is.
 * @return 0 or errno: EBADF, also of a pipe that is not open for reading; EACCES: it has no right to
 *         be waited for (SYNCHRONIZE); EPERM: it is nothing to wait for, or a mutex, which belongs
 *         to the thread that waits for it
 * @thread any  @blocks never
 */
int32_t wait_object_look(HANDLE object, enum wait_nature *out_nature);
/**
 * Finds out whether a HANDLE can be read by calls that block.
 * @return 0 or errno: EPERM, it is no file, pipe or console; ENOTSUP, it was opened for overlapped
 *         calls
 * @thread any  @blocks never
 */
int32_t wait_object_look_file(HANDLE file);
/** @return whether a HANDLE has this right, such as FILE_READ_DATA  @thread any  @blocks never */
bool wait_object_has_right(HANDLE object, ACCESS_MASK right);
/** Undoes a wait that has succeeded, where that can be done. @thread any  @blocks never */
void wait_object_give_back(HANDLE object, enum wait_nature nature);

#endif

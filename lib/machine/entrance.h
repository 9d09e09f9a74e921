/*
 * entrance.h - the way from a function pointer of libffi's into the function behind it, shortened.
 *
 * libffi classifies the arguments at every call, for structs may be spread over registers. Where
 * there are none, and the machine has an entrance of ours, a call goes through that instead.
 */
#ifndef SIDING_MACHINE_ENTRANCE_H
#define SIDING_MACHINE_ENTRANCE_H

#include <ffi.h>

/**
 * Has calls of a closure enter by the short way, if there is one for its signature.
 * @param closure that ffi_prep_closure_loc has just prepared
 * @param pointer of the closure, as ffi_closure_alloc gave it
 * @thread its owner, before C has the pointer  @blocks never
 */
void entrance_shorten(ffi_closure *closure, const void *pointer);

#endif

/*
 * post.h - sources of kind EVENT: values that C code posts, from any thread.
 *
 * Who posts is inside the source's door, so that it lives for so long. Closing shuts the door. Who
 * closes ends the source if nobody is inside; else the last one out has the poller do it, for that
 * may be a signal handler on a thread that holds any lock.
 */
#ifndef SIDING_CORE_POST_H
#define SIDING_CORE_POST_H

#include <stdint.h>

#include "source.h"

extern const struct source_kind post_kind;

/** See siding_event_post. @thread any, signal handlers too  @blocks never */
int32_t post_value(uint64_t handle, uint64_t value);

#endif

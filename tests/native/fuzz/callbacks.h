/*
 * callbacks.h - closures and callbacks, opened with whatever comes, and called as C programs call:
 * with the right signature, but with any pointers and lengths.
 */
#ifndef SIDING_TESTS_FUZZ_CALLBACKS_H
#define SIDING_TESTS_FUZZ_CALLBACKS_H

#include "bytes.h"

/* Prepares the signatures. */
void callbacks_init(void);
void fuzz_bound_pointer(struct bytes *bytes);
void fuzz_bridge_inline(struct bytes *bytes);
void fuzz_callback_open(struct bytes *bytes);
void fuzz_callback_pull(struct bytes *bytes);
void fuzz_callback_answer(struct bytes *bytes);
void fuzz_callback_stats(struct bytes *bytes);
void fuzz_closure_close(struct bytes *bytes);
void fuzz_closure_forget(struct bytes *bytes);
/* Calls one of the pointers. */
void fuzz_call_pointer(struct bytes *bytes);
/* Forgets what the calling thread may forget. */
void callbacks_clean_up(void);

#endif

/*
 * platform.h - the porting contract: everything libsiding asks of an operating system.
 *
 * lib/core includes this header and no system header but the C library's. Each function is
 * implemented once per system under lib/platform/{posix,linux,bsd,windows}; build.zig picks the
 * files.
 */
#ifndef SIDING_PLATFORM_H
#define SIDING_PLATFORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/thread_safety.h"

#if defined(_WIN32)
#include "windows/types.h"
#elif defined(__linux__)
#include "linux/types.h"
#else
#include "bsd/types.h"
#endif

/*
 * types.h of a system defines, with no further includes than they need:
 *   struct siding_mutex SIDING_CAPABILITY("mutex")   not recursive
 *   struct siding_parker                             see below
 *   SIDING_MUTEX_INITIALIZER                         static initializer of the former
 */

/* ---- mutex ----------------------------------------------------------------------------------- */

/** @thread any  @blocks never */
void siding_mutex_init(struct siding_mutex *mutex);
/** @thread any  @blocks never */
void siding_mutex_deinit(struct siding_mutex *mutex);
/** @thread any  @blocks until no other thread holds it */
void siding_mutex_lock(struct siding_mutex *mutex) SIDING_ACQUIRES(*mutex);
/** @thread the one that holds it  @blocks never */
void siding_mutex_unlock(struct siding_mutex *mutex) SIDING_RELEASES(*mutex);

/* ---- parker ---------------------------------------------------------------------------------- */

/*
 * One thread sleeps on its parker, any thread wakes it. It holds at most one permit: unpark leaves
 * it, park takes it. What a thread wrote before unpark is visible after the park that took that
 * permit (release paired with acquire). A sleeping thread makes no wake-up of its own.
 */

/** @return false when the system refused  @thread any  @blocks never */
bool siding_parker_init(struct siding_parker *parker);
/** @thread any, when nobody parks  @blocks never */
void siding_parker_deinit(struct siding_parker *parker);
/** Sleeps until there is a permit, and takes it. @thread the parker's own  @blocks until then */
void siding_parker_park(struct siding_parker *parker);
/**
 * The same for at most timeout_ns.
 * @return true when it took a permit
 * @thread the parker's own  @blocks at most timeout_ns and the system's timer slack
 */
bool siding_parker_park_for(struct siding_parker *parker, uint64_t timeout_ns);
/** Leaves a permit. @thread any, signal handlers excluded  @blocks never */
void siding_parker_unpark(struct siding_parker *parker);

/* ---- word ------------------------------------------------------------------------------------ */

/*
 * Any number of threads sleep while a word has the value they have seen. Who changes the word wakes
 * those whose mask has a bit in common with its own; where the system knows no masks, all.
 */

/**
 * @param mask not 0
 * @param timeout_ns UINT64_MAX: for ever
 * @thread any  @blocks while *word is `seen`, at most timeout_ns; may return without a reason
 */
void siding_word_wait(const _Atomic(uint32_t) *word, uint32_t seen, uint32_t mask,
                      uint64_t timeout_ns);
/** Wakes all that sleep; keeps errno. @thread any  @blocks never */
void siding_word_wake(const _Atomic(uint32_t) *word, uint32_t mask);

/* ---- thread ---------------------------------------------------------------------------------- */

struct siding_thread_options {
    const char *name;     /* at most 15 bytes are used */
    uint32_t stack_bytes; /* reserved, touched lazily */
    void (*run)(void *argument);
    void *argument;
};

/**
 * Starts a detached thread with the signal mask of the caller.
 * @return 0 or errno
 * @thread any  @blocks never
 */
int32_t siding_thread_start(const struct siding_thread_options *options);
/** Names the calling thread; at most 15 bytes are used. @thread any  @blocks never */
void siding_thread_rename(const char *name);
/** @return a value that no other living thread has, never 0  @thread any  @blocks never */
uintptr_t siding_thread_self(void);
/**
 * Makes a system call that blocks on another thread return, as far as the system can: with EINTR by
 * a signal that does nothing else, on Windows by cancelling its synchronous I/O.
 * @param thread from its siding_thread_self; it must not end meanwhile
 * @return whether siding_thread_interrupts will count it there
 * @thread any  @blocks never
 */
bool siding_thread_interrupt(uintptr_t thread);
/** @return where this thread counts the signals of siding_thread_interrupt that it has handled,
 *  valid until it ends  @thread any  @blocks never */
const _Atomic(uint32_t) *siding_thread_interrupts(void);
/** Makes this thread handle them, whatever its signal mask was. @thread any  @blocks never */
void siding_thread_accept_interrupts(void);
/** Tells the processor that this is a spin loop. @thread any  @blocks never */
void siding_thread_pause(void);
/** Lets another thread that is ready have this processor. @thread any  @blocks never */
void siding_thread_yield(void);

/**
 * Runs `notice` when the calling thread ends, however it does, after the thread's own program is
 * gone. One notice per thread: a second call replaces the argument; NULL takes it back. Does not
 * run when the whole process ends.
 * @return 0 or errno
 * @thread any  @blocks never
 */
int32_t siding_thread_on_exit(void (*notice)(void *argument), void *argument);
/**
 * @return what the calling thread gave to siding_thread_on_exit, or NULL  @thread any  @blocks
 * never
 */
void *siding_thread_exit_argument(void);

/* ---- clock ----------------------------------------------------------------------------------- */

/** @return monotonic nanoseconds, precise  @thread any  @blocks never */
uint64_t siding_clock_ns(void);
/** @return the time in so long, UINT64_MAX where it is beyond  @thread any  @blocks never */
static inline uint64_t siding_clock_after(uint64_t timeout_ns) {
    uint64_t now_ns = siding_clock_ns();
    return timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
}

/* ---- errno ----------------------------------------------------------------------------------- */

enum siding_error_kind {
    SIDING_ERROR_C,     /* errno */
    SIDING_ERROR_SYSTEM /* GetLastError on Windows, errno elsewhere */
};

/** Clears one of this thread's errors. @thread any  @blocks never */
void siding_error_clear(enum siding_error_kind kind);
/** @return one of this thread's errors  @thread any  @blocks never */
int32_t siding_error_get(enum siding_error_kind kind);

/** @return all this thread's errors, for siding_errors_restore  @thread any  @blocks never */
uint64_t siding_errors_save(void);
/** Sets this thread's errors to what they were. @thread any  @blocks never */
void siding_errors_restore(uint64_t errors);

/* ---- faults ---------------------------------------------------------------------------------- */

/** Has the two below work from now on: a handler for faults, which passes on to the one before
 *  it all that are not of a guarded attempt. @thread any  @blocks never */
void siding_fault_watch(void);
/**
 * Runs an attempt, which may only read memory that may not be there, and write its own.
 * @return false: it faulted, and was left on the spot
 * @thread any  @blocks as long as the attempt does
 */
bool siding_fault_guard(void (*attempt)(void *argument), void *argument);

/** Copies memory that may not be there.
 *  @return false: it is not, or not all of it  @thread any  @blocks never */
bool siding_fault_read(void *out_bytes, const void *from, size_t size_bytes);

/* ---- process --------------------------------------------------------------------------------- */

/** Has siding_process_is_forked work from now on. @thread any  @blocks never */
void siding_process_watch_forks(void);
/** @return whether this is the child of a fork of the process that asked to watch for it: other
 *  threads are gone, and no lock may be taken  @thread any  @blocks never */
bool siding_process_is_forked(void);

/* ---- wake channel ---------------------------------------------------------------------------- */

/*
 * A stream-socket pair. The host watches and closes `host`; libsiding writes to `kick`.
 * `host_identity` tells at the end whether the descriptor `host` is still this socket. On Windows a
 * pipe, see windows/channel.c.
 */
struct siding_channel {
    intptr_t host;
    intptr_t kick;
    uint64_t host_identity;
};

/**
 * Both ends non-blocking and closed on exec.
 * @return 0 or errno
 * @thread any  @blocks never
 */
int32_t siding_channel_open(struct siding_channel *out_channel);
/**
 * Makes `host` readable; a full channel is as good. Raises no signal. @thread any  @blocks never
 */
void siding_channel_kick(const struct siding_channel *channel);
/**
 * Closes `kick`, and with `host_too` the host's end as well if its descriptor is still ours.
 * @thread any  @blocks never
 */
void siding_channel_close(struct siding_channel *channel, bool host_too);

/* ---- libraries ------------------------------------------------------------------------------- */

/**
 * @param path as the system's loader takes it, UTF-8; NULL: the program itself
 * @param is_global whether libraries loaded later find its symbols; Windows has no such thing
 * @param out_message the loader's reason, NUL-terminated, when NULL is returned
 * @return the system's handle, or NULL
 * @thread any  @blocks while the loader runs
 */
void *siding_loader_open(const char *path, bool is_global, char *out_message,
                         size_t message_capacity);
/** Gives one reference back. @thread any  @blocks while the loader runs */
void siding_loader_close(void *library);
/**
 * @param out_address the symbol's address, which may be NULL
 * @return whether the library has the symbol
 * @thread any  @blocks while the loader runs
 */
bool siding_loader_symbol(void *library, const char *name, void **out_address);

#endif

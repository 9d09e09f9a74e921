/*
 * siding.h - the C interface of libsiding, and the only header that describes its ABI.
 *
 * libsiding runs C calls on pooled native threads for a host that may not block: a JavaScript
 * runtime, or any other program with an event loop. It knows nothing of JavaScript.
 *
 *   host thread                         worker                        host thread
 *   siding_bridge_submit(call records)  runs them on a pooled thread  woken once, then
 *   copies them in                      in order, or as threads free  siding_bridge_drain(events)
 *
 * Contract words used below:
 *   @thread js       the thread that opened the bridge (the host's event-loop thread)
 *   @thread worker   a thread of libsiding's pool
 *   @thread any      every thread
 *   @blocks never    takes no lock that another thread may hold for long, makes no blocking
 *   system call
 *   @return          0 or a count when it succeeded, else a negative SIDING_E... status
 *
 * Handles are opaque, never 0, fit a 53-bit integer, and carry a generation: a stale, forged or
 * foreign handle is refused with SIDING_ESTALE by every function.
 */
#ifndef SIDING_H
#define SIDING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define SIDING_API __declspec(dllexport)
#elif defined(__GNUC__)
#define SIDING_API __attribute__((visibility("default")))
#else
#define SIDING_API
#endif

/* Changes whenever a record, an option struct or a function changes its meaning. */
#define SIDING_ABI_VERSION 1

/* X(name, value, what happened) */
#define SIDING_STATUS_LIST(X)                                                                      \
    X(SIDING_OK, 0, "success")                                                                     \
    X(SIDING_EINVALID, -1, "an argument is outside its documented range")                          \
    X(SIDING_ESTALE, -2, "the handle is not, or no longer, valid")                                 \
    X(SIDING_ETHREAD, -3, "called on a thread that does not own the object")                       \
    X(SIDING_ENOMEM, -4, "out of memory")                                                          \
    X(SIDING_ELIMIT, -5, "a bound was reached")                                                    \
    X(SIDING_ESYSTEM, -6, "the operating system refused")                                          \
    X(SIDING_EBUSY, -7, "the token is in use")                                                     \
    X(SIDING_ERUNNING, -8, "the call is already running")                                          \
    X(SIDING_ECANCELLED, -9, "cancelled before it ran")                                            \
    X(SIDING_ETIMEOUT, -10, "its deadline passed before it ran")                                   \
    X(SIDING_ECLOSED, -11, "the bridge is closed")                                                 \
    X(SIDING_EEXHAUSTED, -12, "no pool slot is free")                                              \
    X(SIDING_ESIGNATURE, -13, "the signature descriptor is malformed or unsupported")              \
    X(SIDING_ENOTFOUND, -14, "no such library or symbol")                                          \
    X(SIDING_ESPACE, -15, "the buffer is too small")                                               \
    X(SIDING_ERECYCLING, -16, "its context is being released")                                     \
    X(SIDING_EREENTRANT, -17, "called on the very thread that it would wait for")                  \
    X(SIDING_EENDED, -18, "the repetition has ended")                                              \
    X(SIDING_ENOTCHILD, -19, "no child, or one that somebody waits for already")                   \
    X(SIDING_EBLOCKS, -20, "the descriptor can only be read by blocking")

#define SIDING_STATUS_VALUE(name, value, text) name = value,
enum siding_status { SIDING_STATUS_LIST(SIDING_STATUS_VALUE) };
#undef SIDING_STATUS_VALUE

/*
 * Signature descriptors: bytes; numbers of several bytes are little-endian.
 *
 *   descriptor = variadic result parameter* [SIDING_TYPE_TAILS tail*]
 *   variadic   = number of fixed parameters of a variadic function, or SIDING_NOT_VARIADIC
 *   result     = type
 *   parameter  = type | cell
 *   cell       = (SIDING_TYPE_OUT | SIDING_TYPE_IN | SIDING_TYPE_INOUT)
 *                (type | SIDING_TYPE_MEMORY size_bytes:u32)
 *   type       = one code below; SIDING_TYPE_STRUCT is followed by its field count (1 to 255) and
 *                the fields, which may be structs themselves
 *
 * A cell is memory that the parameter points to. Tails say what to copy once C has returned:
 *
 *   tail       = kind place [factor count, factor*] (0 | 1 free:u64)
 *   kind       = enum siding_tail; only SIDING_TAIL_BYTES has factors, whose product is its length
 *   factor     = 0 constant:u32 | integer type code, place: where the number is
 *   place      = 0 offset:u16                of the record's words: result, then arguments
 *              | 1 pointer:u16 offset:u16    of what the pointer there points to
 *              | 2 + k, offset:u16           of what the pointer of tail k points to
 *   free       = a void (*)(void *), called with the pointer when all tails are copied
 *
 * Offsets count bytes. A tail's place is that of the pointer to its data.
 */
enum siding_type {
    SIDING_TYPE_VOID = 0,
    SIDING_TYPE_BOOL = 1,
    SIDING_TYPE_I8 = 2,
    SIDING_TYPE_U8 = 3,
    SIDING_TYPE_I16 = 4,
    SIDING_TYPE_U16 = 5,
    SIDING_TYPE_I32 = 6,
    SIDING_TYPE_U32 = 7,
    SIDING_TYPE_I64 = 8,
    SIDING_TYPE_U64 = 9,
    SIDING_TYPE_F32 = 10,
    SIDING_TYPE_F64 = 11,
    SIDING_TYPE_POINTER = 12,
    SIDING_TYPE_BUFFER = 13, /* parameter only: a pointer to bytes that the host lent or a block */
    SIDING_TYPE_TEXT = 14,   /* NUL-terminated; as a result a pointer with a tail of that kind */
    SIDING_TYPE_STRUCT = 15,
    SIDING_TYPE_OUT = 16,    /* a cell that C fills: zeroed before, reported after */
    SIDING_TYPE_IN = 17,     /* a cell that C reads: the host's bytes, not reported */
    SIDING_TYPE_INOUT = 18,  /* a cell that C changes: the host's bytes, reported after */
    SIDING_TYPE_MEMORY = 19, /* of a cell: so many bytes */
    SIDING_TYPE_TAILS = 20
};

enum siding_tail {
    SIDING_TAIL_TEXT = 1,   /* char *, ended by a zero */
    SIDING_TAIL_TEXT16 = 2, /* uint16_t *, ended by a zero */
    SIDING_TAIL_BYTES = 3,  /* void * */
    SIDING_TAIL_LIST = 4    /* char **, ended by NULL */
};
#define SIDING_TAILS_MAX 64
#define SIDING_FACTORS_MAX 4

/*
 * A chain is several calls in one trip on one thread, which may be repeated:
 *
 *   descriptor = SIDING_CHAIN size:u16 inputs step*
 *   inputs     = a descriptor of that size: void, U64 (rounds at most), what the steps share
 *   step       = signature:u32 function:u64 flags:u8 test:u8 expected:u64 source*
 *   flags      = SIDING_STEP_ERRNO, SIDING_STEP_EMIT, SIDING_STEP_LAST_ERROR
 *   test       = SIDING_TEST_..., of the result, an integer or pointer, or of errno
 *   source     = 0 value:u64 | 1 word:u16 of the inputs | 2 step:u8 word:u16 of an earlier step,
 *                its result words first, then its argument words
 *
 * A step has one source for each of its argument words. A test that fails ends the chain and drops
 * what the round has emitted. The chain's result is three words: rounds completed, the step that
 * ended it or UINT64_MAX, and that step's result. It has one tail, what the steps have emitted: for
 * each a word with the size in words, these two included, one with errno in its high half, and the
 * payload. The event's errno is that of the step that ended the chain.
 */
#define SIDING_CHAIN 254
#define SIDING_STEPS_MAX 64
#define SIDING_STEP_ERRNO 1u      /* clear errno before, report it when the chain ends here */
#define SIDING_STEP_EMIT 2u       /* its payload is part of the round's result */
#define SIDING_STEP_LAST_ERROR 4u /* as SIDING_CALL_LAST_ERROR */

#define SIDING_TEST_NONE 0u      /* goes on in any case */
#define SIDING_TEST_EQUAL 1u     /* goes on where the result is the expected one */
#define SIDING_TEST_DIFFERENT 2u /* goes on where it is not */
#define SIDING_TEST_SUCCESS 3u   /* ends where errno is set and the result is the expected one */
#define SIDING_TEST_NO_ERRNO 4u  /* ends where errno is set */
#define SIDING_NOT_VARIADIC 255
#define SIDING_PARAMETERS_MAX 64
#define SIDING_STRUCT_DEPTH_MAX 16

/*
 * Call record: what the host submits, in 8-byte words. The header is followed by the argument words
 * in parameter order, then by the bytes of inline texts, of which the record's very last is zero:
 *
 *   scalar, pointer   one word, the value in its low bytes (little-endian)
 *   struct            its bytes, rounded up to words
 *   buffer, text      one word, a reference: kind in the high half, operand in the low half
 *   cell              one word, then the cell's bytes rounded up to words, ignored for `out`; the
 *                     word is 0, or 1 to pass NULL in place of an `in` or `inout` cell
 */
struct siding_call {
    uint32_t token;      /* chosen by the host, below calls_max, not in flight */
    uint32_t signature;  /* from siding_signature_prepare */
    uint16_t words;      /* of the whole record, header included */
    uint16_t flags;      /* SIDING_CALL_... */
    uint32_t timeout_ms; /* from submission; 0: none; a call not started by then never runs */
    uint64_t function;   /* address of the C function, or a bound call */
    uint64_t context;    /* context or repetition, or 0: any free pool thread */
};
#define SIDING_CALL_WORDS 4u
#define SIDING_CALL_ERRNO 1u     /* clear errno before, report it after */
#define SIDING_CALL_TIMED 2u     /* note the time the call starts, for siding_bridge_elapsed */
#define SIDING_CALL_STOPPABLE 4u /* siding_bridge_interrupt may interrupt it */
/* `function` is a bound call of the same signature; its words replace those of the record. */
#define SIDING_CALL_BOUND 8u
/* The bound call is first taken out of the context's deferred ones; SIDING_ENOTFOUND without. */
#define SIDING_CALL_DEFERRED 16u
#define SIDING_CALL_LAST_ERROR 32u /* GetLastError in the place of errno; elsewhere errno */

/* References of buffer and text arguments. */
#define SIDING_REFERENCE_NULL 0u   /* the null pointer */
#define SIDING_REFERENCE_INLINE 1u /* operand: byte offset from the start of the record */
#define SIDING_REFERENCE_BLOCK 2u  /* operand: block number */
#define SIDING_REFERENCE_LENT 3u   /* operand: index of a buffer lent to siding_call_here */

/*
 * Event record: what the host drains. The header is followed by the payload: the result (its bytes
 * rounded up to words, one word at least), the cell of each `out` and `inout` parameter likewise,
 * and the tails. Each tail is one word, its size, and its bytes rounded up to words. The size is in
 * bytes, or in texts of a list, each of which is again a size and its bytes; SIDING_TAIL_NULL says
 * that its pointer, or one on the way to it, was NULL, or that its length was negative.
 * Long tails come as a block, with SIDING_EVENT_BLOCK: two words, its number and its size in bytes.
 * An event whose status is not SIDING_OK has no payload.
 *
 * Of a callback each event has SIDING_EVENT_MORE, and its payload is what C has called it with: the
 * argument words as in a call record, pointers as they are, and the tails of its signature, whose
 * places count from the result's words on as ever. With SIDING_CALLBACK_CALL three words come
 * before: the ask to be answered; the nest by which calls reach the thread that waits, or 0; the
 * context whose thread it is, or 0. With SIDING_EVENT_LOST the payload is two words: calls dropped
 * and calls refused since the last such event. The one event without SIDING_EVENT_MORE is the end.
 */
struct siding_event {
    uint32_t token;
    uint16_t words; /* of the whole record, header included */
    uint16_t flags; /* SIDING_EVENT_... */
    int32_t status;
    int32_t error; /* of a call with SIDING_CALL_ERRNO or SIDING_CALL_LAST_ERROR */
};
#define SIDING_EVENT_WORDS 2u
#define SIDING_EVENT_BLOCK 1u
#define SIDING_EVENT_MORE 2u /* the token stays in use: further events of it follow */
#define SIDING_EVENT_LOST 4u /* of a callback: what was not delivered */
#define SIDING_EVENT_WORDS_MAX 4096u
#define SIDING_TAIL_NULL UINT64_MAX
/* Set in the count that siding_bridge_drain returns while further events wait. */
#define SIDING_DRAIN_MORE 0x40000000

/* Size first: a newer library accepts an older, shorter struct. */
struct siding_bridge_options {
    uint32_t size_bytes;
    uint32_t calls_max;     /* calls in flight, 1 to SIDING_CALLS_MAX */
    uint64_t wake_function; /* address of a void (*)(void) to call, even while the bridge is being
                               closed, or 0: a descriptor */
};
#define SIDING_CALLS_MAX 1048576u

struct siding_pool_options {
    uint32_t size_bytes;
    uint32_t threads_max; /* for contexts, and as many for other calls; 1 to SIDING_THREADS_MAX */
    uint32_t spin_us;     /* longest spin of an idle thread before it parks */
    uint32_t stack_bytes; /* of threads not yet started */
    uint32_t threads_min; /* vacant threads beyond these end */
    uint32_t idle_ms;     /* after having been vacant for so long; 0: never */
};
#define SIDING_THREADS_MAX 4096u

struct siding_context_options {
    uint32_t size_bytes;
    uint32_t flags;       /* SIDING_CONTEXT_... */
    uint32_t drain_ms;    /* how long a release waits for C, and once more after its interrupt */
    uint32_t teardown_ms; /* how long the deferred calls of a release may take together */
    uint32_t stuck_ms;    /* a call that runs for so long is noticed; 0: none is */
    uint32_t stack_bytes; /* of a thread of its own, see SIDING_CONTEXT_FRESH; 0: as the pool's */
};
#define SIDING_CONTEXT_FRESH 1u /* a thread made for it, which ends with it */
#define SIDING_CONTEXT_WAIT 2u  /* wait for a vacant slot, first come first served */
#define SIDING_CONTEXT_MS_MAX 86400000u

/* How a call that blocks is made to return. */
struct siding_interrupt {
    uint32_t size_bytes;
    uint32_t kind;    /* SIDING_INTERRUPT_... */
    uint64_t operand; /* a bound call, or the address of a flag */
    uint64_t value;   /* of the flag, a uint32_t */
};
#define SIDING_INTERRUPT_NONE 0u
#define SIDING_INTERRUPT_BOUND 1u  /* run once, on a thread of libsiding's own; must not block */
#define SIDING_INTERRUPT_FLAG 2u   /* stored, sequentially consistent */
#define SIDING_INTERRUPT_SIGNAL 3u /* system calls return EINTR; repeated until C returns */

/* Comparisons are with the first word of a result, as wide as the result's type. */
struct siding_repeat_options {
    uint32_t size_bytes;
    uint32_t emit_test;  /* SIDING_TEST_NONE, EQUAL, DIFFERENT: which runs become events */
    uint32_t until_test; /* SIDING_TEST_NONE, EQUAL, DIFFERENT: which run ends it, without event */
    uint32_t wake_kind;  /* SIDING_INTERRUPT_..., for when a call is queued during a run */
    uint64_t emit_expected;
    uint64_t until_expected;
    uint64_t wake_operand;
    uint64_t wake_value;
    uint64_t context;
};

/* Payload of a notice of siding_context_listen: its kind, then two words. */
#define SIDING_NOTICE_WORDS 3u
#define SIDING_NOTICE_STUCK 1u     /* token of the call, milliseconds that it has been running */
#define SIDING_NOTICE_RECOVERED 2u /* token of the call, milliseconds that it took */
#define SIDING_NOTICE_TEARDOWN 3u  /* 0, milliseconds that its deferred calls have been taking */

/*
 * A callback is a function pointer for C whose calls become events of its token.
 *
 * Mode POST: C goes on at once. Mode CALL: C waits for siding_callback_answer. On the bridge's own
 * thread both run at once instead, through the dispatcher of siding_bridge_inline; without one a
 * POST is queued, dropped where it would wait, and a CALL gets the value for a throw.
 */
struct siding_callback_options {
    uint32_t size_bytes;
    uint32_t signature;      /* what C calls; its tails are copied before C goes on */
    uint32_t mode;           /* SIDING_CALLBACK_... */
    uint32_t token;          /* of its events; chosen as for a call, and for none while open */
    uint32_t capacity;       /* calls that may wait, a power of two, 2 to SIDING_CAPACITY_MAX */
    uint32_t overflow;       /* SIDING_OVERFLOW_..., what becomes of those beyond */
    uint32_t copy_bytes_max; /* of tails; a call with more is refused */
    uint32_t timeout_ms;     /* for an answer, or for room; at least 1 */
    uint32_t returned;       /* POST: parameter that C gets back, or SIDING_RETURN_VALUE */
    uint32_t flags;          /* SIDING_CALLBACK_PULLED */
    uint64_t retain;         /* bound call, run before the host has the event; or 0 */
};
#define SIDING_CALLBACK_POST 0u
#define SIDING_CALLBACK_CALL 1u
#define SIDING_CALLBACK_PULLED 1u /* flag: events come as siding_callback_pull asks for them */
#define SIDING_CAPACITY_MAX 1048576u
#define SIDING_RETURN_VALUE 0xffffffffu

/* Only BLOCK lets C wait. The others take no lock and allocate nothing once the callback is open,
   fit for real-time threads; tails are refused that do not fit the copy_bytes_max set aside. */
#define SIDING_OVERFLOW_BLOCK 0u
#define SIDING_OVERFLOW_DROP_NEWEST 1u
#define SIDING_OVERFLOW_DROP_OLDEST 2u
#define SIDING_OVERFLOW_LATEST 3u /* only the newest waits; capacity is ignored */

struct siding_callback_stats {
    uint32_t size_bytes;
    uint32_t waiting; /* events not drained yet */
    uint64_t events;  /* delivered, or waiting */
    uint64_t dropped; /* for want of room */
    uint64_t refused; /* a length that is negative or too large, memory that cannot be read */
    uint64_t late;    /* answers that nobody waited for any more */
};

/*
 * Answers: records of an ask, a status and the words of the result, as those of a call's event
 * (none unless the status is SIDING_OK). With another status C gets the value for a throw.
 */
struct siding_answer {
    uint64_t ask;
    int32_t status;
    uint32_t words; /* of the record, header included */
};
#define SIDING_ANSWER_WORDS 2u

struct siding_trace_entry {
    uint64_t started_ns; /* monotonic */
    uint64_t ended_ns;
    uint64_t function;
    uint64_t context; /* 0: the shared pool */
    uint32_t thread;  /* number of its slot */
    uint32_t token;
};

struct siding_stats {
    uint32_t size_bytes;
    uint32_t threads; /* started */
    uint32_t threads_max;
    uint32_t slots_vacant;    /* parked, waiting for anything */
    uint32_t slots_shared;    /* serving calls without a context */
    uint32_t slots_active;    /* leased to a context */
    uint32_t slots_recycling; /* their lease is ending */
    uint32_t slots_wedged;    /* their lease has ended, C has not returned */
    uint32_t slots_retired;   /* without a thread */
    uint32_t waiting;         /* acquisitions in line */
    uint32_t bridges;         /* open */
    uint32_t bound_calls;     /* with a handle */
    uint32_t callbacks;       /* open */
    uint32_t closures;        /* function pointers of closed ones, which answer for ever */
    uint32_t asks;            /* calls from C that wait for an answer */
    uint32_t trampolines;     /* SIDING_TRAMPOLINES_... */
    uint32_t sources;         /* open */
    uint64_t wakes;           /* kicks of any host thread */
    uint64_t dropped;         /* results of calls whose bridge or lease was gone */
    uint64_t memory_bytes;    /* records, blocks and siding_memory_alloc */
    uint64_t signatures;      /* distinct prepared signatures */
};
#define SIDING_TRAMPOLINES_STATIC 1u  /* part of the library's code */
#define SIDING_TRAMPOLINES_DYNAMIC 2u /* written at run time, into memory that may be executed */

/** @return SIDING_ABI_VERSION of the library, to be compared before anything else is called
 *  @thread any  @blocks never */
SIDING_API uint32_t siding_abi_version(void);

/**
 * Sizes of the records and option structs, for a host that lays them out by hand.
 * @param out_sizes filled with those of siding_call, _event, _bridge_options, _pool_options,
 *        _stats, a pointer, _callback_options, _callback_stats, _source_options, _source_stats
 * @param capacity number of elements in out_sizes
 * @return the number of sizes there are
 * @thread any  @blocks never
 */
SIDING_API int32_t siding_abi_sizes(uint32_t *out_sizes, uint32_t capacity);

/**
 * Prepares a signature. Equal descriptors give the same number, and none is ever taken back.
 * @param descriptor see above
 * @param size_bytes of the descriptor
 * @return a positive number, or SIDING_ESIGNATURE, SIDING_ELIMIT (65,535 distinct ones),
 *          SIDING_ENOMEM
 * @thread any  @blocks never
 */
SIDING_API int32_t siding_signature_prepare(const uint8_t *descriptor, uint32_t size_bytes);

/**
 * Connects this thread. The bridge dies with its thread, or by siding_bridge_close.
 * @param out_bridge its handle
 * @param out_descriptor becomes readable when events wait and none was announced before; the host
 *                       reads and discards what comes, and closes it; -1 with a wake function.
 *                       On Windows the N of a pipe \\.\pipe\siding-PROCESS-N to connect to, and
 *                       to look for events once connected
 * @return SIDING_EINVALID, SIDING_ELIMIT, SIDING_ENOMEM, SIDING_ESYSTEM
 * @thread any, it becomes the bridge's js thread  @blocks never
 */
SIDING_API int32_t siding_bridge_open(const struct siding_bridge_options *options,
                                      uint64_t *out_bridge, int32_t *out_descriptor);

/**
 * Closes the bridge: queued calls never run, running ones end by themselves and their results are
 * dropped, contexts are released. Memory goes back when the last running call has ended. Sources
 * that are still open are let go soon after: who closes their descriptors then closes the sources,
 * and waits for their ends, before the bridge.
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_bridge_close(uint64_t bridge);

/**
 * Copies call records in and queues them, in order. A call that cannot be queued (stale or
 * released context) becomes an event with that status.
 * @param records whole records, 8-byte aligned
 * @param words of all records together
 * @return the number of records taken, or SIDING_EINVALID at the first malformed record (unknown
 *         signature, wrong size, token out of range or of a call that has not ended); those before
 *         it were taken
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_bridge_submit(uint64_t bridge, const void *records, uint32_t words);

/**
 * Copies event records out. When the count comes without SIDING_DRAIN_MORE, all waiting events were
 * delivered and the next one will wake the host.
 * @param out_events 8-byte aligned
 * @param capacity_words at least SIDING_EVENT_WORDS_MAX
 * @return words written, with SIDING_DRAIN_MORE while further events wait
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_bridge_drain(uint64_t bridge, void *out_events, uint32_t capacity_words);

/**
 * siding_bridge_submit for a host that will drain, or exchange, before it returns to its event
 * loop: until then no event wakes it.
 * @return as siding_bridge_submit
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_bridge_feed(uint64_t bridge, const void *records, uint32_t words);

/**
 * siding_bridge_submit, then looks for events until events_min have come, for at most spin_ns, then
 * siding_bridge_drain. For calls that are known to be short this saves both wake-ups.
 * @param words 0: submit nothing
 * @param spin_ns at most 1,000,000
 * @return as siding_bridge_drain
 * @thread js  @blocks at most spin_ns
 */
SIDING_API int32_t siding_bridge_exchange(uint64_t bridge, const void *records, uint32_t words,
                                          void *out_events, uint32_t capacity_words,
                                          uint32_t events_min, uint32_t spin_ns);

/** Wakes the host as an event would, so that it can leave its event loop a turn in between.
 *  @thread js  @blocks never */
SIDING_API int32_t siding_bridge_wake(uint64_t bridge);

/**
 * Cancels a call in flight. Its event comes in any case, so that the token is free exactly once.
 * @return SIDING_OK: it will never run; SIDING_ERUNNING: it runs, or the token's last call has run;
 *          SIDING_EINVALID: no call had this token yet
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_bridge_cancel(uint64_t bridge, uint32_t token);

/**
 * How long a call submitted with SIDING_CALL_TIMED has been running.
 * @param out_elapsed_ns untouched when the call has not started
 * @return 1 when it has started, 0 when it is queued, or SIDING_EINVALID: it has ended, or was
 *         submitted without the flag
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_bridge_elapsed(uint64_t bridge, uint32_t token, uint64_t *out_elapsed_ns);

/**
 * Makes a block: native memory of the bridge that a call record can name.
 * @param bytes copied in, or NULL: the block is zeroed
 * @return its number, or SIDING_ENOMEM
 * @owns the caller, until siding_block_take or siding_block_drop, or the bridge's end; one that a
 *       call in flight names must not be taken or dropped before its event has come
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_block_create(uint64_t bridge, const void *bytes, uint64_t size_bytes);

/**
 * Copies a block out, from its start, and frees it.
 * @param out_bytes at least size_bytes long
 * @param size_bytes at most the block's size
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_block_take(uint64_t bridge, uint32_t block, void *out_bytes,
                                     uint64_t size_bytes);

/** Where its bytes are, so that a record can point to them. @thread js  @blocks never */
SIDING_API int32_t siding_block_address(uint64_t bridge, uint32_t block, uint64_t *out_address);

/** Frees a block. @thread js  @blocks never */
SIDING_API int32_t siding_block_drop(uint64_t bridge, uint32_t block);

/**
 * Runs one call record on this thread. Its context, token and timeout are ignored; buffers may be
 * lent: a reference of kind SIDING_REFERENCE_LENT names lent0 to lent3. Inline texts and cells are
 * used where they lie, so the record is overwritten.
 * @param bridge the owner of the blocks that the record names, or 0 when it names none
 * @param out_event at least SIDING_EVENT_WORDS_MAX words
 * @return words written
 * @thread any (js when the record names blocks)  @blocks as long as the function does
 */
SIDING_API int32_t siding_call_here(uint64_t bridge, void *record, uint32_t words, void *out_event,
                                    uint32_t capacity_words, void *lent0, void *lent1, void *lent2,
                                    void *lent3);

/**
 * Asks that a running call be interrupted. Never hits another call: a worker goes on only when the
 * interrupt is over.
 * @return SIDING_OK, SIDING_EINVALID: the call does not run, or has no SIDING_CALL_STOPPABLE
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_bridge_interrupt(uint64_t bridge, uint32_t token,
                                           const struct siding_interrupt *interrupt);

/**
 * Makes a bound call: a call record kept for later. Its token, context and timeout are ignored; the
 * blocks that it points to are given to it by siding_bound_keep.
 * @param holes pairs: a parameter, no cell and of no chain, and the caller's argument that fills it
 * @param holes_count number of pairs; a record that runs the bound call fills them with its own
 *        words, and what has no caller (interrupts, deferred calls, repetitions) takes none
 * @return SIDING_EINVALID, SIDING_ENOMEM, SIDING_ELIMIT
 * @thread js  @blocks never  @owns the caller, until siding_bound_release or the bridge's end; what
 * uses it holds a reference of its own
 */
SIDING_API int32_t siding_bound_create(uint64_t bridge, const void *record, uint32_t words,
                                       const uint8_t *holes, uint32_t holes_count,
                                       uint64_t *out_bound);

/**
 * Makes a function pointer for a bound call, which any thread may call as the signature says:
 * integers and pointers become the width of the parameter whose hole they fill, and the result that
 * of the signature's; floating point and structs must be the same. A void result is dropped, and a
 * void function gives zero for an integer. It keeps the bound call. A closed one returns zero.
 * @return SIDING_ESTALE, SIDING_EINVALID, SIDING_ENOMEM, SIDING_ELIMIT
 * @thread js  @blocks never  @owns the caller, until siding_closure_close or the bridge's end
 */
SIDING_API int32_t siding_bound_pointer(uint64_t bridge, uint64_t bound, uint32_t signature,
                                        uint64_t *out_closure, uint64_t *out_pointer);

/** Makes a block the bound call's own, to be freed with it; its number is free again.
 *  @return SIDING_EINVALID, SIDING_ESTALE, SIDING_ENOMEM
 *  @thread js, the one that made both  @blocks never */
SIDING_API int32_t siding_bound_keep(uint64_t bridge, uint64_t bound, uint32_t block);

/** Gives up the handle; runs that were asked for still happen. @thread any  @blocks never */
SIDING_API int32_t siding_bound_release(uint64_t bound);

/**
 * Has callbacks that are called on this thread run at once.
 * @param dispatcher address of a void (*)(void), called on this thread only; 0: none
 * @param frame where an event is before the dispatcher is called and an answer is after it, of
 *              frame_words, at least SIDING_EVENT_WORDS_MAX; used until the bridge is closed
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_bridge_inline(uint64_t bridge, uint64_t dispatcher, void *frame,
                                        uint32_t frame_words);

/**
 * Opens a callback.
 * @param values what C gets without an answer, each as many words as the result has: closed, and
 *               for a CALL timeout, throw; a POST gets the first at all times, unless `returned`
 * @param out_closure its handle, for all functions below
 * @param out_pointer what to give to C
 * @return SIDING_ESTALE (retain), SIDING_EINVALID, SIDING_EBUSY, SIDING_ENOMEM, SIDING_ELIMIT
 * @thread js  @blocks never  @owns the caller, until siding_closure_close or the bridge's end
 */
SIDING_API int32_t siding_callback_open(uint64_t bridge,
                                        const struct siding_callback_options *options,
                                        const void *values, uint32_t values_words,
                                        uint64_t *out_closure, uint64_t *out_pointer);

/** Asks for `count` more events of a callback with SIDING_CALLBACK_PULLED.
 *  @return SIDING_ESTALE, SIDING_EINVALID  @thread js  @blocks never */
SIDING_API int32_t siding_callback_pull(uint64_t bridge, uint64_t closure, uint32_t count);

/**
 * Answers asks.
 * @param answers whole records of struct siding_answer, 8-byte aligned
 * @param words of all records together
 * @return the number of records taken, or SIDING_EINVALID at the first malformed one; an ask that
 *         nobody waits for any more is taken, and counted as late
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_callback_answer(uint64_t bridge, const void *answers, uint32_t words);

/** @param out_stats its size_bytes is set by the caller  @thread js  @blocks never */
SIDING_API int32_t siding_callback_stats_read(uint64_t bridge, uint64_t closure,
                                              struct siding_callback_stats *out_stats);

/**
 * Closes a callback or the pointer of a bound call. The pointer stays valid and returns at once:
 * what waits for an answer or for room gets the closed value, what was not drained is dropped. The
 * end of a callback is an event.
 * @return SIDING_ESTALE  @thread js  @blocks never
 */
SIDING_API int32_t siding_closure_close(uint64_t bridge, uint64_t closure);

/** The same, and the pointer may be given to another callback from now on: the caller asserts that
 *  C no longer has it. Works on a closed one too.
 *  @return SIDING_ESTALE  @thread js  @blocks never */
SIDING_API int32_t siding_closure_forget(uint64_t bridge, uint64_t closure);

/**
 * Leases a thread of the pool: calls that name the context run on it, in order of submission.
 * @param name shown by the system's tools (at most 15 bytes are), or NULL
 * @param token with SIDING_CONTEXT_WAIT: that of the event whose one payload word is the context;
 *              siding_bridge_cancel leaves the line
 * @return SIDING_OK with the context; 1: in line, an event will follow; SIDING_EEXHAUSTED when
 *         threads_max contexts are leased, SIDING_ESYSTEM, SIDING_ENOMEM, SIDING_EBUSY
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_context_acquire(uint64_t bridge,
                                          const struct siding_context_options *options,
                                          const char *name, uint32_t token, uint64_t *out_context);

/**
 * Ends the lease, or this bridge's part in a shared one. The running call may end, for drain_ms;
 * then it is interrupted, and may end for as long again; then the slot is left to it and the lease
 * is over. Queued calls get SIDING_ERECYCLING. Deferred calls run, last first. From now on the
 * handle is refused.
 * @param token the event that reports the end carries it; chosen as for a call
 * @return 0; 1: it has ended already, no event follows; SIDING_ESTALE, SIDING_EBUSY
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_context_release(uint64_t bridge, uint64_t context, uint32_t token);

/** The same, waiting for the end.
 *  @return 0, SIDING_ESTALE, or SIDING_EREENTRANT on the context's own thread
 *  @thread js  @blocks twice drain_ms and teardown_ms at most */
SIDING_API int32_t siding_context_release_wait(uint64_t bridge, uint64_t context);

/** Lets other bridges attach.
 *  @param out_share what they attach with, valid as long as the lease
 *  @thread js  @blocks never */
SIDING_API int32_t siding_context_share(uint64_t bridge, uint64_t context, uint64_t *out_share);

/** Takes part in a lease. It ends when all its bridges have released it.
 *  @return SIDING_ESTALE, SIDING_EBUSY: this bridge already does, SIDING_ENOMEM
 *  @thread js  @blocks never */
SIDING_API int32_t siding_context_attach(uint64_t bridge, uint64_t share, uint64_t *out_context);

/** Has a bound call run on the context's thread when the lease ends, those deferred last first.
 *  @return SIDING_ESTALE, SIDING_EBUSY: it already is deferred, SIDING_ENOMEM
 *  @thread js  @blocks never */
SIDING_API int32_t siding_context_defer(uint64_t bridge, uint64_t context, uint64_t bound);

/** Takes it back. @return SIDING_ESTALE, SIDING_ENOTFOUND  @thread js  @blocks never */
SIDING_API int32_t siding_context_undefer(uint64_t bridge, uint64_t context, uint64_t bound);

/** How a call that still runs when the lease ends is interrupted; and siding_bridge_interrupt may
 *  interrupt any call made from now on. @thread js  @blocks never */
SIDING_API int32_t siding_context_interrupt_with(uint64_t bridge, uint64_t context,
                                                 const struct siding_interrupt *interrupt);

/** Has notices about the context delivered: events of this token with SIDING_EVENT_MORE, and one
 *  without when the lease has ended.
 *  @return SIDING_ESTALE, SIDING_EBUSY  @thread js  @blocks never */
SIDING_API int32_t siding_context_listen(uint64_t bridge, uint64_t context, uint32_t token);

/**
 * Runs one call record on a context and waits for its event. Its token is ignored, its context is
 * that of the record; blocks cannot be named, and results too long for an event, or of more than
 * SIDING_CALL_WORDS words, are SIDING_ESPACE. Allocates nothing.
 * @param record inline texts and cells are used where they lie, so it is overwritten
 * @return words written, SIDING_ESTALE, SIDING_EINVALID, or SIDING_EREENTRANT on the context's own
 *         thread
 * @thread any  @blocks until the call has ended
 */
SIDING_API int32_t siding_context_call(void *record, uint32_t words, void *out_event,
                                       uint32_t capacity_words);

/**
 * Has calls that name the repetition run again and again on its context's thread, one run at a
 * time in turn with other calls, which go first. A run that emit_test selects gives the call's
 * event; otherwise the call runs once more. A chain is repeated until it ends by itself. Afterwards
 * calls get SIDING_EENDED.
 * @thread js  @blocks never
 */
SIDING_API int32_t siding_repeat_open(uint64_t bridge, const struct siding_repeat_options *options,
                                      uint64_t *out_repeat);

/** Ends it: queued calls get SIDING_EENDED, and wake is used on a run in C.
 *  @return SIDING_ESTALE  @thread js  @blocks never */
SIDING_API int32_t siding_repeat_close(uint64_t bridge, uint64_t repeat);

/**
 * Starts noting the time of calls, of all threads, dropping what was noted before.
 * @param entries_max 1 to 16,777,216; further calls are counted only; 0: stops
 * @return SIDING_ENOMEM, SIDING_EINVALID
 * @thread any  @blocks never
 */
SIDING_API int32_t siding_trace_start(uint32_t entries_max);

/**
 * Copies what was noted, in order of their end.
 * @param out_entries struct siding_trace_entry each
 * @param out_dropped calls that were counted only
 * @return entries copied, from `first` on
 * @thread any  @blocks never
 */
SIDING_API int32_t siding_trace_read(uint32_t first, void *out_entries, uint32_t capacity,
                                     uint64_t *out_dropped);

/**
 * Maps a library and keeps it mapped for the life of the process, so that no running call loses its
 * code. Opening it again gives the same mapping.
 * @param path file name as the system's loader takes it, or NULL: the program itself
 * @param flags SIDING_LIBRARY_GLOBAL: libraries loaded later find its symbols (not on Windows)
 * @param out_library its handle
 * @param out_message the loader's reason, NUL-terminated, when it fails
 * @return SIDING_ENOTFOUND, SIDING_ELIMIT, SIDING_ENOMEM
 * @thread any  @blocks while the loader runs
 */
SIDING_API int32_t siding_library_open(const char *path, uint32_t flags, uint64_t *out_library,
                                       char *out_message, uint32_t message_capacity);
#define SIDING_LIBRARY_GLOBAL 1u

/** @return SIDING_ENOTFOUND when the library has no such symbol
 *  @thread any  @blocks while the loader runs */
SIDING_API int32_t siding_library_symbol(uint64_t library, const char *name, uint64_t *out_address);

/** Copies native memory to the host.
 *  @param address must be readable for size_bytes  @thread any  @blocks never */
SIDING_API int32_t siding_memory_read(uint64_t address, void *out_bytes, uint64_t size_bytes);

/** Copies host memory to a native address. @thread any  @blocks never */
SIDING_API int32_t siding_memory_write(uint64_t address, const void *bytes, uint64_t size_bytes);

/**
 * Makes zeroed native memory, aligned for every type and counted in the statistics.
 * @param size_bytes at least 1
 * @return SIDING_EINVALID, SIDING_ENOMEM
 * @thread any  @blocks never  @owns the caller, until siding_memory_free
 */
SIDING_API int32_t siding_memory_alloc(uint64_t size_bytes, uint64_t *out_address);

/** Frees memory of siding_memory_alloc.
 *  @param size_bytes as it was made
 *  @return SIDING_EINVALID  @thread any  @blocks never */
SIDING_API int32_t siding_memory_free(uint64_t address, uint64_t size_bytes);

/** Changes the pool for the whole process; threads already started stay, whatever the new maximum.
 *  @return SIDING_EINVALID  @thread any  @blocks never */
SIDING_API int32_t siding_pool_configure(const struct siding_pool_options *options);

/** @param out_stats its size_bytes is set by the caller  @thread any  @blocks never */
SIDING_API int32_t siding_stats_read(struct siding_stats *out_stats);

#ifdef __cplusplus
}
#endif

#include "siding_station.h"

#endif

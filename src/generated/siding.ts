/**
 * The records and constants of libsiding as TypeScript sees them.
 *
 * Generated from lib/include/siding.h by `node scripts/generate_native_table.mjs`; do not edit.
 *
 * @module
 */

/** ABI version that this package speaks; the library must report the same one. */
export const abiVersion: number = 1;

/** `SIDING_TAILS_MAX`. */
export const tailsMax: number = 64;

/** `SIDING_FACTORS_MAX`. */
export const factorsMax: number = 4;

/** `SIDING_CHAIN`. */
export const chain: number = 254;

/** `SIDING_STEPS_MAX`. */
export const stepsMax: number = 64;

/** `SIDING_STEP_ERRNO`: clear errno before, report it when the chain ends here. */
export const stepErrno: number = 1;

/** `SIDING_STEP_EMIT`: its payload is part of the round's result. */
export const stepEmit: number = 2;

/** `SIDING_STEP_LAST_ERROR`: as SIDING_CALL_LAST_ERROR. */
export const stepLastError: number = 4;

/** `SIDING_TEST_NONE`: goes on in any case. */
export const testNone: number = 0;

/** `SIDING_TEST_EQUAL`: goes on where the result is the expected one. */
export const testEqual: number = 1;

/** `SIDING_TEST_DIFFERENT`: goes on where it is not. */
export const testDifferent: number = 2;

/** `SIDING_TEST_SUCCESS`: ends where errno is set and the result is the expected one. */
export const testSuccess: number = 3;

/** `SIDING_TEST_NO_ERRNO`: ends where errno is set. */
export const testNoErrno: number = 4;

/** `SIDING_NOT_VARIADIC`. */
export const notVariadic: number = 255;

/** `SIDING_PARAMETERS_MAX`. */
export const parametersMax: number = 64;

/** `SIDING_STRUCT_DEPTH_MAX`. */
export const structDepthMax: number = 16;

/** `SIDING_CALL_WORDS`. */
export const callWords: number = 4;

/** `SIDING_CALL_ERRNO`: clear errno before, report it after. */
export const callErrno: number = 1;

/** `SIDING_CALL_TIMED`: note the time the call starts, for siding_bridge_elapsed. */
export const callTimed: number = 2;

/** `SIDING_CALL_STOPPABLE`: siding_bridge_interrupt may interrupt it. */
export const callStoppable: number = 4;

/** `SIDING_CALL_BOUND`. */
export const callBound: number = 8;

/** `SIDING_CALL_DEFERRED`. */
export const callDeferred: number = 16;

/** `SIDING_CALL_LAST_ERROR`: GetLastError in the place of errno; elsewhere errno. */
export const callLastError: number = 32;

/** `SIDING_REFERENCE_NULL`: the null pointer. */
export const referenceNull: number = 0;

/** `SIDING_REFERENCE_INLINE`: operand: byte offset from the start of the record. */
export const referenceInline: number = 1;

/** `SIDING_REFERENCE_BLOCK`: operand: block number. */
export const referenceBlock: number = 2;

/** `SIDING_REFERENCE_LENT`: operand: index of a buffer lent to siding_call_here. */
export const referenceLent: number = 3;

/** `SIDING_EVENT_WORDS`. */
export const eventWords: number = 2;

/** `SIDING_EVENT_BLOCK`. */
export const eventBlock: number = 1;

/** `SIDING_EVENT_MORE`: the token stays in use: further events of it follow. */
export const eventMore: number = 2;

/** `SIDING_EVENT_LOST`: of a callback: what was not delivered. */
export const eventLost: number = 4;

/** `SIDING_EVENT_WORDS_MAX`. */
export const eventWordsMax: number = 4096;

/** `SIDING_TAIL_NULL`. */
export const tailNull: bigint = 0xffffffffffffffffn;

/** `SIDING_DRAIN_MORE`. */
export const drainMore: number = 0x40000000;

/** `SIDING_CALLS_MAX`. */
export const callsMax: number = 1048576;

/** `SIDING_THREADS_MAX`. */
export const threadsMax: number = 4096;

/** `SIDING_CONTEXT_FRESH`: a thread made for it, which ends with it. */
export const contextFresh: number = 1;

/** `SIDING_CONTEXT_WAIT`: wait for a vacant slot, first come first served. */
export const contextWait: number = 2;

/** `SIDING_CONTEXT_MS_MAX`. */
export const contextMsMax: number = 86400000;

/** `SIDING_INTERRUPT_NONE`. */
export const interruptNone: number = 0;

/** `SIDING_INTERRUPT_BOUND`: run once, on a thread of libsiding's own; must not block. */
export const interruptBound: number = 1;

/** `SIDING_INTERRUPT_FLAG`: stored, sequentially consistent. */
export const interruptFlag: number = 2;

/** `SIDING_INTERRUPT_SIGNAL`: system calls return EINTR; repeated until C returns. */
export const interruptSignal: number = 3;

/** `SIDING_NOTICE_WORDS`. */
export const noticeWords: number = 3;

/** `SIDING_NOTICE_STUCK`: token of the call, milliseconds that it has been running. */
export const noticeStuck: number = 1;

/** `SIDING_NOTICE_RECOVERED`: token of the call, milliseconds that it took. */
export const noticeRecovered: number = 2;

/** `SIDING_NOTICE_TEARDOWN`: 0, milliseconds that its deferred calls have been taking. */
export const noticeTeardown: number = 3;

/** `SIDING_CALLBACK_POST`. */
export const callbackPost: number = 0;

/** `SIDING_CALLBACK_CALL`. */
export const callbackCall: number = 1;

/** `SIDING_CALLBACK_PULLED`: flag: events come as siding_callback_pull asks for them. */
export const callbackPulled: number = 1;

/** `SIDING_CAPACITY_MAX`. */
export const capacityMax: number = 1048576;

/** `SIDING_RETURN_VALUE`. */
export const returnValue: number = 0xffffffff;

/** `SIDING_OVERFLOW_BLOCK`. */
export const overflowBlock: number = 0;

/** `SIDING_OVERFLOW_DROP_NEWEST`. */
export const overflowDropNewest: number = 1;

/** `SIDING_OVERFLOW_DROP_OLDEST`. */
export const overflowDropOldest: number = 2;

/** `SIDING_OVERFLOW_LATEST`: only the newest waits; capacity is ignored. */
export const overflowLatest: number = 3;

/** `SIDING_ANSWER_WORDS`. */
export const answerWords: number = 2;

/** `SIDING_TRAMPOLINES_STATIC`: part of the library's code. */
export const trampolinesStatic: number = 1;

/** `SIDING_TRAMPOLINES_DYNAMIC`: written at run time, into memory that may be executed. */
export const trampolinesDynamic: number = 2;

/** `SIDING_LIBRARY_GLOBAL`. */
export const libraryGlobal: number = 1;

/** `SIDING_PREREAD_BYTES_MAX`. */
export const prereadBytesMax: number = 67108864;

/** `SIDING_SOURCE_READY`: a descriptor's conditions. */
export const sourceReady: number = 1;

/** `SIDING_SOURCE_TIMER`: ticks since the last event; never early. */
export const sourceTimer: number = 2;

/** `SIDING_SOURCE_SIGNAL`: how often it came since the last event. */
export const sourceSignal: number = 3;

/** `SIDING_SOURCE_CHILD`: exit code, signal that ended it or 0; then the end. */
export const sourceChild: number = 4;

/** `SIDING_SOURCE_EVENT`: of siding_event_post: the last value, or the sum. */
export const sourceEvent: number = 5;

/** `SIDING_SOURCE_READ`: a tail: bytes, as many as there were. */
export const sourceRead: number = 6;

/** `SIDING_SOURCE_EXACT`: a tail: exactly limit_bytes. */
export const sourceExact: number = 7;

/** `SIDING_SOURCE_ACCEPT`: for each connection its descriptor, then a tail: its address. */
export const sourceAccept: number = 8;

/** `SIDING_SOURCE_RECEIVE`: for each datagram its true size, then two tails: from, data. */
export const sourceReceive: number = 9;

/** `SIDING_SOURCE_CALL`: the payload of the bound call's event. */
export const sourceCall: number = 10;

/** `SIDING_SOURCE_EDGE`: each change, even one from before the host asked. */
export const sourceEdge: number = 0x10000;

/** `SIDING_SOURCE_ONCE`: one event, then the end. */
export const sourceOnce: number = 0x20000;

/** `SIDING_SOURCE_COUNTED`: the sum of the values posted since the last event. */
export const sourceCounted: number = 0x40000;

/** `SIDING_READY_READ`: there is something to read, or its end; a connection waits. */
export const readyRead: number = 1;

/** `SIDING_READY_WRITE`: there is room. */
export const readyWrite: number = 2;

/** `SIDING_READY_PRIORITY`: out-of-band data, and the like. */
export const readyPriority: number = 4;

/** `SIDING_READY_SHUTDOWN`: the peer sends no more; told with SIDING_READY_READ. */
export const readyShutdown: number = 8;

/** `SIDING_READY_HANGUP`: both directions are over. */
export const readyHangup: number = 16;

/** `SIDING_READY_ERROR`. */
export const readyError: number = 32;

/** Status values by short name: `SIDING_ESTALE` is `status.stale`. */
export const status: {
  readonly ok: 0;
  readonly invalid: -1;
  readonly stale: -2;
  readonly thread: -3;
  readonly nomem: -4;
  readonly limit: -5;
  readonly system: -6;
  readonly busy: -7;
  readonly running: -8;
  readonly cancelled: -9;
  readonly timeout: -10;
  readonly closed: -11;
  readonly exhausted: -12;
  readonly signature: -13;
  readonly notfound: -14;
  readonly space: -15;
  readonly recycling: -16;
  readonly reentrant: -17;
  readonly ended: -18;
  readonly notchild: -19;
  readonly blocks: -20;
} = {
  ok: 0,
  invalid: -1,
  stale: -2,
  thread: -3,
  nomem: -4,
  limit: -5,
  system: -6,
  busy: -7,
  running: -8,
  cancelled: -9,
  timeout: -10,
  closed: -11,
  exhausted: -12,
  signature: -13,
  notfound: -14,
  space: -15,
  recycling: -16,
  reentrant: -17,
  ended: -18,
  notchild: -19,
  blocks: -20,
};

/** Name and meaning of each status value. */
export const statuses: Readonly<Record<number, { name: string; text: string }>> = {
  0: {
    name: "SIDING_OK",
    text: "success",
  },
  [-1]: {
    name: "SIDING_EINVALID",
    text: "an argument is outside its documented range",
  },
  [-2]: {
    name: "SIDING_ESTALE",
    text: "the handle is not, or no longer, valid",
  },
  [-3]: {
    name: "SIDING_ETHREAD",
    text: "called on a thread that does not own the object",
  },
  [-4]: {
    name: "SIDING_ENOMEM",
    text: "out of memory",
  },
  [-5]: {
    name: "SIDING_ELIMIT",
    text: "a bound was reached",
  },
  [-6]: {
    name: "SIDING_ESYSTEM",
    text: "the operating system refused",
  },
  [-7]: {
    name: "SIDING_EBUSY",
    text: "the token is in use",
  },
  [-8]: {
    name: "SIDING_ERUNNING",
    text: "the call is already running",
  },
  [-9]: {
    name: "SIDING_ECANCELLED",
    text: "cancelled before it ran",
  },
  [-10]: {
    name: "SIDING_ETIMEOUT",
    text: "its deadline passed before it ran",
  },
  [-11]: {
    name: "SIDING_ECLOSED",
    text: "the bridge is closed",
  },
  [-12]: {
    name: "SIDING_EEXHAUSTED",
    text: "no pool slot is free",
  },
  [-13]: {
    name: "SIDING_ESIGNATURE",
    text: "the signature descriptor is malformed or unsupported",
  },
  [-14]: {
    name: "SIDING_ENOTFOUND",
    text: "no such library or symbol",
  },
  [-15]: {
    name: "SIDING_ESPACE",
    text: "the buffer is too small",
  },
  [-16]: {
    name: "SIDING_ERECYCLING",
    text: "its context is being released",
  },
  [-17]: {
    name: "SIDING_EREENTRANT",
    text: "called on the very thread that it would wait for",
  },
  [-18]: {
    name: "SIDING_EENDED",
    text: "the repetition has ended",
  },
  [-19]: {
    name: "SIDING_ENOTCHILD",
    text: "no child, or one that somebody waits for already",
  },
  [-20]: {
    name: "SIDING_EBLOCKS",
    text: "the descriptor can only be read by blocking",
  },
};

/** Type codes of signature descriptors: `SIDING_TYPE_I32` is `types.i32`. */
export const types: {
  readonly void: 0;
  readonly bool: 1;
  readonly i8: 2;
  readonly u8: 3;
  readonly i16: 4;
  readonly u16: 5;
  readonly i32: 6;
  readonly u32: 7;
  readonly i64: 8;
  readonly u64: 9;
  readonly f32: 10;
  readonly f64: 11;
  readonly pointer: 12;
  readonly buffer: 13;
  readonly text: 14;
  readonly struct: 15;
  readonly out: 16;
  readonly in: 17;
  readonly inout: 18;
  readonly memory: 19;
  readonly tails: 20;
} = {
  void: 0,
  bool: 1,
  i8: 2,
  u8: 3,
  i16: 4,
  u16: 5,
  i32: 6,
  u32: 7,
  i64: 8,
  u64: 9,
  f32: 10,
  f64: 11,
  pointer: 12,
  buffer: 13,
  text: 14,
  struct: 15,
  out: 16,
  in: 17,
  inout: 18,
  memory: 19,
  tails: 20,
};

/** Size in bytes, and byte offset of each field, of every struct that crosses. */
export const layouts = {
  call: {
    size: 32,
    offsets: {
      token: 0,
      signature: 4,
      words: 8,
      flags: 10,
      timeoutMs: 12,
      function: 16,
      context: 24,
    },
  },
  event: {
    size: 16,
    offsets: {
      token: 0,
      words: 4,
      flags: 6,
      status: 8,
      error: 12,
    },
  },
  bridgeOptions: {
    size: 16,
    offsets: {
      sizeBytes: 0,
      callsMax: 4,
      wakeFunction: 8,
    },
  },
  poolOptions: {
    size: 24,
    offsets: {
      sizeBytes: 0,
      threadsMax: 4,
      spinUs: 8,
      stackBytes: 12,
      threadsMin: 16,
      idleMs: 20,
    },
  },
  contextOptions: {
    size: 24,
    offsets: {
      sizeBytes: 0,
      flags: 4,
      drainMs: 8,
      teardownMs: 12,
      stuckMs: 16,
      stackBytes: 20,
    },
  },
  interrupt: {
    size: 24,
    offsets: {
      sizeBytes: 0,
      kind: 4,
      operand: 8,
      value: 16,
    },
  },
  repeatOptions: {
    size: 56,
    offsets: {
      sizeBytes: 0,
      emitTest: 4,
      untilTest: 8,
      wakeKind: 12,
      emitExpected: 16,
      untilExpected: 24,
      wakeOperand: 32,
      wakeValue: 40,
      context: 48,
    },
  },
  callbackOptions: {
    size: 48,
    offsets: {
      sizeBytes: 0,
      signature: 4,
      mode: 8,
      token: 12,
      capacity: 16,
      overflow: 20,
      copyBytesMax: 24,
      timeoutMs: 28,
      returned: 32,
      flags: 36,
      retain: 40,
    },
  },
  callbackStats: {
    size: 40,
    offsets: {
      sizeBytes: 0,
      waiting: 4,
      events: 8,
      dropped: 16,
      refused: 24,
      late: 32,
    },
  },
  answer: {
    size: 16,
    offsets: {
      ask: 0,
      status: 8,
      words: 12,
    },
  },
  traceEntry: {
    size: 40,
    offsets: {
      startedNs: 0,
      endedNs: 8,
      function: 16,
      context: 24,
      thread: 32,
      token: 36,
    },
  },
  stats: {
    size: 104,
    offsets: {
      sizeBytes: 0,
      threads: 4,
      threadsMax: 8,
      slotsVacant: 12,
      slotsShared: 16,
      slotsActive: 20,
      slotsRecycling: 24,
      slotsWedged: 28,
      slotsRetired: 32,
      waiting: 36,
      bridges: 40,
      boundCalls: 44,
      callbacks: 48,
      closures: 52,
      asks: 56,
      trampolines: 60,
      sources: 64,
      wakes: 72,
      dropped: 80,
      memoryBytes: 88,
      signatures: 96,
    },
  },
  sourceOptions: {
    size: 80,
    offsets: {
      sizeBytes: 0,
      kind: 4,
      token: 8,
      flags: 12,
      object: 16,
      afterNs: 24,
      everyNs: 32,
      limitBytes: 40,
      credit: 44,
      bound: 48,
      emitTest: 56,
      untilTest: 60,
      emitExpected: 64,
      untilExpected: 72,
    },
  },
  sourceStats: {
    size: 40,
    offsets: {
      sizeBytes: 0,
      credit: 4,
      events: 8,
      coalesced: 16,
      bytes: 24,
      stalls: 32,
    },
  },
} as const;

/**
 * Time, environment, processes, users, the system.
 *
 * @module
 */
import { group, passwd, rlimit, rusage, timespec, timeval, tm, utsname } from "./structs.ts";

/** Time, environment, processes, users, the system. */
export const system = {
  // Time.
  time: { parameters: [{ out: "i53" }], result: "i53" },
  clock_gettime: {
    parameters: ["i32", { out: timespec as typeof timespec }],
    result: "i32",
    errno: "throw",
  },
  clock_getres: {
    parameters: ["i32", { out: timespec as typeof timespec }],
    result: "i32",
    errno: "throw",
  },
  gettimeofday: {
    parameters: [{ out: timeval as typeof timeval }, "pointer"],
    result: "i32",
    errno: "throw",
  },
  nanosleep: {
    parameters: [{ in: timespec as typeof timespec }, { out: timespec as typeof timespec }],
    result: "i32",
    errno: true,
  },
  usleep: { parameters: ["u32"], result: "i32", errno: "throw" },
  sleep: { parameters: ["u32"], result: "u32" },
  gmtime: { parameters: [{ in: "i53" }], result: { copy: tm as typeof tm } },
  gmtime_r: { parameters: [{ in: "i53" }, { out: tm as typeof tm }], result: "pointer" },
  localtime_r: { parameters: [{ in: "i53" }, { out: tm as typeof tm }], result: "pointer" },
  timegm: { parameters: [{ inout: tm as typeof tm }], result: "i53" },
  mktime: { parameters: [{ inout: tm as typeof tm }], result: "i53" },
  strftime: {
    parameters: [{ out: "buffer" }, "usize", "cstring", { in: tm as typeof tm }],
    result: "u53",
  },
  difftime: { parameters: ["i53", "i53"], result: "f64" },

  // Environment. What getenv gives is copied; setenv elsewhere may move it. The variable environ is
  // not here: most programs hold it themselves, so it is found by opening `null`.
  getenv: { parameters: ["cstring"], result: "cstring" },
  setenv: { parameters: ["cstring", "cstring", "i32"], result: "i32", errno: "throw" },
  unsetenv: { parameters: ["cstring"], result: "i32", errno: "throw" },

  // Processes.
  getpid: { parameters: [], result: "i32" },
  getppid: { parameters: [], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32", errno: "throw" },
  getrlimit: {
    parameters: ["i32", { out: rlimit as typeof rlimit }],
    result: "i32",
    errno: "throw",
  },
  getrusage: {
    parameters: ["i32", { out: rusage as typeof rusage }],
    result: "i32",
    errno: "throw",
  },
  getloadavg: { parameters: [{ out: { array: "f64", length: 3 } }, "i32"], result: "i32" },
  umask: { parameters: ["u32"], result: "u32" },

  // Users. The entry is the library's own and is overwritten; its copy, with the texts, is not.
  getuid: { parameters: [], result: "u32" },
  geteuid: { parameters: [], result: "u32" },
  getgid: { parameters: [], result: "u32" },
  getpwuid: { parameters: ["u32"], result: { copy: passwd as typeof passwd } },
  getpwnam: { parameters: ["cstring"], result: { copy: passwd as typeof passwd } },
  getgrgid: { parameters: ["u32"], result: { copy: group as typeof group } },

  // The system.
  uname: { parameters: [{ out: utsname as typeof utsname }], result: "i32", errno: "throw" },
  gethostname: { parameters: [{ out: "buffer" }, "usize"], result: "i32", errno: "throw" },
  sysconf: { parameters: ["i32"], result: "long", errno: true },
  mmap: {
    parameters: ["pointer", "usize", "i32", "i32", "i32", "i53"],
    result: "pointer",
    errno: true,
  },
  munmap: { parameters: ["pointer", "usize"], result: "i32", errno: "throw" },
} as const;

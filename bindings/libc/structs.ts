/**
 * Structs of the C library on 64-bit Linux with glibc.
 *
 * @module
 */

/** Seconds and nanoseconds. */
export const timespec = { struct: { tv_sec: "i53", tv_nsec: "long" } } as const;

/** Seconds and microseconds. */
export const timeval = { struct: { tv_sec: "i53", tv_usec: "long" } } as const;

/** A date, in parts. */
export const tm = {
  struct: {
    tm_sec: "i32",
    tm_min: "i32",
    tm_hour: "i32",
    tm_mday: "i32",
    tm_mon: "i32",
    tm_year: "i32",
    tm_wday: "i32",
    tm_yday: "i32",
    tm_isdst: "i32",
    tm_gmtoff: "long",
    tm_zone: "cstring",
  },
} as const;

/** The system: each field is a text in an array, and ends with a zero. */
export const utsname = {
  struct: {
    sysname: { array: "u8", length: 65 },
    nodename: { array: "u8", length: 65 },
    release: { array: "u8", length: 65 },
    version: { array: "u8", length: 65 },
    machine: { array: "u8", length: 65 },
    domainname: { array: "u8", length: 65 },
  },
} as const;

/** An entry of the user database. */
export const passwd = {
  struct: {
    pw_name: "cstring",
    pw_passwd: "cstring",
    pw_uid: "u32",
    pw_gid: "u32",
    pw_gecos: "cstring",
    pw_dir: "cstring",
    pw_shell: "cstring",
  },
} as const;

/** An entry of the group database. */
export const group = {
  struct: {
    gr_name: "cstring",
    gr_passwd: "cstring",
    gr_gid: "u32",
    gr_mem: "pointer",
  },
} as const;

/** An address that a name stands for; the next one hangs on it. */
export const addrinfo = {
  struct: {
    ai_flags: "i32",
    ai_family: "i32",
    ai_socktype: "i32",
    ai_protocol: "i32",
    ai_addrlen: "u32",
    ai_addr: "pointer",
    ai_canonname: "cstring",
    ai_next: { pointer: "addrinfo" },
  },
} as const;

/** An address of IPv4; port and address are in the byte order of the network. */
export const sockaddr_in = {
  struct: {
    sin_family: "u16",
    sin_port: "u16",
    sin_addr: { struct: { s_addr: "u32" } },
    sin_zero: { array: "u8", length: 8 },
  },
} as const;

/** What is polled. */
export const pollfd = { struct: { fd: "i32", events: "i16", revents: "i16" } } as const;

/** Quotient and remainder. */
export const div_t = { struct: { quot: "i32", rem: "i32" } } as const;

/** Quotient and remainder of long numbers. */
export const ldiv_t = { struct: { quot: "long", rem: "long" } } as const;

/** A limit of the process: the one in force, and how far it may be raised. */
export const rlimit = { struct: { rlim_cur: "u64", rlim_max: "u64" } } as const;

/** How much a process has used. */
export const rusage = {
  struct: {
    ru_utime: timeval as typeof timeval,
    ru_stime: timeval as typeof timeval,
    ru_maxrss: "long",
    ru_ixrss: "long",
    ru_idrss: "long",
    ru_isrss: "long",
    ru_minflt: "long",
    ru_majflt: "long",
    ru_nswap: "long",
    ru_inblock: "long",
    ru_oublock: "long",
    ru_msgsnd: "long",
    ru_msgrcv: "long",
    ru_nsignals: "long",
    ru_nvcsw: "long",
    ru_nivcsw: "long",
  },
} as const;

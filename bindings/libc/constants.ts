/**
 * Constants of the C library on 64-bit Linux with glibc.
 *
 * @module
 */
import type { Pointer } from "../../mod.ts";

/** What mmap gives where it fails. */
export const MAP_FAILED: Pointer = -1 as Pointer;

// Flags of open
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 64;
export const O_EXCL = 128;
export const O_TRUNC = 512;
export const O_APPEND = 1024;
export const O_NONBLOCK = 2048;
export const O_CLOEXEC = 524288;

// Where a position counts from
export const SEEK_SET = 0;
export const SEEK_CUR = 1;
export const SEEK_END = 2;

// Questions of access
export const F_OK = 0;
export const R_OK = 4;
export const W_OK = 2;
export const X_OK = 1;

// Errors
export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EIO = 5;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EEXIST = 17;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const EMFILE = 24;
export const EPIPE = 32;
export const ERANGE = 34;
export const ENOTEMPTY = 39;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;

// Clocks
export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_PROCESS_CPUTIME_ID = 2;
export const CLOCK_THREAD_CPUTIME_ID = 3;

// Addresses
export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const AI_PASSIVE = 1;
export const AI_CANONNAME = 2;
export const AI_NUMERICHOST = 4;
export const AI_NUMERICSERV = 1024;
export const NI_NUMERICHOST = 1;
export const NI_NUMERICSERV = 2;
export const EAI_NONAME = -2;

// Polling
export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;

// Mapped memory
export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_ANONYMOUS = 32;

// Limits and use
export const RLIMIT_NOFILE = 7;
export const RUSAGE_SELF = 0;

// Signals
export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGPIPE = 13;
export const SIGTERM = 15;
export const SIGCHLD = 17;

// Names of sysconf
export const _SC_PAGESIZE = 30;
export const _SC_NPROCESSORS_ONLN = 84;
export const _SC_OPEN_MAX = 4;

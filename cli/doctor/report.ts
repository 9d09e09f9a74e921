/**
 * What the doctor finds, as `--json` prints it. Later versions add to it and take nothing away.
 *
 * @module
 */

/** A permission that Deno may withhold. */
export interface PermissionReport {
  /** The flag that gives it. */
  readonly flag: string;
  /** What it is for. */
  readonly purpose: string;
  /** Whether this process has it. */
  readonly granted: boolean;
  /** Whether Siding does not work, or not as it should, without it. */
  readonly required: boolean;
}

/** Where libsiding was loaded from. */
export interface LoadedReport {
  /** The name under which the system has it: a path, or a name with a hash for one from memory. */
  readonly path: string;
  /**
   * `chosen`: by `SIDING_LIBRARY` or `configure`; `package`: a file of a package, or of a checkout;
   * `memory`: a module of the package, by a memory file; `cache`: the same, by a file of the cache.
   */
  readonly source: "chosen" | "package" | "memory" | "cache";
}

/** Times of things that happened one after the other, in microseconds. */
export interface Figures {
  /** How many there were. */
  readonly count: number;
  /** Half of them took no longer. */
  readonly medianUs: number;
  /** 99 of 100 took no longer. */
  readonly p99Us: number;
  /** None took longer. */
  readonly maxUs: number;
}

/** How many things happened in a time, several at once. */
export interface Rate {
  /** How many there were. */
  readonly count: number;
  /** How many were under way at once. */
  readonly inFlight: number;
  /** How many there are in a second. */
  readonly perSecond: number;
}

/** What the self-test measured; `null` is what failed, which the problems tell. */
export interface SelfTestReport {
  /** Asynchronous calls of a C function that does next to nothing, one at a time. */
  readonly calls: Figures | null;
  /** The same, many at once. */
  readonly pipelined: Rate | null;
  /** Callbacks from a thread of the system's own, from one question to the next. */
  readonly callbacks: Figures | null;
  /** How much later than asked for a station's timer resolved. */
  readonly timer: Figures | null;
}

/** What `siding doctor` says of this machine. */
export interface MachineReport {
  /** What it is about. */
  readonly about: "machine";
  /** Version of `@siding/ffi`. */
  readonly version: string;
  /** Whether all is well: there are no problems. */
  readonly works: boolean;
  /** What is not, a line each, with cause and remedy. */
  readonly problems: readonly string[];
  /** This platform as in the names of packages, such as `linux-x64-gnu`. */
  readonly platform: string;
  /** Version of glibc, or `null` where it is unknown or there is another C library. */
  readonly glibc: string | null;
  /** Processors that this process may use. */
  readonly processors: number;
  /** The JavaScript runtime. */
  readonly runtime: { readonly name: "bun" | "deno" | "node"; readonly version: string };
  /** libsiding, or `null` where it cannot be loaded. */
  readonly library: LoadedReport | null;
  /** The ABI version of libsiding that this package wants, and has where `library` is. */
  readonly abi: number;
  /** How this JavaScript thread is roused, or `null` where it cannot be. */
  readonly wakeChannel: "socket" | "callback" | null;
  /** What function pointers are made of, or `null` where none could be made. */
  readonly trampolines: "static" | "dynamic" | null;
  /** The permissions that count here; none on Bun, which has no such thing. */
  readonly permissions: readonly PermissionReport[];
  /** The self-test, or `null` where it could not begin. */
  readonly selfTest: SelfTestReport | null;
}

/** The code in a file for one architecture; a file of macOS may have several. */
export interface BinaryReport {
  /** Format of the file. */
  readonly format: "ELF" | "PE" | "Mach-O";
  /** What it is. */
  readonly kind: "shared library" | "program" | "object file" | "unknown";
  /** The system that has this format. */
  readonly system: "linux" | "darwin" | "windows";
  /** Architecture as in names of platforms, such as `arm64`. */
  readonly architecture: string;
}

/** A library that another one needs. */
export interface NeededReport {
  /** Its name, as the other one has it. */
  readonly name: string;
  /** `unknown`: it was not looked for, because the other one is for another machine. */
  readonly state: "found" | "missing" | "unknown";
  /** Why it is missing, in the loader's words; else `null`. */
  readonly reason: string | null;
}

/** Definitions compared with a library. */
export interface SymbolsReport {
  /** How many symbols the definitions name. */
  readonly count: number;
  /** Those that the library must have, and has not. */
  readonly absent: readonly string[];
  /** Those that it may lack, and does. */
  readonly absentOptional: readonly string[];
  /**
   * Who was asked: the system's loader, or, where the library cannot be loaded here, its own list
   * of what it exports.
   */
  readonly askedOf: "loader" | "file";
}

/** What `siding doctor LIBRARY` says of a library. */
export interface LibraryReport {
  /** What it is about. */
  readonly about: "library";
  /** Version of `@siding/ffi`. */
  readonly version: string;
  /** Whether all is well: there are no problems. */
  readonly works: boolean;
  /** What is not, a line each, with cause and remedy. */
  readonly problems: readonly string[];
  /** The library as it was named. */
  readonly path: string;
  /** This platform as in the names of packages. */
  readonly platform: string;
  /** What is in the file; nothing where it cannot be read, or only its name is known. */
  readonly binaries: readonly BinaryReport[];
  /** Whether it is loaded now. */
  readonly loaded: boolean;
  /** What it needs; nothing where that cannot be read. */
  readonly needed: readonly NeededReport[];
  /** The definitions, or `null` where there are none, or nobody could be asked. */
  readonly symbols: SymbolsReport | null;
}

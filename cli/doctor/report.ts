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
   * `chosen`: by `SIDING_LIBRARY`; `package`: a file of a package, or of a checkout; `memory`: a
   * module of the package, by a memory file; `cache`: the same, by a file of the cache.
   */
  readonly source: "chosen" | "package" | "memory" | "cache";
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
  /** The JavaScript runtime. */
  readonly runtime: { readonly name: "bun" | "deno"; readonly version: string };
  /** libsiding, or `null` where it cannot be loaded. */
  readonly library: LoadedReport | null;
  /** The ABI version of libsiding that this package wants, and has where `library` is. */
  readonly abi: number;
  /** The permissions that count here; none on Bun, which has no such thing. */
  readonly permissions: readonly PermissionReport[];
}

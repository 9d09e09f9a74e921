/**
 * Whether Siding works on this machine.
 *
 * @module
 */
import { abiVersion } from "../../src/generated/siding.ts";
import { loadNative } from "../../src/loader.ts";
import { runtime } from "../../src/runtime/current.ts";
import { version } from "../version.ts";
import { permissions } from "./permissions.ts";
import type { LoadedReport, MachineReport } from "./report.ts";

/** This platform as in the names of packages. */
export function platformName(): string {
  const parts = [runtime.system, runtime.architecture, runtime.libc()];
  return parts.filter((part) => part !== undefined).join("-");
}

/** libsiding, or why it cannot be had. */
function load(): LoadedReport | string {
  try {
    const { path, source } = loadNative();
    return { path, source };
  } catch (error) {
    return (error as Error).message;
  }
}

/** Looks at everything. What fails is in the report. */
export function examineMachine(): MachineReport {
  const loaded = load();
  const library = typeof loaded === "string" ? null : loaded;
  const problems = typeof loaded === "string" ? [loaded] : [];
  return {
    about: "machine",
    version,
    works: problems.length === 0,
    problems,
    platform: platformName(),
    runtime: { name: runtime.name, version: runtime.version },
    library,
    abi: abiVersion,
    permissions: permissions(library),
  };
}

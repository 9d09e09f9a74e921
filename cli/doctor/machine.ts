/**
 * Whether Siding works on this machine.
 *
 * @module
 */
import { post } from "../../src/callback.ts";
import { abiVersion } from "../../src/generated/siding.ts";
import { loadNative } from "../../src/loader.ts";
import { runtime } from "../../src/runtime/current.ts";
import { stats } from "../../src/stats.ts";
import { version } from "../version.ts";
import { glibcVersion } from "./c_library.ts";
import { permissions } from "./permissions.ts";
import { firstLine, type Tell } from "./problems.ts";
import type { LoadedReport, MachineReport, SelfTestReport } from "./report.ts";
import { selfTest } from "./self_test.ts";

/** What needs libsiding. */
type Loaded = Pick<
  MachineReport,
  "library" | "glibc" | "wakeChannel" | "trampolines" | "selfTest"
>;

const nothing: Loaded = {
  library: null,
  glibc: null,
  wakeChannel: null,
  trampolines: null,
  selfTest: null,
};

/** This platform as in the names of packages. */
export function platformName(): string {
  const parts = [runtime.system, runtime.architecture, runtime.libc()];
  return parts.filter((part) => part !== undefined).join("-");
}

function load(): LoadedReport {
  const { path, source } = loadNative();
  return { path, source };
}

/* Both are there only once they are needed: a callback needs them. */
function connect(): Pick<Loaded, "wakeChannel" | "trampolines"> {
  using probe = post({ parameters: [], result: "void" }, () => {});
  const isMade = probe.pointer !== 0;
  const { wakeChannel, trampolines } = stats();
  return {
    wakeChannel: wakeChannel === "none" ? null : wakeChannel,
    trampolines: !isMade || trampolines === "none" ? null : trampolines,
  };
}

/** Does one step after the other, for as long as they succeed. */
async function examineLoaded(tell: Tell): Promise<Loaded> {
  let found = nothing;
  try {
    found = { ...found, library: load() };
    found = { ...found, ...connect() };
    found = { ...found, glibc: glibcVersion() };
    const tested: SelfTestReport = await selfTest(tell);
    return { ...found, selfTest: tested };
  } catch (error) {
    tell(error);
    return found;
  }
}

/** Looks at everything; what fails is in the report. */
export async function examineMachine(): Promise<MachineReport> {
  const problems: string[] = [];
  const found = await examineLoaded((problem) => problems.push(firstLine(problem)));
  return {
    about: "machine",
    version,
    works: problems.length === 0,
    problems,
    platform: platformName(),
    processors: navigator.hardwareConcurrency,
    runtime: { name: runtime.name, version: runtime.version },
    abi: abiVersion,
    ...found,
    permissions: permissions(found.library),
  };
}

/**
 * The permissions that Siding wants of Deno.
 *
 * @module
 */
import { cacheFolder } from "../../src/cache_file.ts";
import { runtime } from "../../src/runtime/current.ts";
import { flagOf, hasPermissions, isPermitted, type Wish } from "../../src/runtime/permissions.ts";
import type { LoadedReport, PermissionReport } from "./report.ts";

function reportOf(wish: Wish, purpose: string, required: boolean): PermissionReport {
  return { flag: flagOf(wish), purpose, granted: isPermitted(wish), required };
}

/* The same with the folder in it, once the environment may tell where that is. */
function cacheWish(name: "read" | "write"): Wish {
  try {
    return { name, path: cacheFolder() };
  } catch {
    return { name };
  }
}

function cachePermissions(required: boolean): PermissionReport[] {
  const variable = runtime.system === "windows" ? "LOCALAPPDATA" : "HOME";
  return [
    reportOf({ name: "env", variable }, "to find the cache", required),
    reportOf(cacheWish("read"), "to look at the cache", required),
    reportOf(cacheWish("write"), "to put libsiding into the cache", required),
    ...runtime.system === "windows"
      ? []
      : [reportOf({ name: "sys", kind: "uid" }, "to see whose the cache is", required)],
  ];
}

/** What counts on this machine, given what was loaded; nothing on Bun. */
export function permissions(loaded: LoadedReport | null): PermissionReport[] {
  if (!hasPermissions) return [];
  const needsCache = runtime.system !== "linux" && (loaded === null || loaded.source === "cache");
  return [
    reportOf({ name: "ffi" }, "to call C", true),
    reportOf({ name: "env", variable: "SIDING_LIBRARY" }, "to heed SIDING_LIBRARY", false),
    ...needsCache ? cachePermissions(true) : [],
  ];
}

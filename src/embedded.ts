/**
 * Libraries that packages of bindings bring along.
 *
 * @module
 */
import { type Embedding, findEmbedding, loadEmbedding, platform } from "./embedding.ts";
import type { NativeImage } from "./native_image.ts";
import { runtime } from "./runtime/current.ts";

/**
 * A platform as the modules of `siding pack` are named.
 *
 * @category Libraries
 */
export type Platform =
  | "linux-x64-gnu"
  | "linux-arm64-gnu"
  | "linux-x64-musl"
  | "linux-arm64-musl"
  | "windows-x64"
  | "windows-arm64"
  | "darwin-x64"
  | "darwin-arm64";

/**
 * A module that `siding pack` wrote.
 *
 * @category Libraries
 */
export interface NativeModule {
  /** The library. */
  readonly image: NativeImage;
}

/**
 * Imports of such modules, literal ones; a platform that is left out is not supported.
 *
 * @category Libraries
 */
export type NativeModules = { readonly [P in Platform]?: () => Promise<NativeModule> };

/**
 * Options of {@linkcode embedded}.
 *
 * @category Libraries
 */
export interface EmbeddedOptions {
  /**
   * An environment variable. Where it is set, the library whose path it has is taken, whatever the
   * package has. Deno reads it only with `--allow-env`.
   */
  readonly variable?: string;
}

/**
 * A library that a package brings along, in place of a path; made by {@linkcode embedded}.
 *
 * @category Libraries
 */
export class EmbeddedLibrary {
  /** URL of the module that named it. */
  readonly url: string;
  readonly #embedding: Embedding;
  #path: string | undefined;

  /** @internal */
  constructor(url: string, embedding: Embedding) {
    this.url = url;
    this.#embedding = embedding;
  }

  /** @internal */
  load<T>(open: (path: string) => T): T {
    if (this.#path !== undefined) return open(this.#path);
    const load = (path: string): T => {
      const opened = open(path);
      this.#path = path; // without a name, another memory file would be another image
      return opened;
    };
    return loadEmbedding(this.#embedding, { map: open, load });
  }
}

/**
 * The library that a package of bindings brings along for this platform; {@linkcode open} takes it
 * in place of a path.
 *
 * `meta` is the module's own `import.meta`; `modules` are those that `siding pack` wrote. Only the
 * one of this platform is imported. What fails is thrown by `open`: `SidingError` with
 * `ERR_SIDING_LIBRARY_NOT_FOUND` or `ERR_SIDING_PERMISSION`, with cause and remedy in one line.
 * Rejects with `TypeError` for wrong arguments.
 *
 * @category Libraries
 * @example
 * ```ts ignore
 * import { embedded, open } from "@siding/ffi";
 *
 * const library = await embedded(import.meta, {
 *   "linux-x64-gnu": () => import("./native/linux-x64-gnu.ts"),
 *   "darwin-arm64": () => import("./native/darwin-arm64.ts"),
 * });
 * export const { add } = open(library, { add: { parameters: ["i32", "i32"], result: "i32" } });
 * ```
 */
export async function embedded(
  meta: { readonly url: string },
  modules: NativeModules,
  options: EmbeddedOptions = {},
): Promise<EmbeddedLibrary> {
  if (typeof meta?.url !== "string") {
    throw new TypeError(`Cannot embed a library: ${String(meta)} is no import.meta`);
  }
  if (typeof modules !== "object" || modules === null) {
    throw new TypeError(`Cannot embed a library: ${String(modules)} are no modules`);
  }
  const { variable } = options;
  const embedding = await findEmbedding({
    name: "the library",
    wanted: `the library for ${platform}`,
    place: `"${meta.url}"`,
    remedy: "update the package, or install it again with its optional dependencies",
    variable,
    code: "ERR_SIDING_LIBRARY_NOT_FOUND",
    chosen: () => variable === undefined ? undefined : runtime.environment(variable) || undefined,
    carried: async () => (await modules[platform as Platform]?.())?.image,
  });
  return new EmbeddedLibrary(meta.url, embedding);
}

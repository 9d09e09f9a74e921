// inotify of a tree that grows: each new folder is watched as soon as it is told of.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { open, Station } from "../../mod.ts";
import { testUnless } from "./need.ts";

const test = testUnless(process.platform === "linux" ? undefined : "inotify is Linux's");

const IN_NONBLOCK = 0x800;
const IN_MOVED = 0xc0;
const IN_CREATE = 0x100;
const IN_CLOSE_WRITE = 0x8;
const IN_DELETE = 0x200;
const FOLDERS = 40;
const FILES = 25;

function openLibc() {
  return open("libc.so.6", {
    inotify_init1: { parameters: ["i32"], result: "i32", errno: "throw" },
    inotify_add_watch: { parameters: ["i32", "cstring", "u32"], result: "i32", errno: "throw" },
    close: { parameters: ["i32"], result: "i32" },
  });
}

interface Change {
  readonly flags: readonly string[];
  /** Below the root of the tree. */
  readonly path: string;
  readonly cookie: number;
}

/** All that happens below a folder, in the folders too that are made meanwhile. */
class Tree implements AsyncDisposable {
  readonly #libc = openLibc();
  readonly #station = new Station();
  readonly #inotify = this.#libc.inotify_init1.sync(IN_NONBLOCK);
  readonly #changes = this.#station.inotify(this.#inotify);
  readonly #folders = new Map<number, string>();
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    this.#watch(root);
  }

  #watch(folder: string): void {
    const mask = IN_CREATE | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED;
    this.#folders.set(this.#libc.inotify_add_watch.sync(this.#inotify, folder, mask), folder);
  }

  /** The next change. */
  async next(): Promise<Change> {
    const { watch, flags, name, cookie } = (await this.#changes.next()).value!;
    const path = join(this.#folders.get(watch)!, name);
    if (flags.includes("CREATE") && flags.includes("ISDIR")) this.#watch(path);
    return { flags, path: relative(this.#root, path), cookie };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#station.close();
    this.#libc.close.sync(this.#inotify);
  }
}

async function withTree(work: (root: string, tree: Tree) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "siding-"));
  try {
    await using tree = new Tree(root);
    await work(root, tree);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

test("S18: each change in a tree is told, in order, with its name", () =>
  withTree(async (root, tree) => {
    await mkdir(join(root, "a"));
    same(await tree.next(), { flags: ["CREATE", "ISDIR"], path: "a", cookie: 0 });
    await writeFile(join(root, "a", "Grüße ✓"), "text");
    same(await tree.next(), { flags: ["CREATE"], path: "a/Grüße ✓", cookie: 0 });
    same((await tree.next()).flags, ["CLOSE_WRITE"]);

    await rename(join(root, "a", "Grüße ✓"), join(root, "moved"));
    const [from, to] = [await tree.next(), await tree.next()];
    same([from.flags, from.path], [["MOVED_FROM"], "a/Grüße ✓"]);
    same([to.flags, to.path], [["MOVED_TO"], "moved"]);
    ok(from.cookie !== 0 && from.cookie === to.cookie);

    await unlink(join(root, "moved"));
    same(await tree.next(), { flags: ["DELETE"], path: "moved", cookie: 0 });
  }));

test("S18: a thousand files in forty new folders are all told of", () =>
  withTree(async (root, tree) => {
    const names = Array.from({ length: FOLDERS }, (_, index) => `folder-${index}`);
    await Promise.all(names.map((name) => mkdir(join(root, name))));
    for (let watched = 0; watched < FOLDERS; watched++) {
      same((await tree.next()).flags, ["CREATE", "ISDIR"]);
    }
    const files = names.flatMap((name) =>
      Array.from({ length: FILES }, (_, file) => join(name, `${file}`))
    );
    const writing = Promise.all(files.map((file) => writeFile(join(root, file), "")));
    const written: string[] = [];
    while (written.length < files.length) {
      const { flags, path } = await tree.next();
      if (flags.includes("CLOSE_WRITE")) written.push(path);
    }
    await writing;
    same(written.sort(), files.sort());
  }));

/**
 * Files, descriptors, directories and errors.
 *
 * @module
 */

/** Files, descriptors, directories, errors. */
export const files = {
  // Descriptors. open is variadic: the mode counts only where the file is created.
  open: { parameters: ["cstring", "i32", "u32"], variadic: 2, result: "i32", errno: "throw" },
  close: { parameters: ["i32"], result: "i32", errno: "throw" },
  read: { parameters: ["i32", { out: "buffer" }, "usize"], result: "i53", errno: "throw" },
  write: { parameters: ["i32", { in: "buffer" }, "usize"], result: "i53", errno: "throw" },
  pread: { parameters: ["i32", { out: "buffer" }, "usize", "i53"], result: "i53", errno: "throw" },
  pwrite: { parameters: ["i32", { in: "buffer" }, "usize", "i53"], result: "i53", errno: "throw" },
  lseek: { parameters: ["i32", "i53", "i32"], result: "i53", errno: "throw" },
  pipe: { parameters: [{ out: { array: "i32", length: 2 } }], result: "i32", errno: "throw" },
  dup: { parameters: ["i32"], result: "i32", errno: "throw" },
  fsync: { parameters: ["i32"], result: "i32", errno: "throw" },
  ftruncate: { parameters: ["i32", "i53"], result: "i32", errno: "throw" },
  isatty: { parameters: ["i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], variadic: 2, result: "i32", errno: "throw" },
  memfd_create: { parameters: ["cstring", "u32"], result: "i32", errno: "throw", optional: true },

  // Names. access tells its reason in errno, and is no error.
  access: { parameters: ["cstring", "i32"], result: "i32", errno: true },
  unlink: { parameters: ["cstring"], result: "i32", errno: "throw" },
  rename: { parameters: ["cstring", "cstring"], result: "i32", errno: "throw" },
  mkdir: { parameters: ["cstring", "u32"], result: "i32", errno: "throw" },
  rmdir: { parameters: ["cstring"], result: "i32", errno: "throw" },
  symlink: { parameters: ["cstring", "cstring"], result: "i32", errno: "throw" },
  readlink: {
    parameters: ["cstring", { out: "buffer" }, "usize"],
    result: "i53",
    errno: "throw",
  },
  realpath: {
    parameters: ["cstring", "pointer"],
    result: { cstring: "owned", free: "free" },
    errno: true,
  },
  getcwd: { parameters: [{ out: "buffer" }, "usize"], result: "cstring", errno: true },
  chdir: { parameters: ["cstring"], result: "i32", errno: "throw" },
  mkdtemp: { parameters: ["buffer"], result: "cstring", errno: true },

  // Directories. The name is behind the head of the entry, 19 bytes from its start.
  opendir: { parameters: ["cstring"], result: { pointer: "DIR" }, errno: true },
  readdir: { parameters: [{ pointer: "DIR" }], result: { pointer: "dirent" }, errno: true },
  closedir: { parameters: [{ pointer: "DIR" }], result: "i32", errno: "throw" },

  // Streams.
  fopen: { parameters: ["cstring", "cstring"], result: { pointer: "FILE" }, errno: true },
  fdopen: { parameters: ["i32", "cstring"], result: { pointer: "FILE" }, errno: true },
  fclose: { parameters: [{ pointer: "FILE" }], result: "i32", errno: "throw" },
  fread: {
    parameters: [{ out: "buffer" }, "usize", "usize", { pointer: "FILE" }],
    result: "u53",
  },
  fwrite: {
    parameters: [{ in: "buffer" }, "usize", "usize", { pointer: "FILE" }],
    result: "u53",
  },
  fgets: { parameters: [{ out: "buffer" }, "i32", { pointer: "FILE" }], result: "cstring" },
  fputs: { parameters: ["cstring", { pointer: "FILE" }], result: "i32" },
  fprintf_text: {
    name: "fprintf",
    parameters: [{ pointer: "FILE" }, "cstring", "cstring"],
    variadic: 2,
    result: "i32",
  },
  fseek: { parameters: [{ pointer: "FILE" }, "long", "i32"], result: "i32", errno: "throw" },
  ftell: { parameters: [{ pointer: "FILE" }], result: "long", errno: "throw" },
  fflush: { parameters: [{ pointer: "FILE" }], result: "i32", errno: "throw" },
  feof: { parameters: [{ pointer: "FILE" }], result: "i32" },

  // Errors. The text belongs to the thread, and is copied before anything else runs there.
  strerror: { parameters: ["i32"], result: "cstring" },
} as const;

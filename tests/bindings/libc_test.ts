// The C library at work, through the definitions of its parts that programs use.
import { deepStrictEqual as same, match, ok, rejects } from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { arch, hostname, release, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import * as c from "../../bindings/libc.ts";
import { fn, type FunctionPointer, read, readString, SidingError } from "../../mod.ts";
import { bytesAt } from "./memory.ts";
import { tryOpen } from "./need.ts";

const { library: libc, test } = tryOpen(c.openLibc);
const decoder = new TextDecoder();

/** The text that begins an array, up to its zero. */
function textOf(bytes: readonly number[] | Uint8Array): string {
  return decoder.decode(Uint8Array.from(bytes).subarray(0, bytes.indexOf(0)));
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "siding-libc-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("libc: a file is written, read at places, renamed and removed", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "file");
    const fd = await libc.open(path, c.O_RDWR | c.O_CREAT | c.O_EXCL, 0o600);
    const text = new TextEncoder().encode("0123456789");
    same(await libc.write(fd, text, 10), 10);
    same(await libc.pwrite(fd, text, 3, 20), 3);
    same(await libc.lseek(fd, 0, c.SEEK_END), 23);
    const back = new Uint8Array(4);
    same(await libc.pread(fd, back, 4, 19), 4);
    same(back, Uint8Array.of(0, 48, 49, 50));
    await libc.ftruncate(fd, 5);
    await libc.close(fd);
    await libc.rename(path, `${path}2`);
    same(await readFile(`${path}2`, "utf8"), "01234");
    await libc.symlink("file2", path);
    const target = new Uint8Array(64);
    same(decoder.decode(target.subarray(0, await libc.readlink(path, target, 64))), "file2");
    same((await libc.realpath(path, null)).value, (await libc.realpath(`${path}2`, null)).value);
    await libc.unlink(path);
    same(await libc.access(path, c.F_OK), { value: -1, errno: c.ENOENT });
  });
});

test("libc: a failure is an error with the number and the name of the function", async () => {
  await rejects(libc.rmdir("/no/such/folder"), (error) => {
    ok(error instanceof SidingError);
    same([error.errno, error.syscall], [c.ENOENT, "rmdir"]);
    return true;
  });
  await rejects(libc.close(-1), (error) => (error as SidingError).errno === c.EBADF);
  same(await libc.strerror(c.ENOENT), "No such file or directory");
});

test("libc: a stream of C is written with a variadic function, and read line by line", async () => {
  await inFolder(async (folder) => {
    const { value: file } = await libc.fopen(join(folder, "lines"), "w+");
    same(await libc.fputs("one\n", file), 1);
    same(await libc.fprintf_text(file, "<%s>\n", "two"), 6);
    same(await libc.fwrite(Uint8Array.of(97, 98, 99), 1, 3, file), 3);
    same(await libc.ftell(file), 13);
    await libc.fseek(file, 0, c.SEEK_SET);
    const line = new Uint8Array(80);
    same(await libc.fgets(line, 80, file), "one\n");
    same(await libc.fgets(line, 80, file), "<two>\n");
    same(await libc.fgets(line, 80, file), "abc");
    same(await libc.fgets(line, 80, file), null);
    ok(await libc.feof(file) !== 0);
    await libc.fclose(file);
  });
});

test("libc: a directory is listed, the name behind the head of each entry", async () => {
  await inFolder(async (folder) => {
    await Promise.all(["a", "b"].map((name) => libc.mkdir(join(folder, name), 0o700)));
    const { value: directory } = await libc.opendir(folder);
    const names: string[] = [];
    for (;;) {
      const { value: entry } = await libc.readdir(directory);
      if (entry === null) break;
      names.push(readString(entry, "utf8", 19));
    }
    await libc.closedir(directory);
    same(names.sort(), [".", "..", "a", "b"]);
  });
});

test("libc: a pipe gives two descriptors in one cell", async () => {
  const { value, out: [[from, to]] } = await libc.pipe();
  same(value, 0);
  same(await libc.write(to!, Uint8Array.of(1, 2, 3), 3), 3);
  const bytes = new Uint8Array(8);
  same(await libc.read(from!, bytes, 8), 3);
  same(bytes, Uint8Array.of(1, 2, 3, 0, 0, 0, 0, 0));
  await Promise.all([libc.close(from!), libc.close(to!)]);
  const pair = await libc.socketpair(c.AF_UNIX, c.SOCK_STREAM, 0);
  same(await libc.send(pair.out[0][0]!, Uint8Array.of(9), 1, 0), 1);
  same(await libc.recv(pair.out[0][1]!, bytes, 8, 0), 1);
  await Promise.all(pair.out[0].map((fd) => libc.close(fd)));
});

test("libc: strings are copied, and freed where they are made", async () => {
  same(await libc.strdup("twice – ✓"), "twice – ✓");
  same(await libc.strndup("abcdef", 3), "abc");
  same(await libc.strlen("naïve"), 6);
  same(Math.sign(await libc.strcmp("a", "b")), -1);
  same(await libc.strcasecmp("Siding", "sIDING"), 0);
  const many = Array.from({ length: 1000 }, (_, index) => libc.strdup(`text ${index}`));
  same(await Promise.all(many), many.map((_, index) => `text ${index}`));
});

test("libc: numbers are read from texts, with what follows them", async () => {
  same(await libc.strtol("42 apples", 10), { value: 42, errno: 0, out: [" apples"] });
  same(await libc.strtoul("ff", 16), { value: 255, errno: 0, out: [""] });
  same(await libc.strtod("2.5e3x"), { value: 2500, errno: 0, out: ["x"] });
  same((await libc.strtod("1e999")).errno, c.ERANGE);
  same(await libc.sscanf_two("7 apples at 1.5", "%d apples at %lf"), { value: 2, out: [7, 1.5] });
  const room = new Uint8Array(40);
  same(await libc.snprintf_f64(room, 40, "%.3f", 1 / 3), 5);
  same(textOf(room), "0.333");
  same(await libc.snprintf_text_long(room, 40, "%s:%ld", "n", -5_000_000_000), 13);
  same(textOf(room), "n:-5000000000");
});

test("libc: structs by value come back as objects", async () => {
  same(await libc.div(17, -5), { quot: -3, rem: 2 });
  same(await libc.ldiv(5_000_000_001, 2), { quot: 2_500_000_000, rem: 1 });
});

test("libc: qsort and bsearch take a function of C as what compares", async () => {
  type Compare = { parameters: readonly ["pointer", "pointer"]; result: "i32" };
  const compare = libc.strcmp.pointer as unknown as FunctionPointer<Compare>;
  const words = new TextEncoder().encode("dog\0cat\0ant\0bee\0");
  await libc.qsort(words, 4, 4, compare);
  same(decoder.decode(words), "ant\0bee\0cat\0dog\0");
  const found = fn(libc.bsearch.pointer, {
    parameters: ["cstring", { in: "buffer" }, "usize", "usize", "pointer"],
    result: "cstring",
  });
  same(await found("cat", words, 4, 4, compare), "cat");
  same(await found("cow", words, 4, 4, compare), null);
});

test("libc: a moment is taken apart and put together", async () => {
  const moment = 1_000_000_000; // 2001-09-09 01:46:40 UTC, a Sunday
  const { out: [parts] } = await libc.gmtime_r(moment);
  same([parts.tm_year, parts.tm_mon, parts.tm_mday], [101, 8, 9]);
  same([parts.tm_hour, parts.tm_min, parts.tm_sec, parts.tm_wday], [1, 46, 40, 0]);
  same(parts.tm_zone, "GMT");
  same((await libc.gmtime(moment))?.tm_yday, 251);
  const next = await libc.timegm({ ...parts, tm_mday: 40 }); // 40 September is 10 October
  same(next.value, moment + 31 * 86_400);
  same([next.out[0].tm_mon, next.out[0].tm_mday], [9, 10]);
  const text = new Uint8Array(40);
  same(await libc.strftime(text, 40, "%Y-%m-%d %H:%M", parts), 16);
  same(textOf(text), "2001-09-09 01:46");
});

test("libc: clocks agree with those of JavaScript", async () => {
  const before = Date.now();
  const { out: [now] } = await libc.clock_gettime(c.CLOCK_REALTIME);
  const ms = now.tv_sec * 1000 + now.tv_nsec / 1e6;
  ok(before <= ms + 1 && ms <= Date.now() + 1);
  const { value, out: [same_] } = await libc.time();
  same(value, same_);
  const start = performance.now();
  const slept = await libc.nanosleep({ tv_sec: 0, tv_nsec: 20_000_000 });
  same([slept.value, slept.errno], [0, 0]);
  ok(performance.now() - start >= 19);
});

test("libc: the environment is read, changed and left as it was", async () => {
  const name = "SIDING_LIBC_TEST";
  same(await libc.getenv(name), null);
  await libc.setenv(name, "ön", 1);
  same(await libc.getenv(name), "ön");
  await libc.unsetenv(name);
  same(await libc.getenv(name), null);
});

test("libc: the user is copied out of the library's own entry, texts and all", async () => {
  const uid = await libc.getuid();
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const [name, password, , gid, gecos, home, shell] = lines.find((line) => line[2] === `${uid}`)!;
  const entry = await libc.getpwuid(uid);
  same(entry, {
    pw_name: name,
    pw_passwd: password,
    pw_uid: uid,
    pw_gid: Number(gid),
    pw_gecos: gecos,
    pw_dir: home,
    pw_shell: shell,
  });
  same(await libc.getpwnam(name!), entry);
  same(await libc.getpwnam("no such user"), null);
  same((await libc.getgrgid(Number(gid)))?.gr_gid, Number(gid));
});

test("libc: uname fills arrays of characters", async () => {
  const { out: [name] } = await libc.uname();
  same(textOf(name.sysname), "Linux");
  same(textOf(name.release), release());
  same(textOf(name.nodename), hostname());
  ok(textOf(name.machine) === "x86_64" || arch() !== "x64");
});

test("libc: limits, use, load and constants of the system", async () => {
  const { out: [limit] } = await libc.getrlimit(c.RLIMIT_NOFILE);
  ok(limit.rlim_cur > 10n && limit.rlim_cur <= limit.rlim_max);
  const { out: [use] } = await libc.getrusage(c.RUSAGE_SELF);
  ok(use.ru_maxrss > 10_000 && use.ru_utime.tv_sec + use.ru_utime.tv_usec > 0);
  const { value, out: [load] } = await libc.getloadavg(3);
  same([value, load.length], [3, 3]);
  ok(load.every((number) => number >= 0));
  same((await libc.sysconf(c._SC_PAGESIZE)).value % 4096, 0);
  same(await libc.getpid(), process.pid);
});

test("libc: names become addresses; the list is followed and given back", async () => {
  const hints = {
    ai_flags: c.AI_NUMERICHOST,
    ai_family: c.AF_UNSPEC,
    ai_socktype: c.SOCK_STREAM,
    ai_protocol: 0,
    ai_addrlen: 0,
    ai_addr: null,
    ai_canonname: null,
    ai_next: null,
  };
  const { value, out: [list] } = await libc.getaddrinfo("127.0.0.1", "80", hints);
  same(value, 0);
  const entry = read(list!, c.addrinfo);
  same([entry.ai_family, entry.ai_socktype, entry.ai_next], [c.AF_INET, c.SOCK_STREAM, null]);
  const address = bytesAt(entry.ai_addr, 8);
  same([...address], [2, 0, 0, 80, 127, 0, 0, 1]);
  const host = new Uint8Array(64);
  same((await libc.inet_ntop(c.AF_INET, address.subarray(4), host, 64)).value, "127.0.0.1");
  await libc.freeaddrinfo(list);
  const failed = await libc.getaddrinfo("not an address", null, hints);
  same(failed, { value: c.EAI_NONAME, out: [null] });
  match(await libc.gai_strerror(failed.value) ?? "", /not known/);
});

test("libc: MAP_FAILED is what mmap gives where it fails, with its reason", async () => {
  const failed = await libc.mmap(null, 0, c.PROT_READ, c.MAP_PRIVATE | c.MAP_ANONYMOUS, -1, 0);
  same(failed, { value: c.MAP_FAILED, errno: c.EINVAL });
  const flags = c.MAP_PRIVATE | c.MAP_ANONYMOUS;
  const { value } = await libc.mmap(null, 4096, c.PROT_READ | c.PROT_WRITE, flags, -1, 0);
  await libc.memset(value, 7, 4096);
  same(bytesAt(value, 4096), new Uint8Array(4096).fill(7));
  await libc.munmap(value, 4096);
});

//! Builds libsiding, its C tests, and libffi from source. `node scripts/build.mjs` calls this and
//! checks the result.

const std = @import("std");
const libffi = @import("scripts/libffi.zig");
const Build = std.Build;
const Compile = Build.Step.Compile;
const Module = Build.Module;
const OptimizeMode = std.builtin.OptimizeMode;

const core_files = [_][]const u8{
    "lib/core/ask.c",
    "lib/core/block.c",
    "lib/core/bound.c",
    "lib/core/bound_pointer.c",
    "lib/core/bridge.c",
    "lib/core/call.c",
    "lib/core/callback.c",
    "lib/core/cells.c",
    "lib/core/chain.c",
    "lib/core/child.c",
    "lib/core/closure.c",
    "lib/core/context.c",
    "lib/core/dispatch.c",
    "lib/core/entry.c",
    "lib/core/event.c",
    "lib/core/exchange.c",
    "lib/core/guest.c",
    "lib/core/inbox.c",
    "lib/core/interrupt.c",
    "lib/core/lead.c",
    "lib/core/lease.c",
    "lib/core/library.c",
    "lib/core/line.c",
    "lib/core/memory.c",
    "lib/core/nest.c",
    "lib/core/notice.c",
    "lib/core/outbox.c",
    "lib/core/outcome.c",
    "lib/core/page.c",
    "lib/core/poller.c",
    "lib/core/pool.c",
    "lib/core/post.c",
    "lib/core/preread.c",
    "lib/core/preread_accept.c",
    "lib/core/preread_bytes.c",
    "lib/core/preread_call.c",
    "lib/core/preread_receive.c",
    "lib/core/ready.c",
    "lib/core/record.c",
    "lib/core/recycle.c",
    "lib/core/registration.c",
    "lib/core/registry.c",
    "lib/core/repeat.c",
    "lib/core/ring.c",
    "lib/core/run.c",
    "lib/core/signature.c",
    "lib/core/signals.c",
    "lib/core/slab.c",
    "lib/core/slot.c",
    "lib/core/source.c",
    "lib/core/source_table.c",
    "lib/core/submission.c",
    "lib/core/tail.c",
    "lib/core/tail_foreign.c",
    "lib/core/task.c",
    "lib/core/ticks.c",
    "lib/core/timer.c",
    "lib/core/told.c",
    "lib/core/trace.c",
    "lib/core/type.c",
    "lib/core/watch.c",
};

/// Each is a program of its own: tests/native/<name>.c.
const native_tests = [_][]const u8{
    "ask_test",
    "block_test",
    "bound_pointer_test",
    "bound_test",
    "bridge_test",
    "call_test",
    "callback_call_test",
    "callback_inline_test",
    "callback_storm_test",
    "callback_test",
    "chain_test",
    "closure_test",
    "context_test",
    "dispatch_test",
    "door_test",
    "guest_test",
    "handle_test",
    "inbox_test",
    "lease_test",
    "lifecycle_test",
    "line_test",
    "memory_test",
    "nest_test",
    "outbox_test",
    "platform_test",
    "poller_test",
    "pool_test",
    "repeat_test",
    "result_test",
    "ring_test",
    "route_test",
    "run_test",
    "share_test",
    "signature_test",
    "slot_test",
    "tail_test",
    "thread_test",
    "trace_test",
};

/// Those that need what only POSIX has: descriptors, signals, fork.
const posix_tests = [_][]const u8{
    "channel_test",
    "fault_test",
    "preread_accept_test",
    "preread_bytes_test",
    "preread_call_test",
    "preread_nature_test",
    "preread_receive_test",
    "realtime_test",
    "source_await_test",
    "source_child_test",
    "source_descriptor_test",
    "source_event_test",
    "source_ready_test",
    "source_signal_test",
    "source_storm_test",
    "source_test",
    "source_timer_test",
    "trampoline_test",
};

/// Those of HANDLEs.
const windows_tests = [_][]const u8{
    "source_handle_call_test",
    "source_handle_test",
    "source_pipe_test",
    "source_refusal_test",
    "source_socket_test",
};

/// Those of what the library asks of a system.
const contract_tests = [_][]const u8{
    "platform_test",
    "poller_test",
    "thread_test",
};

const common_files = [_][]const u8{
    "lib/api.c",
    "lib/api_station.c",
    "lib/base/assert.c",
    "lib/platform/thread_name.c",
};

const posix_files = [_][]const u8{
    "lib/platform/posix/channel.c",
    "lib/platform/posix/descriptor_io.c",
    "lib/platform/posix/error.c",
    "lib/platform/posix/fault.c",
    "lib/platform/posix/former.c",
    "lib/platform/posix/interrupt.c",
    "lib/platform/posix/loader.c",
    "lib/platform/posix/mutex.c",
    "lib/platform/posix/poller.c",
    "lib/platform/posix/signals.c",
    "lib/platform/posix/thread.c",
};

const linux_files = posix_files ++ [_][]const u8{
    "lib/platform/linux/child.c",
    "lib/platform/linux/clock.c",
    "lib/platform/linux/descriptor_io.c",
    "lib/platform/linux/fault_read.c",
    "lib/platform/linux/parker.c",
    "lib/platform/linux/poller.c",
    "lib/platform/linux/process.c",
    "lib/platform/linux/socket.c",
    "lib/platform/linux/thread.c",
    "lib/platform/linux/thread_memory.c",
    "lib/platform/linux/word.c",
};

const bsd_files = posix_files ++ [_][]const u8{
    "lib/platform/fault_read.c",
    "lib/platform/bsd/child.c",
    "lib/platform/bsd/clock.c",
    "lib/platform/bsd/descriptor_io.c",
    "lib/platform/bsd/fault_read.c",
    "lib/platform/bsd/parker.c",
    "lib/platform/bsd/poller.c",
    "lib/platform/bsd/process.c",
    "lib/platform/bsd/socket.c",
    "lib/platform/bsd/thread.c",
    "lib/platform/bsd/word.c",
};

const windows_files = [_][]const u8{
    "lib/platform/fault_read.c",
    "lib/platform/windows/channel.c",
    "lib/platform/windows/child.c",
    "lib/platform/windows/clock.c",
    "lib/platform/windows/descriptor_io.c",
    "lib/platform/windows/error.c",
    "lib/platform/windows/fault.c",
    "lib/platform/windows/interrupt.c",
    "lib/platform/windows/loader.c",
    "lib/platform/windows/mutex.c",
    "lib/platform/windows/parker.c",
    "lib/platform/windows/poller.c",
    "lib/platform/windows/process.c",
    "lib/platform/windows/thread.c",
    "lib/platform/windows/wait.c",
    "lib/platform/windows/wait_group.c",
    "lib/platform/windows/wait_object.c",
    "lib/platform/windows/wait_packet.c",
    "lib/platform/windows/wait_pipe.c",
    "lib/platform/windows/wait_socket.c",
    "lib/platform/windows/word.c",
};

const c_flags = [_][]const u8{
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wthread-safety",
    "-fvisibility=hidden",
    "-ffunction-sections",
    "-fdata-sections",
    // It reads what lies before a function, where a closure may have no memory at all.
    "-fno-sanitize=function",
};

const cross_targets = [_][]const u8{
    "x86_64-linux-gnu.2.28",
    "aarch64-linux-gnu.2.28",
    "x86_64-linux-musl",
    "aarch64-linux-musl",
    "x86_64-windows-gnu",
    "aarch64-windows-gnu",
    "aarch64-macos",
    "x86_64-macos",
};

/// A package's library has a hash of its content in its soname, by which every thread of a process
/// finds it again: scripts/pack.mjs puts it in the place of these digits.
const packed_name = "siding-0000000000000000";

/// The oldest glibc that a default build runs on.
const glibc_oldest: std.SemanticVersion = .{ .major = 2, .minor = 28, .patch = 0 };

const LibffiOrigin = enum { source, system };

/// One way to compile the C files.
const Variant = struct {
    target: Build.ResolvedTarget,
    optimize: OptimizeMode,
    /// The unpacked source; null: the system's libffi.
    libffi: ?*Build.Dependency,
    sanitize_thread: bool = false,

    fn os(variant: Variant) std.Target.Os.Tag {
        return variant.target.result.os.tag;
    }

    fn isRelease(variant: Variant) bool {
        return variant.optimize == .ReleaseFast or variant.optimize == .ReleaseSmall;
    }
};

pub fn build(b: *Build) void {
    const optimize = b.option(OptimizeMode, "optimize", "Default: ReleaseFast") orelse .ReleaseFast;
    const origin = b.option(LibffiOrigin, "libffi", "Default: source") orelse .source;
    const target = chosenTarget(b, origin);
    const source = switch (origin) {
        // Null until Zig has fetched it: it then calls this function again.
        .source => b.lazyDependency("libffi", .{}) orelse return,
        .system => null,
    };
    const release: Variant = .{ .target = target, .optimize = optimize, .libffi = source };
    b.getInstallStep().dependOn(installShared(b, release, .lib, ""));
    const testlib = b.step("testlib", "Build the C library that the TypeScript tests call");
    testlib.dependOn(installTestLibrary(b, release));
    b.getInstallStep().dependOn(testlib);

    const debug: Variant = .{ .target = target, .optimize = .Debug, .libffi = source };
    addTests(b, b.step("test", "Run the C tests"), debug);
    var tsan = debug;
    tsan.sanitize_thread = true;
    addTests(b, b.step("test-tsan", "Run the C tests under ThreadSanitizer"), tsan);
    const programs = b.step("test-programs", "Build the C tests, to run elsewhere");
    programs.dependOn(testlib);
    installTests(b, programs, debug);

    const cross = b.step("cross", "Build the library for every supported target");
    const triples = b.option([]const []const u8, "cross-target", "Only these of `cross`");
    if (source) |found| addCross(b, cross, optimize, found, triples orelse &cross_targets);
}

/// Without -Dtarget: this machine's system, but any processor of its kind and any recent glibc.
fn chosenTarget(b: *Build, origin: LibffiOrigin) Build.ResolvedTarget {
    var query = b.standardTargetOptionsQueryOnly(.{});
    const host = b.graph.host.result;
    const is_default = query.isNative();
    // The system's libffi may need the system's own, newer glibc.
    if (is_default and origin == .source and host.isGnuLibC()) query.glibc_version = glibc_oldest;
    if (is_default) query.cpu_model = .baseline;
    return b.resolveTargetQuery(query);
}

fn addCross(
    b: *Build,
    step: *Build.Step,
    optimize: OptimizeMode,
    source: *Build.Dependency,
    triples: []const []const u8,
) void {
    for (triples) |triple| {
        const query = std.Target.Query.parse(.{ .arch_os_abi = triple }) catch unreachable;
        const variant: Variant = .{
            .target = b.resolveTargetQuery(query),
            .optimize = optimize,
            .libffi = source,
        };
        step.dependOn(installShared(b, variant, .prefix, b.fmt("cross/{s}/", .{triple})));
        // No machine at hand runs them.
        if (variant.os() != .macos) continue;
        for (testPrograms(b, variant, &contract_tests)) |program| step.dependOn(&program.step);
    }
}

fn addTests(b: *Build, step: *Build.Step, variant: Variant) void {
    for (testPrograms(b, variant, testNames(variant))) |program| {
        const run = b.addRunArtifact(program);
        // A test run is never answered from the cache, and its lines are for the reader.
        run.has_side_effects = true;
        run.stdio = .inherit;
        // zig build test -- <part of a test's name>
        if (b.args) |arguments| run.addArgs(arguments);
        step.dependOn(&run.step);
    }
}

fn installTests(b: *Build, step: *Build.Step, variant: Variant) void {
    for (testPrograms(b, variant, testNames(variant))) |program| {
        step.dependOn(&b.addInstallArtifact(program, .{}).step);
    }
}

fn testNames(variant: Variant) []const []const u8 {
    return if (variant.os() == .windows)
        &(native_tests ++ windows_tests)
    else
        &(native_tests ++ posix_tests);
}

fn testPrograms(b: *Build, variant: Variant, names: []const []const u8) []const *Compile {
    const library = b.addLibrary(.{
        .name = "siding_static",
        .root_module = libraryModule(b, variant),
        .linkage = .static,
    });
    const programs = b.allocator.alloc(*Compile, names.len) catch @panic("OOM");
    for (names, programs) |name, *program| {
        const module = cModule(b, variant);
        const file = b.fmt("tests/native/{s}.c", .{name});
        addFiles(b, module, variant, &.{file});
        addLibffiHeaders(b, module, variant);
        addThreads(module, variant);
        module.linkLibrary(library);
        program.* = b.addExecutable(.{
            .name = name,
            .root_module = module,
            // Musl's would be static by default, and load nothing.
            .linkage = if (variant.target.result.isMuslLibC()) .dynamic else null,
        });
    }
    return programs;
}

/// Builds the shared library and installs it as <directory>/<prefix><file name>.
fn installShared(
    b: *Build,
    variant: Variant,
    directory: Build.InstallDir,
    prefix: []const u8,
) *Build.Step {
    const is_packed = prefix.len > 0 and variant.os() == .linux;
    const library = b.addLibrary(.{
        .name = if (is_packed) packed_name else "siding",
        .root_module = libraryModule(b, variant),
        .linkage = .dynamic,
    });
    library.link_gc_sections = true;
    // The files of lib/core call one another per record; the other linkers know no such option.
    if (variant.os() == .linux and variant.isRelease()) library.lto = .full;
    const image = if (variant.os() == .linux)
        markNodelete(b, library)
    else
        library.getEmittedBin();
    const file = if (is_packed) "libsiding.so" else library.out_filename;
    const path = b.fmt("{s}{s}", .{ prefix, file });
    return &b.addInstallFileWithDir(image, directory, path).step;
}

fn markNodelete(b: *Build, library: *Compile) Build.LazyPath {
    const program = b.addExecutable(.{
        .name = "mark_nodelete",
        .root_module = b.createModule(.{
            .root_source_file = b.path("scripts/mark_nodelete.zig"),
            .target = b.graph.host,
            .optimize = .Debug,
        }),
    });
    const run = b.addRunArtifact(program);
    run.addFileArg(library.getEmittedBin());
    return run.addOutputFileArg(library.out_filename);
}

fn installTestLibrary(b: *Build, variant: Variant) *Build.Step {
    const module = cModule(b, variant);
    const portable_files = [_][]const u8{
        "tests/native/testlib.c",
        "tests/native/testlib_audio.c",
        "tests/native/testlib_callback.c",
        "tests/native/testlib_context.c",
        "tests/native/testlib_crowd.c",
        "tests/native/testlib_cursor.c",
        "tests/native/testlib_language.c",
        "tests/native/testlib_witness.c",
    };
    addFiles(b, module, variant, &portable_files);
    if (variant.os() != .windows) addFiles(b, module, variant, &.{"tests/native/testlib_flow.c"});
    addThreads(module, variant);
    const library = b.addLibrary(.{
        .name = "siding_test",
        .root_module = module,
        .linkage = .dynamic,
    });
    return &b.addInstallFileWithDir(library.getEmittedBin(), .lib, library.out_filename).step;
}

fn libraryModule(b: *Build, variant: Variant) *Module {
    const module = cModule(b, variant);
    addFiles(b, module, variant, &common_files);
    addFiles(b, module, variant, &core_files);
    addFiles(b, module, variant, platformFiles(variant.os()));
    addFiles(b, module, variant, &.{machineFile(variant.target.result)});
    addEntrance(b, module, variant);
    addPeek(b, module, variant);
    addClearCache(b, module, variant);
    addLibffiHeaders(b, module, variant);
    if (variant.libffi) |source| {
        const options: libffi.Options = .{
            .optimize = variant.optimize,
            .strip = variant.isRelease(),
        };
        module.linkLibrary(libffi.library(b, source, variant.target, options));
    } else {
        module.linkSystemLibrary("ffi", .{});
    }
    // Where WaitOnAddress lives.
    if (variant.os() == .windows) {
        module.linkSystemLibrary("api-ms-win-core-synch-l1-2-0", .{});
        module.linkSystemLibrary("ws2_32", .{});
    }
    return module;
}

fn cModule(b: *Build, variant: Variant) *Module {
    return b.createModule(.{
        .target = variant.target,
        .optimize = variant.optimize,
        .link_libc = true,
        .pic = true,
        .strip = variant.isRelease(),
        .sanitize_c = if (variant.isRelease()) .off else .trap,
        .sanitize_thread = variant.sanitize_thread,
    });
}

/// The tests use threads of POSIX, which Windows has as a library, and sockets.
fn addThreads(module: *Module, variant: Variant) void {
    if (variant.os() != .windows) return;
    module.linkSystemLibrary("pthread", .{});
    module.linkSystemLibrary("ws2_32", .{});
}

fn addFiles(b: *Build, module: *Module, variant: Variant, files: []const []const u8) void {
    const system_flag: []const u8 = switch (variant.os()) {
        .linux => "-D_GNU_SOURCE",
        .macos => "-D_DARWIN_C_SOURCE",
        else => "-DWIN32_LEAN_AND_MEAN",
    };
    const assert_flag: []const u8 = if (variant.isRelease()) "-DNDEBUG" else "-UNDEBUG";
    // aarch64 unwinds by frame pointers: tables would be a tenth of the library.
    const has_tables = variant.target.result.cpu.arch != .aarch64 or variant.os() == .windows;
    const table_flags: []const []const u8 = if (!has_tables)
        &.{ "-fno-unwind-tables", "-fno-asynchronous-unwind-tables" }
    else
        &.{};
    const flags = std.mem.concat(b.allocator, []const u8, &.{
        &c_flags,
        &.{ system_flag, assert_flag },
        table_flags,
    }) catch @panic("OOM");
    module.addCSourceFiles(.{ .files = files, .flags = flags });
}

fn platformFiles(os: std.Target.Os.Tag) []const []const u8 {
    return switch (os) {
        .linux => &linux_files,
        .macos => &bsd_files,
        .windows => &windows_files,
        else => std.process.fatal("no platform layer for {t}", .{os}),
    };
}

/// Makes <ffi.h> for the target visible, unless the system's is used.
fn addLibffiHeaders(b: *Build, module: *Module, variant: Variant) void {
    const source = variant.libffi orelse return;
    libffi.addHeaders(b, source, module, variant.target.result);
}

/// How calls are made without libffi, if they are.
fn machineFile(target: std.Target) []const u8 {
    const is_sysv = target.cpu.arch == .x86_64 and target.os.tag != .windows;
    return if (is_sysv) "lib/machine/sysv_x86_64.c" else "lib/machine/libffi.c";
}

/// How calls come in without libffi's help, if they do: it is our own copy's trampolines that jump.
fn addEntrance(b: *Build, module: *Module, variant: Variant) void {
    const target = variant.target.result;
    const is_x86_64_linux = target.cpu.arch == .x86_64 and target.os.tag == .linux;
    if (is_x86_64_linux and variant.libffi != null) {
        addFiles(b, module, variant, &.{"lib/machine/entrance_sysv_x86_64.c"});
        module.addAssemblyFile(b.path("lib/machine/entrance_sysv_x86_64.s"));
    } else {
        addFiles(b, module, variant, &.{"lib/machine/entrance_libffi.c"});
    }
}

/// Copies that may fault, where the platform's files ask for it.
fn addPeek(b: *Build, module: *Module, variant: Variant) void {
    if (variant.os() != .linux) return;
    module.addAssemblyFile(b.path(switch (variant.target.result.cpu.arch) {
        .x86_64 => "lib/machine/peek_x86_64.s",
        .aarch64 => "lib/machine/peek_aarch64.s",
        else => |arch| std.process.fatal("no peek for {t}", .{arch}),
    }));
}

/// What libffi's closures need on Windows for aarch64, where no runtime of the compiler has it.
fn addClearCache(b: *Build, module: *Module, variant: Variant) void {
    if (variant.os() == .windows and variant.target.result.cpu.arch == .aarch64) {
        addFiles(b, module, variant, &.{"lib/platform/windows/clear_cache.c"});
    }
}

//! libffi from its source: what upstream's configure script and makefiles would do.

const std = @import("std");
const Build = std.Build;
const Compile = Build.Step.Compile;
const Dependency = Build.Dependency;
const Module = Build.Module;

pub const Options = struct { optimize: std.builtin.OptimizeMode, strip: bool };

const version = "3.4.8";

const common_files = [_][]const u8{
    "src/closures.c",
    "src/prep_cif.c",
    "src/tramp.c",
    "src/types.c",
};

/// The static library, with its symbols hidden. `source` is what upstream has released.
pub fn library(
    b: *Build,
    source: *Dependency,
    target: Build.ResolvedTarget,
    options: Options,
) *Compile {
    const module = b.createModule(.{
        .target = target,
        .optimize = options.optimize,
        .link_libc = true,
        .pic = true,
        .strip = options.strip,
        // Upstream's code relies on what the sanitizer refuses.
        .sanitize_c = .off,
    });
    const flags: []const []const u8 = &.{
        "-std=gnu11",
        "-w",
        "-fvisibility=hidden",
        "-ffunction-sections",
        "-fdata-sections",
    };
    addHeaders(b, source, module, target.result);
    module.addIncludePath(source.path("include"));
    module.addIncludePath(source.path("src"));
    module.addCSourceFiles(.{
        .root = source.path(""),
        .files = &common_files,
        .flags = flags,
    });
    module.addCSourceFiles(.{
        .root = source.path(""),
        .files = machineFiles(target.result),
        .flags = flags,
    });
    return b.addLibrary(.{ .name = "ffi", .root_module = module, .linkage = .static });
}

fn machineFiles(target: std.Target) []const []const u8 {
    return switch (target.cpu.arch) {
        .aarch64 => &.{ "src/aarch64/ffi.c", "src/aarch64/sysv.S" },
        .x86_64 => if (target.os.tag == .windows)
            &.{ "src/x86/ffiw64.c", "src/x86/win64.S" }
        else
            &.{
                "src/x86/ffi64.c",  "src/x86/unix64.S",
                // Functions with the ms_abi attribute.
                "src/x86/ffiw64.c", "src/x86/win64.S",
            },
        else => std.process.fatal("no libffi for {t}", .{target.cpu.arch}),
    };
}

/// Makes <ffi.h>, <ffitarget.h> and <fficonfig.h> for the target visible.
pub fn addHeaders(b: *Build, source: *Dependency, module: *Module, target: std.Target) void {
    const is_x86 = target.cpu.arch == .x86_64;
    const ffi_h = b.addConfigHeader(.{
        .style = .{ .autoconf_at = source.path("include/ffi.h.in") },
        .include_path = "ffi.h",
    }, .{
        .VERSION = version,
        .TARGET = targetName(target),
        .HAVE_LONG_DOUBLE = @intFromBool(hasLongDouble(target)),
        .FFI_EXEC_TRAMPOLINE_TABLE = @intFromBool(hasTrampolineTable(target)),
    });
    const fficonfig_h = b.addWriteFiles();
    _ = fficonfig_h.add("fficonfig.h", configuration(b, target));
    module.addSystemIncludePath(ffi_h.getOutputDir());
    module.addSystemIncludePath(fficonfig_h.getDirectory());
    module.addSystemIncludePath(source.path(if (is_x86) "src/x86" else "src/aarch64"));
}

fn targetName(target: std.Target) []const u8 {
    if (target.cpu.arch == .aarch64) return "AARCH64";
    return if (target.os.tag == .windows) "X86_WIN64" else "X86_64";
}

/// Whether long double is wider than double.
fn hasLongDouble(target: std.Target) bool {
    return target.cTypeBitSize(.longdouble) > target.cTypeBitSize(.double);
}

/// Apple's ARM systems forbid memory that is made executable at run time.
fn hasTrampolineTable(target: std.Target) bool {
    return target.os.tag == .macos and target.cpu.arch == .aarch64;
}

/// What upstream's configure script would write.
fn configuration(b: *Build, target: std.Target) []const u8 {
    const long_double = if (hasLongDouble(target)) "#define HAVE_LONG_DOUBLE 1\n" else "";
    const system = switch (target.os.tag) {
        .linux => linux,
        .macos => if (hasTrampolineTable(target)) macos_arm else macos_x86,
        else => windows,
    };
    return b.fmt("{s}{s}{s}{s}", .{ common, long_double, system, hidden });
}

const common =
    \\#define EH_FRAME_FLAGS "a"
    \\#define HAVE_ALLOCA 1
    \\#define HAVE_AS_X86_PCREL 1
    \\#define HAVE_INTTYPES_H 1
    \\#define HAVE_MEMCPY 1
    \\#define HAVE_STDINT_H 1
    \\#define SIZEOF_DOUBLE 8
    \\#define SIZEOF_SIZE_T 8
    \\#define STDC_HEADERS 1
    \\
;

const posix =
    \\#define HAVE_ALLOCA_H 1
    \\#define HAVE_AS_CFI_PSEUDO_OP 1
    \\#define HAVE_HIDDEN_VISIBILITY_ATTRIBUTE 1
    \\#define HAVE_MMAP 1
    \\#define HAVE_MMAP_ANON 1
    \\#define HAVE_MMAP_FILE 1
    \\#define HAVE_RO_EH_FRAME 1
    \\
;

const linux = posix ++
    \\#define FFI_EXEC_STATIC_TRAMP 1
    \\#define HAVE_AS_X86_64_UNWIND_SECTION_TYPE 1
    \\#define HAVE_MEMFD_CREATE 1
    \\#define HAVE_MKOSTEMP 1
    \\
;

const macos_arm = posix ++
    \\#define FFI_EXEC_TRAMPOLINE_TABLE 1
    \\#define SYMBOL_UNDERSCORE 1
    \\
;

const macos_x86 = posix ++
    \\#define FFI_MMAP_EXEC_WRIT 1
    \\#define SYMBOL_UNDERSCORE 1
    \\
;

/// Its assembler takes no CFI directives outside a frame of its own kind.
const windows =
    \\
;

const hidden =
    \\#ifdef HAVE_HIDDEN_VISIBILITY_ATTRIBUTE
    \\#ifdef LIBFFI_ASM
    \\#ifdef __APPLE__
    \\#define FFI_HIDDEN(name) .private_extern name
    \\#else
    \\#define FFI_HIDDEN(name) .hidden name
    \\#endif
    \\#else
    \\#define FFI_HIDDEN __attribute__((visibility("hidden")))
    \\#endif
    \\#else
    \\#ifdef LIBFFI_ASM
    \\#define FFI_HIDDEN(name)
    \\#else
    \\#define FFI_HIDDEN
    \\#endif
    \\#endif
    \\
;

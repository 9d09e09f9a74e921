//! mark_nodelete <input> <output>: copies an ELF shared library and sets DF_1_NODELETE in it, as
//! `-z nodelete` of a linker does. Zig's build API has no such option. Threads of the library and
//! exit notices outlive any dlclose, so its image must stay mapped.

const std = @import("std");
const elf = std.elf;

const size_max = 64 * 1024 * 1024;

pub fn main(init: std.process.Init) !void {
    const arena = init.arena.allocator();
    const arguments = try init.minimal.args.toSlice(arena);
    if (arguments.len != 3) return error.Usage;
    const directory = std.Io.Dir.cwd();
    const image = try directory.readFileAlloc(init.io, arguments[1], arena, .limited(size_max));
    try markNodelete(image);
    try directory.writeFile(init.io, .{
        .sub_path = arguments[2],
        .data = image,
        .flags = .{ .permissions = .executable_file },
    });
}

/// Every target of ours is 64-bit and little-endian, and so is every machine that builds it.
fn markNodelete(image: []u8) !void {
    const header = try at(elf.Elf64_Ehdr, image, 0);
    if (!std.mem.eql(u8, header.e_ident[0..4], elf.MAGIC)) return error.NotElf;
    if (header.e_ident[elf.EI.CLASS] != elf.ELFCLASS64) return error.NotElf64;
    for (0..header.e_phnum) |index| {
        const offset = header.e_phoff + index * header.e_phentsize;
        const segment = try at(elf.Elf64_Phdr, image, offset);
        if (segment.p_type == elf.PT_DYNAMIC) {
            return markDynamic(image, segment.p_offset, segment.p_filesz);
        }
    }
    return error.NoDynamicSegment;
}

/// The entry is there already: Zig links with `-z now`, which has a flag in the same word.
fn markDynamic(image: []u8, start: u64, size: u64) !void {
    var offset = start;
    while (offset < start + size) : (offset += @sizeOf(elf.Elf64_Dyn)) {
        const entry = try at(elf.Elf64_Dyn, image, offset);
        if (entry.d_tag == elf.DT_FLAGS_1) {
            entry.d_val |= elf.DF_1_NODELETE;
            return;
        }
    }
    return error.NoFlags1;
}

fn at(comptime T: type, image: []u8, offset: u64) !*align(1) T {
    if (offset > image.len or image.len - offset < @sizeOf(T)) return error.Truncated;
    return @ptrCast(image[offset..][0..@sizeOf(T)]);
}

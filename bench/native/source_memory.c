/*
 * source_memory.c - the memory of each of many descriptors that are watched, opened by C, so that
 * no runtime's own memory is counted.
 */
#define _GNU_SOURCE

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../lib/include/siding.h"
#include "../../lib/include/siding_station.h"
#include "image.h"

#define BENCH_API __attribute__((visibility("default")))
#define CALLS_MAX 65536u
#define PAGES_AT_ONCE 1024u

BENCH_API double bench_source_bytes(const char *library, uint32_t count);

struct siding {
    int32_t (*bridge_open)(const struct siding_bridge_options *options, uint64_t *out_bridge,
                           int32_t *out_descriptor);
    int32_t (*bridge_close)(uint64_t bridge);
    int32_t (*source_open)(uint64_t bridge, const struct siding_source_options *options,
                           uint64_t *out_source, int32_t *out_error);
};

struct tables {
    const char *library;
    double bytes;
};

static void ignore_wake(void) {
}

static bool find_all(const char *library, struct siding *out) {
    void *image = image_of(library);
    return image != NULL && image_find(image, "siding_bridge_open", &out->bridge_open) &&
           image_find(image, "siding_bridge_close", &out->bridge_close) &&
           image_find(image, "siding_source_open", &out->source_open);
}

/* @return whether there were so many */
static bool open_descriptors(int *descriptors, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        descriptors[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (descriptors[i] < 0) {
            return false;
        }
    }
    return true;
}

/* @return whether all of them are watched */
static bool watch(const struct siding *siding, uint64_t bridge, const int *descriptors,
                  uint32_t first, uint32_t count) {
    bool is_open = true;
    for (uint32_t i = first; is_open && i < first + count; i++) {
        struct siding_source_options options = {.size_bytes = sizeof options,
                                                .kind = SIDING_SOURCE_READY,
                                                .token = i,
                                                .flags = SIDING_READY_READ,
                                                .object = descriptors[i],
                                                .credit = 1};
        uint64_t source = 0;
        int32_t error = 0;
        is_open = siding->source_open(bridge, &options, &source, &error) >= SIDING_OK;
    }
    return is_open;
}

/* @return bytes of a part of memory that are resident */
static double resident(uintptr_t address, size_t size) {
    unsigned char pages[PAGES_AT_ONCE];
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t at = address & ~(uintptr_t)(page_bytes - 1);
    double bytes = 0;
    while (at < address + size) {
        size_t left = (address + size - at + page_bytes - 1) / page_bytes;
        size_t count = left < PAGES_AT_ONCE ? left : PAGES_AT_ONCE;
        if (mincore((void *)at, count * page_bytes, pages) != 0) {
            return 0;
        }
        for (size_t i = 0; i < count; i++) {
            bytes += (pages[i] & 1) != 0 ? (double)page_bytes : 0;
        }
        at += count * page_bytes;
    }
    return bytes;
}

static int add_tables(struct dl_phdr_info *info, size_t size, void *argument) {
    struct tables *tables = argument;
    (void)size;
    if (strcmp(info->dlpi_name, tables->library) != 0) {
        return 0;
    }
    for (uint32_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) != 0) {
            tables->bytes += resident(info->dlpi_addr + part->p_vaddr, part->p_memsz);
        }
    }
    return 1;
}

/* Of malloc, and of the library's own tables, which become resident as they are used. */
static double allocated(const char *library) {
    struct mallinfo2 info = mallinfo2();
    struct tables tables = {.library = library};
    (void)dl_iterate_phdr(add_tables, &tables);
    return (double)(info.uordblks + info.hblkhd) + tables.bytes;
}

/* @return bytes of each, or -1 */
static double bytes_of_each(const struct siding *siding, const char *library, uint64_t bridge,
                            const int *descriptors, uint32_t count) {
    if (!watch(siding, bridge, descriptors, 0, 1)) { /* what all of them share */
        return -1;
    }
    double before = allocated(library);
    bool is_open = watch(siding, bridge, descriptors, 1, count);
    return is_open ? (allocated(library) - before) / count : -1;
}

/* @return bytes of each, or a negative number: something failed */
double bench_source_bytes(const char *library, uint32_t count) {
    struct siding_bridge_options options = {.size_bytes = sizeof options,
                                            .calls_max = CALLS_MAX,
                                            .wake_function = (uint64_t)(uintptr_t)ignore_wake};
    struct siding siding;
    uint64_t bridge = 0;
    int32_t unused = -1;
    double bytes = -1;
    int *descriptors = malloc((count + 1) * sizeof *descriptors); /* open until the process ends */
    if (descriptors != NULL && find_all(library, &siding) &&
        siding.bridge_open(&options, &bridge, &unused) == SIDING_OK) {
        bytes = open_descriptors(descriptors, count + 1)
                    ? bytes_of_each(&siding, library, bridge, descriptors, count)
                    : -1;
        siding.bridge_close(bridge);
    }
    free(descriptors);
    return bytes;
}

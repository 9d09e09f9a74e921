/*
 * block_test.c - blocks of a bridge, and copies between host and native memory.
 */
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "fixture.h"

static struct host host; /* each test opens and closes it */

TEST("a block gives back what was put in, from its start, and is gone") {
    char out[16] = "untouched";
    REQUIRE(host_open(&host, 1));
    int32_t block = siding_block_create(host.bridge, "twelve bytes", 12);
    REQUIRE(block >= 0);
    EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)block, out, 13), SIDING_EINVALID);
    EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)block, NULL, 12), SIDING_EINVALID);
    EXPECT(strcmp(out, "untouched") == 0);
    EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)block, out, 6), SIDING_OK);
    EXPECT(strcmp(out, "twelvehed") == 0);
    EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)block, out, 6), SIDING_EINVALID);
    EXPECT_EQ(siding_block_drop(host.bridge, (uint32_t)block), SIDING_EINVALID);
    host_close(&host);
}

TEST("a block made of nothing is zeroed; one of no bytes is a block too") {
    char out[4] = {1, 1, 1, 1};
    REQUIRE(host_open(&host, 1));
    int32_t block = siding_block_create(host.bridge, NULL, 4);
    int32_t empty = siding_block_create(host.bridge, "", 0);
    REQUIRE(block >= 0 && empty >= 0 && block != empty);
    EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)block, out, 4), SIDING_OK);
    EXPECT(memcmp(out, "\0\0\0\0", 4) == 0);
    EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)empty, NULL, 0), SIDING_OK);
    EXPECT_EQ(siding_block_create(host.bridge, NULL, UINT64_MAX), SIDING_ENOMEM);
    host_close(&host);
}

TEST("numbers that name no block are refused") {
    uint32_t forged[] = {0, 1, 63, 64, 1000, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX};
    REQUIRE(host_open(&host, 1));
    for (int with_blocks = 0; with_blocks < 2; with_blocks++) {
        for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
            char byte;
            EXPECT_EQ(siding_block_drop(host.bridge, forged[i]), SIDING_EINVALID);
            EXPECT_EQ(siding_block_take(host.bridge, forged[i], &byte, 0), SIDING_EINVALID);
        }
        int32_t block = siding_block_create(host.bridge, "a", 1);
        EXPECT_EQ(siding_block_drop(host.bridge, (uint32_t)block), SIDING_OK);
    }
    host_close(&host);
}

#define BLOCKS 10000

TEST("10,000 blocks of random sizes keep apart, are counted, and are given back at the end") {
    static int32_t blocks[BLOCKS];
    uint64_t memory = stats_now().memory_bytes;
    uint64_t chance = print_seed();
    uint64_t held = 0;
    REQUIRE(host_open(&host, 1));
    for (int i = 0; i < BLOCKS; i++) {
        uint64_t word = (uint64_t)i;
        char bytes[64];
        uint32_t size_bytes = 8 + random_below(&chance, 56);
        memset(bytes, i, sizeof bytes);
        memcpy(bytes, &word, 8);
        blocks[i] = siding_block_create(host.bridge, bytes, size_bytes);
        REQUIRE(blocks[i] >= 0);
        held += size_bytes;
    }
    EXPECT_EQ(stats_now().memory_bytes - memory, held);
    for (int i = 0; i < BLOCKS; i += 2) {
        uint64_t word = 0;
        EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)blocks[i], &word, 8), SIDING_OK);
        EXPECT_EQ(word, i);
    }
    EXPECT(stats_now().memory_bytes - memory < held);
    host_close(&host);
    EXPECT_EQ(stats_now().memory_bytes, memory);
}

#if defined(__linux__) && !defined(FIXTURE_SANITIZED)

#define LARGE_BYTES (64u << 20) /* the system's own pages, which go back to it at once */

static bool is_mapped(uint64_t address) {
    void *page = (void *)(uintptr_t)(address & ~UINT64_C(4095));
    return msync(page, 1, MS_ASYNC) == 0;
}

TEST("blocks that are left to the end of their bridge are freed, not only counted off") {
    uint64_t addresses[2] = {0, 0};
    REQUIRE(host_open(&host, 1));
    for (int i = 0; i < 2; i++) {
        int32_t block = siding_block_create(host.bridge, NULL, LARGE_BYTES);
        REQUIRE(block >= 0);
        EXPECT_EQ(siding_block_address(host.bridge, (uint32_t)block, &addresses[i]), SIDING_OK);
        EXPECT(is_mapped(addresses[i]));
    }
    host_close(&host);
    EXPECT(!is_mapped(addresses[0]) && !is_mapped(addresses[1]));
}

#endif

TEST("native memory is read and written; the null address is refused") {
    char native[8] = "native";
    char copy[8] = "";
    EXPECT_EQ(siding_memory_read(ADDRESS(native), copy, sizeof copy), SIDING_OK);
    EXPECT(strcmp(copy, "native") == 0);
    EXPECT_EQ(siding_memory_write(ADDRESS(native) + 2, "*", 1), SIDING_OK);
    EXPECT(strcmp(native, "na*ive") == 0);
    EXPECT_EQ(siding_memory_read(0, copy, 1), SIDING_EINVALID);
    EXPECT_EQ(siding_memory_read(ADDRESS(native), NULL, 1), SIDING_EINVALID);
    EXPECT_EQ(siding_memory_write(0, copy, 1), SIDING_EINVALID);
    EXPECT_EQ(siding_memory_write(ADDRESS(native), NULL, 1), SIDING_EINVALID);
}

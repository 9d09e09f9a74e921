/*
 * memory_test.c - native memory that the host makes, fills, reads and frees.
 */
#include "fixture.h"

static uint64_t counted_bytes(void) {
    struct siding_stats stats = {.size_bytes = sizeof stats};
    EXPECT_EQ(siding_stats_read(&stats), SIDING_OK);
    return stats.memory_bytes;
}

TEST("C16: memory is zeroed, aligned, counted, written, read and freed") {
    char bytes[1000];
    char back[1000] = {0};
    memset(bytes, 0x5a, sizeof bytes);
    uint64_t before = counted_bytes();
    for (uint64_t size = 1; size <= sizeof bytes; size += 37) {
        uint64_t address = 0;
        REQUIRE(siding_memory_alloc(size, &address) == SIDING_OK);
        EXPECT(address != 0 && address % 8 == 0);
        EXPECT_EQ(counted_bytes(), before + size);
        EXPECT_EQ(siding_memory_read(address, back, size), SIDING_OK);
        for (uint64_t i = 0; i < size; i++) {
            EXPECT_EQ(back[i], 0);
        }
        EXPECT_EQ(siding_memory_write(address, bytes, size), SIDING_OK);
        EXPECT_EQ(siding_memory_read(address, back, size), SIDING_OK);
        EXPECT(memcmp(back, bytes, size) == 0);
        EXPECT_EQ(siding_memory_free(address, size), SIDING_OK);
        EXPECT_EQ(counted_bytes(), before);
    }
}

TEST("C6: memory of no size, of a size beyond all memory and no memory at all are refused") {
    uint64_t address = 7;
    uint64_t before = counted_bytes();
    EXPECT_EQ(siding_memory_alloc(0, &address), SIDING_EINVALID);
    EXPECT_EQ(siding_memory_alloc(UINT64_MAX, &address), SIDING_EINVALID);
    EXPECT_EQ(siding_memory_alloc(8, NULL), SIDING_EINVALID);
    EXPECT_EQ(siding_memory_free(0, 8), SIDING_EINVALID);
    EXPECT_EQ(siding_memory_free(4096, 0), SIDING_EINVALID);
    EXPECT_EQ(address, 7);
    EXPECT_EQ(counted_bytes(), before);
}

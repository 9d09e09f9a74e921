/*
 * source_descriptor_test.c - numbers that are not, or no more, the descriptor they were.
 */
#include "source_fixture.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u
#define NUMBERS_MAX 256

/* @return whether the poller made this descriptor for itself */
static bool is_pollers(int descriptor) {
    char path[64];
    char target[64] = "";
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    (void)!readlink(path, target, sizeof target - 1);
    return strstr(target, "[eventpoll]") != NULL || strstr(target, "[eventfd]") != NULL ||
           strstr(target, "[timerfd]") != NULL;
}

/* A handle that the host kept of a descriptor it has closed may name one of these by now. */
TEST("S4: a number that is the poller's own by now is no descriptor, and harms nobody") {
    REQUIRE(host_open(&host, 64));
    settle_poller(&host, TOKEN);
    uint32_t found = 0;
    for (int number = 0; number < NUMBERS_MAX; number++) {
        int32_t error = 0;
        struct siding_source_options options = ready_options(TOKEN, number, SIDING_READY_READ, 1);
        if (is_pollers(number)) {
            EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
            EXPECT_EQ(error, EBADF);
            found++;
        }
    }
    EXPECT_EQ(found, 3);
    struct siding_source_options soon = timer_options(TOKEN, NS_PER_MS, 0, 1);
    (void)open_source(&host, &soon);
    EXPECT_EQ(next_word(&host, TOKEN), 1);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    settle_poller(&host, TOKEN);
    host_close(&host);
}

/* Of the whole program. */
static uint64_t resident_bytes(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    EXPECT(file != NULL && fscanf(file, "%*u %lu", &pages) == 1);
    if (file != NULL) {
        (void)fclose(file);
    }
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

TEST("a number far beyond all descriptors is refused, and takes no memory") {
    REQUIRE(host_open(&host, 64));
    settle_poller(&host, TOKEN);
    uint64_t before = resident_bytes();
    const int numbers[] = {20000000, INT32_MAX - 1, INT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int32_t error = 0;
        struct siding_source_options options =
            ready_options(TOKEN, numbers[i], SIDING_READY_READ, 1);
        EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
        EXPECT_EQ(error, EBADF);
    }
    EXPECT(resident_bytes() < before + (16u << 20));
    settle_poller(&host, TOKEN);
    host_close(&host);
}

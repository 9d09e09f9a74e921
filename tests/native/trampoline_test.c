/*
 * trampoline_test.c - function pointers where libffi's static trampolines cannot be had: it maps
 * them from a file, and without a descriptor there is none. A program of its own, for libffi
 * decides once.
 */
#include <sys/resource.h>

#include "closure_fixture.h"

static struct host host;
static union request request;

static double mix(int8_t small, double real, struct mixed mixed, void *pointer) {
    return small + real + (double)mixed.integer + mixed.real + (pointer == &host);
}

static struct made make_mix(void) {
    request_start(&request, SIGNATURE(F64, I8, F64, MIXED, PTR), FUNCTION(mix));
    for (int i = 0; i < 5; i++) {
        request_put(&request, 0);
    }
    return point_to(&host, bind_holes(&host, &request, PAIRS(0, 3, 1, 2, 2, 1, 3, 0)),
                    SIGNATURE(F64, PTR, MIXED, F64, I8));
}

static double call_mix(const struct made *made) {
    typedef double function(void *, struct mixed, double, int8_t);
    return ((function *)(uintptr_t)made->pointer)(&host, (struct mixed){1000, 0.25}, 0.5, -3);
}

static struct made first;

TEST("E6: closures work where no static trampolines can be had") {
    struct rlimit limit;
    REQUIRE(host_open(&host, 8));
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    first = make_mix();
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    EXPECT_EQ(stats_now().trampolines, SIDING_TRAMPOLINES_DYNAMIC);
    EXPECT(call_mix(&first) == 998.75);
}

TEST("E6: there, too, a closed one gives its value and a forgotten address serves again") {
    REQUIRE(first.pointer != 0);
    EXPECT_EQ(siding_closure_close(host.bridge, first.closure), SIDING_OK);
    EXPECT(call_mix(&first) == 0.0);
    for (int round = 0; round < 100; round++) {
        struct made made = make_mix();
        EXPECT(made.pointer != first.pointer && call_mix(&made) == 998.75);
        EXPECT_EQ(siding_closure_forget(host.bridge, made.closure), SIDING_OK);
    }
    EXPECT_EQ(siding_closure_forget(host.bridge, first.closure), SIDING_OK);
    struct made again = make_mix();
    EXPECT(again.pointer == first.pointer && call_mix(&again) == 998.75);
    host_close(&host);
}

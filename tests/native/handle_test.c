/*
 * handle_test.c - what every function of the ABI does with a handle that is not, or no longer, one,
 * and on a thread that does not own it.
 */
#include "fixture.h"

/* Each tries one function with a bridge handle and otherwise good arguments. */
static uint64_t words[SIDING_EVENT_WORDS_MAX];

static int32_t try_close(uint64_t bridge) {
    return siding_bridge_close(bridge);
}

static int32_t try_submit(uint64_t bridge) {
    return siding_bridge_submit(bridge, words, 0);
}

static int32_t try_drain(uint64_t bridge) {
    return siding_bridge_drain(bridge, words, SIDING_EVENT_WORDS_MAX);
}

static int32_t try_exchange(uint64_t bridge) {
    return siding_bridge_exchange(bridge, words, 0, words, SIDING_EVENT_WORDS_MAX, 0, 0);
}

static int32_t try_wake(uint64_t bridge) {
    return siding_bridge_wake(bridge);
}

static int32_t try_cancel(uint64_t bridge) {
    return siding_bridge_cancel(bridge, 0);
}

static int32_t try_elapsed(uint64_t bridge) {
    uint64_t elapsed_ns;
    return siding_bridge_elapsed(bridge, 0, &elapsed_ns);
}

static int32_t try_create(uint64_t bridge) {
    return siding_block_create(bridge, NULL, 1);
}

static int32_t try_take(uint64_t bridge) {
    return siding_block_take(bridge, 0, words, 0);
}

static int32_t try_drop(uint64_t bridge) {
    return siding_block_drop(bridge, 0);
}

static int32_t try_acquire(uint64_t bridge) {
    uint64_t context;
    return acquire_context(bridge, NULL, &context);
}

static int32_t try_release(uint64_t bridge) {
    return siding_context_release(bridge, 1, 0);
}

static int32_t try_call_here(uint64_t bridge) {
    union request request;
    request_start(&request, SIGNATURE(VOID_T), FUNCTION(abort));
    return siding_call_here(bridge, request.words, request.call.words, words,
                            SIDING_EVENT_WORDS_MAX, NULL, NULL, NULL, NULL);
}

static int32_t (*const functions[])(uint64_t bridge) = {
    try_close,  try_submit, try_drain, try_exchange, try_wake,    try_cancel,    try_elapsed,
    try_create, try_take,   try_drop,  try_acquire,  try_release, try_call_here,
};
#define FUNCTIONS (sizeof functions / sizeof functions[0])

/* Zero stands for "none" in siding_call_here. */
static void expect_everywhere(uint64_t bridge, int32_t status) {
    for (size_t i = 0; i < FUNCTIONS; i++) {
        if (bridge != 0 || functions[i] != try_call_here) {
            EXPECT_EQ(functions[i](bridge), status);
        }
    }
}

#define FORGED 12

/* Near a good handle and far from any. */
static void forge(uint64_t good, uint64_t *out_forged) {
    const uint64_t forged[FORGED] = {0,
                                     1,
                                     good + 1,
                                     good + (1u << 16), /* another kind */
                                     good + (1u << 20), /* the next generation */
                                     good - (1u << 20),
                                     good | 0xffff,
                                     good | 1ull << 52,
                                     good | 1ull << 53, /* beyond a safe integer */
                                     good | 1ull << 63,
                                     (uint64_t)-1,
                                     (uint64_t)INT64_MIN};
    memcpy(out_forged, forged, sizeof forged);
}

TEST("P1: every function refuses a bridge handle that is stale, forged, zero, negative or huge") {
    static struct host host;
    uint64_t forged[FORGED];
    for (int round = 0; round < 3; round++) {
        REQUIRE(host_open(&host, 4));
        forge(host.bridge, forged);
        for (int i = 0; i < FORGED; i++) {
            expect_everywhere(forged[i], SIDING_ESTALE);
        }
        uint64_t stale = host.bridge;
        host_close(&host);
        expect_everywhere(stale, SIDING_ESTALE);
        REQUIRE(host_open(&host, 4)); /* in the same place, with a new generation */
        EXPECT(host.bridge != stale);
        expect_everywhere(stale, SIDING_ESTALE);
        EXPECT(host.bridge < 1ull << 53);
        host_close(&host);
    }
}

static void *expect_wrong_thread(void *argument) {
    expect_everywhere(*(uint64_t *)argument, SIDING_ETHREAD);
    return NULL;
}

TEST("every function refuses a bridge on a thread that does not own it") {
    static struct host host;
    pthread_t thread;
    REQUIRE(host_open(&host, 4));
    REQUIRE(pthread_create(&thread, NULL, expect_wrong_thread, &host.bridge) == 0);
    pthread_join(thread, NULL);
    host_close(&host);
}

static void do_nothing(void) {
}

/* Expects both functions that take a context to refuse it. */
static void expect_no_context(struct host *host, uint64_t context) {
    union request request;
    EXPECT_EQ(siding_context_release(host->bridge, context, 0), SIDING_ESTALE);
    if (context == 0) {
        return; /* means any thread */
    }
    request_start(&request, SIGNATURE(VOID_T), FUNCTION(do_nothing));
    request.call.context = context;
    EXPECT_EQ(host_submit(host, &request, 0), 1);
    EXPECT_EQ(host_status(host), SIDING_ESTALE);
}

TEST("P1: a context handle that is stale, forged or another bridge's is refused") {
    static struct host host;
    static struct host other;
    uint64_t context = 0;
    uint64_t forged[FORGED];
    REQUIRE(host_open(&host, 4) && host_open(&other, 4));
    expect_no_context(&host, 0);
    REQUIRE(acquire_context(host.bridge, NULL, &context) == SIDING_OK);
    forge(context, forged);
    for (int i = 0; i < FORGED; i++) {
        expect_no_context(&host, forged[i]);
    }
    expect_no_context(&host, host.bridge);
    expect_no_context(&other, context);
    host_release(&host, context, 0);
    expect_no_context(&host, context);
    host_close(&host);
    expect_no_context(&other, context);
    host_close(&other);
}

#if defined(_WIN32)
#define OWN_SYMBOL "own_symbol" /* a program of Windows has no others but its own */
__declspec(dllexport) void own_symbol(void);
void own_symbol(void) {
}
#else
#define OWN_SYMBOL "malloc"
#define own_symbol malloc
#endif

TEST("P1: a library handle that is forged is refused") {
    char message[256];
    uint64_t library = 0;
    uint64_t address = 7;
    uint64_t forged[FORGED];
    int32_t opened = siding_library_open(NULL, 0, &library, message, sizeof message);
    if (opened != SIDING_OK && strstr(message, "not supported") != NULL) {
        SKIP("a statically linked program has no loader");
    }
    REQUIRE(opened == SIDING_OK);
    forge(library, forged);
    for (int i = 0; i < FORGED; i++) {
        EXPECT_EQ(siding_library_symbol(forged[i], OWN_SYMBOL, &address), SIDING_ESTALE);
    }
    EXPECT_EQ(siding_library_symbol(library, "no_such_symbol", &address), SIDING_ENOTFOUND);
    EXPECT_EQ(address, 7);
    EXPECT_EQ(siding_library_symbol(library, OWN_SYMBOL, &address), SIDING_OK);
    EXPECT(address == FUNCTION(own_symbol) || address > 7);
    uint64_t again = 0;
    EXPECT_EQ(siding_library_open(NULL, 0, &again, message, sizeof message), SIDING_OK);
    EXPECT(again == library);
}

TEST("a missing library is reported with the loader's reason") {
    char message[256] = "";
    uint64_t library = 7;
    EXPECT_EQ(siding_library_open("./no-such-library.so", 0, &library, message, sizeof message),
              SIDING_ENOTFOUND);
    EXPECT(library == 7 && strlen(message) > 0);
    EXPECT_EQ(siding_library_open(NULL, 0, &library, message, 0), SIDING_EINVALID);
}

TEST("the ABI says its version and the sizes of its records") {
    uint32_t sizes[10] = {0};
    EXPECT_EQ(siding_abi_version(), SIDING_ABI_VERSION);
    EXPECT_EQ(siding_abi_sizes(NULL, 0), 10);
    EXPECT_EQ(siding_abi_sizes(sizes, 2), 10);
    EXPECT_EQ(sizes[2], 0);
    EXPECT_EQ(siding_abi_sizes(sizes, 10), 10);
    EXPECT_EQ(sizes[0], SIDING_CALL_WORDS * 8);
    EXPECT_EQ(sizes[1], SIDING_EVENT_WORDS * 8);
    EXPECT_EQ(sizes[2], sizeof(struct siding_bridge_options));
    EXPECT_EQ(sizes[3], sizeof(struct siding_pool_options));
    EXPECT_EQ(sizes[4], sizeof(struct siding_stats));
    EXPECT_EQ(sizes[5], sizeof(void *));
    EXPECT_EQ(sizes[6], sizeof(struct siding_callback_options));
    EXPECT_EQ(sizes[7], sizeof(struct siding_callback_stats));
    EXPECT_EQ(sizes[8], sizeof(struct siding_source_options));
    EXPECT_EQ(sizes[9], sizeof(struct siding_source_stats));
}

TEST("wrong arguments of a call here, of statistics and of the pool are refused") {
    union request request;
    struct siding_stats stats = {.size_bytes = sizeof stats - 1};
    request_start(&request, SIGNATURE(VOID_T, I32), FUNCTION(abort));
    request_put(&request, 0);
    uint32_t short_of = request.call.words - 1u;
    EXPECT_EQ(siding_call_here(0, request.words, short_of, words, SIDING_EVENT_WORDS_MAX, NULL,
                               NULL, NULL, NULL),
              SIDING_EINVALID);
    EXPECT_EQ(siding_call_here(0, request.words, short_of + 1, words, SIDING_EVENT_WORDS_MAX - 1,
                               NULL, NULL, NULL, NULL),
              SIDING_ESPACE);
    EXPECT_EQ(siding_call_here(0, NULL, 5, words, SIDING_EVENT_WORDS_MAX, NULL, NULL, NULL, NULL),
              SIDING_EINVALID);
    EXPECT_EQ(siding_stats_read(NULL), SIDING_EINVALID);
    EXPECT_EQ(siding_stats_read(&stats), SIDING_EINVALID);
    EXPECT_EQ(siding_pool_configure(NULL), SIDING_EINVALID);
    EXPECT(!configure_pool(0, 20));
    EXPECT(!configure_pool(SIDING_THREADS_MAX + 1, 20));
    EXPECT(!configure_pool(64, 1001));
    EXPECT(configure_pool(64, 20));
}

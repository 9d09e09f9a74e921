/*
 * bound_test.c - bound calls: every kind of argument, kept and filled in anew for each run; how
 * long they live; handles that are not, or no longer, theirs.
 */
#include "context_fixture.h"

static struct host host; /* each test opens and closes it */
static union request request;

static uint64_t make_bound(void) {
    uint64_t bound = 0;
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, request.call.words, NULL, 0, &bound),
              SIDING_OK);
    return bound;
}

/* Submits a run of it; what the record carries of arguments is noise. */
static bool submit_run(uint64_t bound, uint32_t signature, uint32_t argument_words,
                       uint64_t context, uint32_t token) {
    static union request run;
    request_start(&run, signature, bound);
    for (uint32_t i = 0; i < argument_words; i++) {
        request_put(&run, 0xdeadbeefdeadbeefu);
    }
    run.call.flags = SIDING_CALL_BOUND;
    run.call.context = context;
    return host_submit(&host, &run, token) == 1;
}

/* ---- B4, B1: every kind of argument ---------------------------------------------------------- */

struct pair {
    int64_t a;
    double b;
};

static uint64_t digest;    /* of what the last run has got; owner: who has its event */
static uint32_t text_seen; /* runs that got all texts */

static double take_all(int8_t tiny, double real, const char *text, struct pair pair,
                       const uint8_t *bytes, const char *second, const void *nothing, float small) {
    text_seen += strcmp(text, "first text") == 0 && strcmp(second, "") == 0 && nothing == NULL;
    digest = (uint64_t)tiny + bytes[0] + bytes[99] + (uint64_t)pair.a;
    return real + pair.b + (double)small;
}

static uint32_t put_all(uint32_t block) {
    uint32_t signature = SIGNATURE(F64, I8, F64, TEXT, STRUCT, 2, I64, F64, BUF, TEXT, TEXT, F32);
    struct pair pair = {1000, 0.25};
    float small = 0.125f;
    request_start(&request, signature, FUNCTION(take_all));
    request_put(&request, 7);
    request_put_f64(&request, 1.5);
    request_put(&request, 0);
    request_put_bytes(&request, &pair, sizeof pair);
    request_put_reference(&request, SIDING_REFERENCE_BLOCK, block);
    request_put(&request, 0);
    request_put_reference(&request, SIDING_REFERENCE_NULL, 0);
    request_put_bytes(&request, &small, sizeof small);
    request_inline(&request, 2, "first text");
    request_inline(&request, 6, "");
    return signature;
}

TEST("B1, B4: scalars, structs, texts and blocks are those of its making, in every run") {
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 64));
    uint8_t bytes[100] = {50};
    bytes[99] = 60;
    int32_t block = siding_block_create(host.bridge, bytes, sizeof bytes);
    REQUIRE(block >= 0);
    uint32_t signature = put_all((uint32_t)block);
    uint64_t bound = make_bound();
    EXPECT_EQ(siding_bound_keep(host.bridge, bound, (uint32_t)block), SIDING_OK);
    EXPECT_EQ(siding_block_drop(host.bridge, (uint32_t)block), SIDING_EINVALID); /* not ours now */
    memset(&request, 0xee, sizeof request);
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    for (uint32_t run = 0; run < 200; run++) {
        REQUIRE(submit_run(bound, signature, 9, run % 2 == 0 ? context : 0, 0));
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && event->status == SIDING_OK);
        double result;
        memcpy(&result, event_payload(event), sizeof result);
        EXPECT(result == 1.5 + 0.25 + 0.125);
        EXPECT_EQ(digest, 7 + 50 + 60 + 1000);
        EXPECT_EQ(text_seen, run + 1);
    }
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_close(&host);
    EXPECT(wait_until(gives_all_back, &before));
}

/* ---- cells ----------------------------------------------------------------------------------- */

static int32_t use_cells(int32_t *out, const int64_t *in, int32_t *in_out, const int32_t *null) {
    int32_t fresh = *out == 0 && null == NULL;
    *out = (int32_t)*in + *in_out;
    *in_out += 1;
    return fresh;
}

static uint32_t cells_signature(void) {
    return SIGNATURE(I32, OUT, I32, SIDING_TYPE_IN, I64, SIDING_TYPE_INOUT, I32, SIDING_TYPE_IN,
                     I32);
}

static void put_cells(uint64_t in, uint64_t in_out) {
    request_start(&request, cells_signature(), FUNCTION(use_cells));
    const uint64_t words[] = {0, 99, 0, in, 0, in_out, 1, 0};
    for (uint32_t i = 0; i < 8; i++) {
        request_put(&request, words[i]);
    }
}

TEST("B1: each run has fresh cells, though others of it run at the same time") {
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    put_cells(30, 400);
    uint64_t bound = make_bound();
    for (uint32_t round = 0; round < 50; round++) {
        for (uint32_t token = 0; token < 64; token++) {
            REQUIRE(submit_run(bound, cells_signature(), 8, 0, token));
        }
        for (uint32_t i = 0; i < 64; i++) {
            struct news news = next_news(&host);
            REQUIRE(news.status == SIDING_OK);
            EXPECT_EQ((int32_t)news.words[0], 1);
            EXPECT_EQ((int32_t)news.words[1], 430);
            EXPECT_EQ((int32_t)news.words[2], 401);
        }
    }
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_close(&host);
}

static int32_t count_cells(int32_t *in_out) {
    return (int32_t)write_journal((uint64_t)(*in_out)++);
}

TEST("B3: cells of a deferred call are fresh as well, and its texts and memory are freed after") {
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    uint32_t first = journal_count();
    REQUIRE(host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    request_start(&request, SIGNATURE(I32, SIDING_TYPE_INOUT, I32), FUNCTION(count_cells));
    request_put(&request, 0);
    request_put(&request, 5);
    uint64_t bounds[3];
    for (int i = 0; i < 3; i++) {
        bounds[i] = make_bound();
        EXPECT_EQ(siding_context_defer(host.bridge, context, bounds[i]), SIDING_OK);
        REQUIRE(submit_run(bounds[i], SIGNATURE(I32, SIDING_TYPE_INOUT, I32), 2, context, 0));
        EXPECT_EQ((int32_t)expect_news(&host, 0, SIDING_OK).words[1], 6);
        EXPECT_EQ(siding_bound_release(bounds[i]), SIDING_OK);
    }
    host_release(&host, context, 0);
    EXPECT_EQ(journal_count(), first + 6);
    for (uint32_t i = first; i < first + 6; i++) {
        EXPECT_EQ(journal.marks[i], 5);
    }
    host_close(&host);
    EXPECT(wait_until(gives_all_back, &before));
}

/* Arguments of more words than a run for its effect has on its stack. */
struct large {
    uint64_t words[255];
};

static uint64_t sum_large(struct large large) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 255; i++) {
        sum += large.words[i];
    }
    return write_journal(sum);
}

TEST("B3: a deferred call may have any number of argument words") {
    uint8_t descriptor[3 + 256] = {SIDING_NOT_VARIADIC, U64, STRUCT, 255};
    memset(descriptor + 4, U64, 255);
    uint32_t signature = prepare(descriptor, sizeof descriptor);
    uint32_t first = journal_count();
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    request_start(&request, signature, FUNCTION(sum_large));
    for (uint64_t i = 1; i <= 255; i++) {
        request_put(&request, i);
    }
    uint64_t bound = make_bound();
    EXPECT_EQ(siding_context_defer(host.bridge, context, bound), SIDING_OK);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_release(&host, context, 0);
    EXPECT_EQ(journal_count(), first + 1);
    EXPECT_EQ(journal.marks[first], 255 * 256 / 2);
    host_close(&host);
}

/* ---- errno, chains --------------------------------------------------------------------------- */

static uint64_t fail_with(uint64_t error) {
    errno = (int)error;
    return UINT64_MAX;
}

TEST("B1: errno of a run is kept where the bound call or the run asks for it") {
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    for (uint32_t asks = 0; asks < 4; asks++) {
        put_one(&request, FUNCTION(fail_with), ENOTEMPTY, 0);
        request.call.flags = asks & 1 ? SIDING_CALL_ERRNO : 0;
        uint64_t bound = make_bound();
        uint16_t flags = asks & 2 ? SIDING_CALL_ERRNO : 0;
        REQUIRE(submit_bound(&host, bound, SIDING_CALL_BOUND | flags, 0, 0));
        EXPECT_EQ(expect_news(&host, 0, SIDING_OK).error, asks == 0 ? 0 : ENOTEMPTY);
        EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    }
    host_close(&host);
}

static uint64_t count_up(uint64_t counter) {
    return ++*(uint64_t *)(uintptr_t)counter;
}

/* One step, which is repeated as often as the first input says. */
static uint32_t counting_chain(void) {
    uint8_t bytes[64] = {SIDING_CHAIN, 4, 0, SIDING_NOT_VARIADIC, VOID_T, U64, U64};
    uint32_t signature = SIGNATURE(U64, U64);
    uint64_t function = FUNCTION(count_up);
    uint32_t at = 7;
    memcpy(bytes + at, &signature, 4);
    memcpy(bytes + at + 4, &function, 8);
    bytes[at + 12] = SIDING_STEP_EMIT; /* no test, no expected value */
    at += 4 + 8 + 1 + 1 + 8;
    bytes[at++] = 1; /* the second input */
    bytes[at] = 1;
    return prepare(bytes, at + 2);
}

TEST("B3: a bound call may be a chain, also a deferred one") {
    static uint64_t counter;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint32_t chain = counting_chain();
    request_start(&request, chain, FUNCTION(count_up));
    request_put(&request, 5);
    request_put(&request, ADDRESS(&counter));
    uint64_t bound = make_bound();
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    REQUIRE(submit_run(bound, chain, 2, context, 0));
    struct news news = expect_news(&host, 0, SIDING_OK);
    EXPECT_EQ(news.words[0], 5);
    EXPECT(news.words[1] == UINT64_MAX);
    EXPECT_EQ(counter, 5);
    EXPECT_EQ(siding_context_defer(host.bridge, context, bound), SIDING_OK);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_release(&host, context, 0);
    EXPECT_EQ(counter, 10);
    host_close(&host);
}

/* ---- lifetime -------------------------------------------------------------------------------- */

TEST("B4: a bound call released while it is queued or runs, runs still, and is freed after") {
    struct gate gate = GATE_INITIALIZER;
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t bound = bind_one(&host, FUNCTION(pass), ADDRESS(&gate));
    for (uint32_t token = 0; token < 10; token++) {
        REQUIRE(submit_bound(&host, bound, SIDING_CALL_BOUND, context, token));
    }
    REQUIRE(gate_await(&gate, 1));
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    REQUIRE(submit_bound(&host, bound, SIDING_CALL_BOUND, context, 10));
    expect_news(&host, 10, SIDING_ESTALE);
    EXPECT_EQ(siding_bridge_cancel(host.bridge, 9), SIDING_OK);
    gate_open(&gate);
    for (uint32_t token = 0; token < 10; token++) {
        expect_news(&host, token, token == 9 ? SIDING_ECANCELLED : SIDING_OK);
    }
    EXPECT_EQ(gate.entered, 9);
    host_close(&host);
    EXPECT(wait_until(gives_all_back, &before));
}

TEST("B4: other bridges may run a bound call until the bridge that made it ends") {
    static struct host maker;
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 64) && host_open(&maker, 8));
    uint64_t bound = bind_one(&maker, FUNCTION(write_journal), 3);
    for (int run = 0; run < 3; run++) {
        REQUIRE(submit_bound(&host, bound, SIDING_CALL_BOUND, 0, 0));
        EXPECT_EQ(expect_news(&host, 0, SIDING_OK).words[0], 3);
    }
    host_close(&maker);
    REQUIRE(submit_bound(&host, bound, SIDING_CALL_BOUND, 0, 0));
    expect_news(&host, 0, SIDING_ESTALE);
    EXPECT_EQ(siding_bound_release(bound), SIDING_ESTALE);
    host_close(&host);
    EXPECT(wait_until(gives_all_back, &before));
}

static void *release_bound(void *bound) {
    EXPECT_EQ(siding_bound_release(*(uint64_t *)bound), SIDING_OK);
    return NULL;
}

TEST("B4: released by another thread while it is submitted, a bound call runs or is stale") {
    uint64_t chance = print_seed();
    uint32_t stale = 0;
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 64));
    for (uint32_t round = 0; round < ROUNDS(1600u); round++) {
        pthread_t releaser;
        uint64_t bound = bind_one(&host, FUNCTION(fail_with), 1);
        REQUIRE(pthread_create(&releaser, NULL, release_bound, &bound) == 0);
        spin_for(random_below(&chance, 60000));
        for (uint32_t token = 0; token < 8; token++) {
            REQUIRE(submit_bound(&host, bound, SIDING_CALL_BOUND, 0, token));
        }
        for (uint32_t token = 0; token < 8; token++) {
            int32_t status = next_news(&host).status;
            REQUIRE(status == SIDING_OK || status == SIDING_ESTALE);
            stale += status == SIDING_ESTALE;
        }
        pthread_join(releaser, NULL);
    }
    printf("stale: %u of %u\n", stale, 8 * ROUNDS(1600u));
    host_close(&host);
    EXPECT(wait_until(gives_all_back, &before));
}

/* ---- what is refused ------------------------------------------------------------------------- */

TEST("B2: a bound call is run only by its own signature, and its handle names nothing else") {
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t bound = bind_one(&host, FUNCTION(write_journal), 3);
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint32_t first = journal_count();
    REQUIRE(submit_run(bound, SIGNATURE(I64, U64), 1, 0, 0));
    expect_news(&host, 0, SIDING_EINVALID);
    const uint64_t bad[] = {0, bound + 1, bound + (1u << 20), context, host.bridge, UINT64_MAX};
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REQUIRE(submit_run(bad[i], SIGNATURE(U64, U64), 1, context, 0));
        expect_news(&host, 0, SIDING_ESTALE);
    }
    put_one(&request, FUNCTION(write_journal), 1, bound);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    expect_news(&host, 0, SIDING_ESTALE);
    EXPECT_EQ(journal_count(), first);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_close(&host);
}

TEST("B4: malformed bound calls are refused and leave nothing behind") {
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t bound = 7;
    uint64_t memory = stats_now().memory_bytes;
    put_one(&request, FUNCTION(write_journal), 1, 0);
    uint32_t words = request.call.words;
    EXPECT_EQ(siding_bound_create(host.bridge, NULL, words, NULL, 0, &bound), SIDING_EINVALID);
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, words, NULL, 0, NULL),
              SIDING_EINVALID);
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, words - 1, NULL, 0, &bound),
              SIDING_EINVALID);
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, 3, NULL, 0, &bound), SIDING_EINVALID);
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, 65536, NULL, 0, &bound),
              SIDING_EINVALID);
    EXPECT_EQ(siding_bound_create(host.bridge, (char *)request.words + 4, words, NULL, 0, &bound),
              SIDING_EINVALID);
    request.call.signature = 0;
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, words, NULL, 0, &bound),
              SIDING_EINVALID);
    (void)put_all(12345); /* no such block */
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, request.call.words, NULL, 0, &bound),
              SIDING_EINVALID);
    put_cells(1, 2);
    EXPECT_EQ(
        siding_bound_create(host.bridge, request.words, request.call.words - 1, NULL, 0, &bound),
        SIDING_EINVALID);
    EXPECT_EQ(bound, 7);
    EXPECT_EQ(stats_now().memory_bytes, memory);
    EXPECT_EQ(stats_now().bound_calls, 0);
    bound = bind_one(&host, FUNCTION(write_journal), 3);
    EXPECT_EQ(siding_bound_keep(host.bridge, bound, 12345), SIDING_EINVALID);
    EXPECT_EQ(siding_bound_keep(0, bound, 0), SIDING_ESTALE);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    EXPECT_EQ(siding_bound_release(bound), SIDING_ESTALE);
    host_close(&host);
}

TEST("X6: what a bridge has bound ends with it") {
    uint32_t before = stats_now().bound_calls;
    REQUIRE(host_open(&host, 16));
    request_start(&request, SIGNATURE(VOID_T), FUNCTION(abort));
    uint64_t first = make_bound();
    uint64_t second = make_bound();
    (void)make_bound();
    EXPECT_EQ(siding_bound_release(second), SIDING_OK);
    EXPECT_EQ(stats_now().bound_calls, before + 2);
    host_close(&host);
    EXPECT_EQ(stats_now().bound_calls, before);
    EXPECT_EQ(siding_bound_release(first), SIDING_ESTALE);
}

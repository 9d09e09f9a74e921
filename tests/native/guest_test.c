/*
 * guest_test.c - calls on a context from threads that have no bridge.
 */
#include "../../lib/core/pool.h"
#include "context_fixture.h"

static struct host host; /* each test opens and closes it */

/* ---- what a guest's thread allocates --------------------------------------------------------- */

#if defined(__GLIBC__) && !defined(FIXTURE_SANITIZED)
#define COUNTS_ALLOCATIONS 1

static _Thread_local uint32_t allocations;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    allocations++;
    return __libc_realloc(memory, size);
}

#else
static uint32_t allocations;
#endif

/* ---- calls ----------------------------------------------------------------------------------- */

/* What a guest keeps on its stack, as it may not allocate. */
struct guest_call {
    uint64_t event[SIDING_EVENT_WORDS_MAX];
    uint64_t record[64];
    uint32_t words;
};

static void guest_start(struct guest_call *call, uint32_t signature, uint64_t function,
                        uint64_t context) {
    *(struct siding_call *)call->record =
        (struct siding_call){.signature = signature, .function = function, .context = context};
    call->words = SIDING_CALL_WORDS;
}

static int32_t guest_run(struct guest_call *call) {
    return siding_context_call(call->record, call->words, call->event, SIDING_EVENT_WORDS_MAX);
}

static const struct siding_event *guest_event(const struct guest_call *call) {
    return (const struct siding_event *)call->event;
}

/* @return words, or a status; the status and result of the event */
static int32_t guest_one(uint32_t signature, uint64_t function, uint64_t argument, uint64_t context,
                         int32_t *out_status, uint64_t *out_result) {
    struct guest_call call;
    guest_start(&call, signature, function, context);
    call.record[call.words++] = argument;
    int32_t words = guest_run(&call);
    if (words > 0) {
        *out_status = guest_event(&call)->status;
        *out_result = call.event[SIDING_EVENT_WORDS];
    }
    return words;
}

static uint64_t add_self(uint64_t number) {
    return number + siding_thread_self();
}

struct visit {
    uint32_t signature;
    uint64_t context;
    uint64_t thread; /* of the context */
    uint32_t calls;
    uint32_t allocated;
};

static void *pay_visit(void *argument) {
    struct visit *visit = argument;
    uint32_t before = allocations;
    for (uint64_t i = 0; i < visit->calls; i++) {
        int32_t status = -1;
        uint64_t result = 0;
        int32_t words =
            guest_one(visit->signature, FUNCTION(add_self), i, visit->context, &status, &result);
        EXPECT(words == SIDING_EVENT_WORDS + 1 && status == SIDING_OK);
        EXPECT(result == visit->thread + i);
    }
    visit->allocated = allocations - before;
    return NULL;
}

static struct visit visit_of(uint64_t context, uint32_t calls) {
    uint32_t signature = SIGNATURE(U64, U64);
    EXPECT(submit_one(&host, FUNCTION(add_self), 0, context, 0));
    uint64_t thread = expect_news(&host, 0, SIDING_OK).words[0];
    return (struct visit){signature, context, thread, calls, 0};
}

TEST("P13: raw threads, a new one for each call, run calls on a context and allocate nothing") {
    REQUIRE(limit_pool(4) && host_open(&host, 8));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    struct visit visit = visit_of(context, 1);
    uint32_t allocated = 0;
    for (uint32_t i = 0; i < ROUNDS(2000u); i++) {
        pthread_t guest;
        REQUIRE(pthread_create(&guest, NULL, pay_visit, &visit) == 0);
        pthread_join(guest, NULL);
        allocated += visit.allocated;
    }
    EXPECT_EQ(allocated, 0);
    host_release(&host, context, 0);
    host_close(&host);
#if !defined(COUNTS_ALLOCATIONS)
    printf("allocations are not counted here\n");
#endif
}

#define GUESTS 8

TEST("P13: eight raw threads at once and the host itself share a context's thread") {
    pthread_t guests[GUESTS];
    struct visit visits[GUESTS];
    REQUIRE(limit_pool(4) && host_open(&host, 2048));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    for (int i = 0; i < GUESTS; i++) {
        visits[i] = visit_of(context, ROUNDS(4000u));
        REQUIRE(pthread_create(&guests[i], NULL, pay_visit, &visits[i]) == 0);
    }
    for (uint32_t token = 0; token < 2000; token++) {
        REQUIRE(submit_one(&host, FUNCTION(add_self), token, context, token));
    }
    for (uint32_t token = 0; token < 2000; token++) {
        EXPECT(expect_news(&host, token, SIDING_OK).words[0] == visits[0].thread + token);
    }
    for (int i = 0; i < GUESTS; i++) {
        pthread_join(guests[i], NULL);
        EXPECT_EQ(visits[i].allocated, 0);
    }
    host_release(&host, context, 0);
    host_close(&host);
}

static double measure(const char *text, int32_t *in_out, double number) {
    *in_out += (int32_t)strlen(text);
    errno = ERANGE;
    return number * 2;
}

TEST("P13: texts, cells, errno and results of a guest's call are as those of a host's") {
    struct guest_call call;
    REQUIRE(limit_pool(4) && host_open(&host, 8));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    double number = 1.25;
    guest_start(&call, SIGNATURE(F64, TEXT, SIDING_TYPE_INOUT, I32, F64), FUNCTION(measure),
                context);
    ((struct siding_call *)call.record)->flags = SIDING_CALL_ERRNO;
    call.record[4] = (uint64_t)SIDING_REFERENCE_INLINE << 32 | 8 * 8;
    call.record[5] = 0;
    call.record[6] = 100;
    memcpy(&call.record[7], &number, sizeof number);
    memcpy(&call.record[8], "0123456789", 11);
    call.words = 10;
    EXPECT_EQ(guest_run(&call), SIDING_EVENT_WORDS + 2);
    memcpy(&number, &call.event[SIDING_EVENT_WORDS], sizeof number);
    EXPECT(number == 2.5);
    EXPECT_EQ((int32_t)call.event[SIDING_EVENT_WORDS + 1], 110);
    EXPECT_EQ(guest_event(&call)->error, ERANGE);
    host_release(&host, context, 0);
    host_close(&host);
}

/* ---- what is refused ------------------------------------------------------------------------- */

TEST("P13: stale, forged and foreign handles, and what does not fit, are refused to guests") {
    struct guest_call call;
    int32_t status = -1;
    uint64_t result = 0;
    REQUIRE(limit_pool(4) && host_open(&host, 8));
    uint32_t signature = SIGNATURE(U64, U64);
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t stale = lease(&host, times(2000, 1000, 0, 0));
    uint64_t bound = bind_one(&host, FUNCTION(add_self), 0);
    host_release(&host, stale, 0);
    const uint64_t bad[] = {0, stale, context + 1, context ^ (1u << 17), bound, UINT64_MAX};
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT_EQ(guest_one(signature, FUNCTION(add_self), 1, bad[i], &status, &result),
                  SIDING_ESTALE);
    }
    EXPECT_EQ(guest_one(0, FUNCTION(add_self), 1, context, &status, &result), SIDING_EINVALID);
    guest_start(&call, signature, FUNCTION(add_self), context);
    EXPECT_EQ(guest_run(&call), SIDING_EINVALID); /* no argument */
    call.words = 5;
    EXPECT_EQ(siding_context_call(call.record, 5, call.event, 4095), SIDING_ESPACE);
    EXPECT_EQ(siding_context_call(NULL, 5, call.event, 4096), SIDING_EINVALID);
    EXPECT_EQ(siding_context_call(call.record, 5, NULL, 4096), SIDING_EINVALID);
    EXPECT_EQ(siding_context_call((char *)call.record + 4, 5, call.event, 4096), SIDING_EINVALID);
    guest_start(&call, SIGNATURE(STRUCT, 5, U64, U64, U64, U64, U64), FUNCTION(add_self), context);
    EXPECT_EQ(guest_run(&call), SIDING_ESPACE);
    guest_start(&call, SIGNATURE(VOID_T, BUF), FUNCTION(add_self), context);
    call.record[call.words++] = (uint64_t)SIDING_REFERENCE_BLOCK << 32;
    EXPECT_EQ(guest_run(&call), SIDING_EINVALID);
    EXPECT_EQ(status, -1);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_close(&host);
}

static uint64_t call_own(uint64_t context) {
    struct guest_call call;
    guest_start(&call, SIGNATURE(U64, U64), FUNCTION(add_self), context);
    call.record[call.words++] = 5;
    return (uint64_t)(uint32_t)guest_run(&call);
}

TEST("P11: a guest's call on its own thread is refused; on another context it works") {
    REQUIRE(limit_pool(4) && host_open(&host, 8));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t other = lease(&host, times(2000, 1000, 0, 0));
    for (int round = 0; round < 100; round++) {
        REQUIRE(submit_one(&host, FUNCTION(call_own), context, context, 0));
        EXPECT_EQ((int32_t)expect_news(&host, 0, SIDING_OK).words[0], SIDING_EREENTRANT);
        REQUIRE(submit_one(&host, FUNCTION(call_own), other, context, 0));
        EXPECT_EQ(expect_news(&host, 0, SIDING_OK).words[0], SIDING_EVENT_WORDS + 1);
    }
    host_release(&host, context, 0);
    host_release(&host, other, 0);
    host_close(&host);
}

/* ---- racing with the release ----------------------------------------------------------------- */

static _Atomic(uint64_t) offered;  /* the context, for guests; 0: they are to go */
static _Atomic(uint64_t) served;   /* calls that ran */
static _Thread_local uint64_t own; /* the lease that the thread is in */
static atomic_uint strangers;      /* calls that ran in another lease than theirs */
static uint32_t visit_signature;

static uint64_t enter_lease(uint64_t context) {
    own = context;
    return 0;
}

static uint64_t visit_lease(uint64_t context) {
    atomic_fetch_add(&strangers, own != context);
    atomic_fetch_add(&served, 1);
    return context;
}

static void *haunt(void *unused) {
    uint64_t ended = 0;
    for (;;) {
        int32_t status = SIDING_OK;
        uint64_t result = 0;
        uint64_t context = atomic_load(&offered);
        if (context == 0) {
            return unused;
        }
        if (context == ended) {
            siding_thread_yield();
            continue;
        }
        int32_t words =
            guest_one(visit_signature, FUNCTION(visit_lease), context, context, &status, &result);
        bool refused =
            words == SIDING_ESTALE || (words == SIDING_EVENT_WORDS && status == SIDING_ERECYCLING);
        EXPECT(refused || (words == SIDING_EVENT_WORDS + 1 && result == context));
        ended = refused ? context : 0;
    }
}

static bool has_served(void *calls) {
    return atomic_load(&served) >= *(uint64_t *)calls;
}

#define HAUNTERS 4

static void be_haunted(uint32_t rounds, uint32_t flags) {
    pthread_t guests[HAUNTERS];
    uint64_t chance = print_seed();
    visit_signature = SIGNATURE(U64, U64);
    uint64_t context = lease(&host, times(20000, 1000, 0, flags));
    EXPECT(submit_one(&host, FUNCTION(enter_lease), context, context, 0));
    expect_news(&host, 0, SIDING_OK);
    atomic_store(&offered, context);
    for (int i = 0; i < HAUNTERS; i++) {
        EXPECT_EQ(pthread_create(&guests[i], NULL, haunt, NULL), 0);
    }
    for (uint32_t round = 0; round < rounds && atomic_load(&harness_failures) == 0; round++) {
        uint64_t enough = atomic_load(&served) + random_below(&chance, 4);
        EXPECT(wait_until(has_served, &enough));
        spin_for(random_below(&chance, 4000));
        host_release(&host, context, 0);
        context = lease(&host, times(20000, 1000, 0, flags));
        EXPECT(submit_one(&host, FUNCTION(enter_lease), context, context, 0));
        expect_news(&host, 0, SIDING_OK);
        atomic_store(&offered, context);
    }
    atomic_store(&offered, 0);
    for (int i = 0; i < HAUNTERS; i++) {
        pthread_join(guests[i], NULL);
    }
    host_release(&host, context, 0);
    printf("served: %" PRIu64 "\n", atomic_load(&served));
    EXPECT_EQ(atomic_load(&strangers), 0);
}

TEST("P13, P8: guests race with 10,000 releases: no call hangs, none runs in the next lease") {
    REQUIRE(empty_pool(1) && host_open(&host, 8));
    be_haunted(ROUNDS(10000u), 0);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

TEST("P13, P16: guests race with the end of 4,000 fresh threads: no call hangs") {
    REQUIRE(empty_pool(2) && host_open(&host, 8));
    be_haunted(ROUNDS(4000u), SIDING_CONTEXT_FRESH);
    host_close(&host);
    EXPECT(wait_until(has_no_thread, NULL));
}

/* ---- wedged ---------------------------------------------------------------------------------- */

static void *visit_late(void *argument) {
    int32_t status = SIDING_OK;
    uint64_t result = 0;
    uint64_t context = *(uint64_t *)argument;
    int32_t words =
        guest_one(visit_signature, FUNCTION(visit_lease), context, context, &status, &result);
    EXPECT_EQ(words, SIDING_EVENT_WORDS);
    EXPECT_EQ(status, SIDING_ERECYCLING);
    return NULL;
}

static bool has_guest_queued(void *unused) {
    (void)unused;
    return stats_now().slots_wedged == 1;
}

TEST("P13, P4: a guest queued behind a call that never returns is answered when it does") {
    struct gate gate = GATE_INITIALIZER;
    pthread_t guest;
    REQUIRE(limit_pool(2) && host_open(&host, 8));
    visit_signature = SIGNATURE(U64, U64);
    uint64_t context = lease(&host, times(50, 1000, 0, 0));
    uint64_t before = atomic_load(&served);
    REQUIRE(submit_one(&host, FUNCTION(pass), ADDRESS(&gate), context, 0));
    REQUIRE(gate_await(&gate, 1));
    REQUIRE(pthread_create(&guest, NULL, visit_late, &context) == 0);
    spin_for(5 * NS_PER_MS); /* it is queued, most of the time; else it is stale */
    REQUIRE(begin_release(&host, context, 1) == 1);
    EXPECT_EQ(expect_news(&host, 1, SIDING_OK).error, 1);
    EXPECT(has_guest_queued(NULL));
    gate_open(&gate);
    expect_news(&host, 0, SIDING_OK);
    pthread_join(guest, NULL);
    EXPECT_EQ(atomic_load(&served), before);
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

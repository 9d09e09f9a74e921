/*
 * repeat_test.c - calls that a context repeats: which runs become events, how it ends, what runs in
 * between.
 */
#include "context_fixture.h"

static struct host host; /* each test opens and closes it */

#define ENDS_MS_MAX 50
#define WAKES_MS_MAX 5

/* ---- opening --------------------------------------------------------------------------------- */

static struct siding_repeat_options repetition(uint64_t context) {
    return (struct siding_repeat_options){.size_bytes = sizeof(struct siding_repeat_options),
                                          .context = context};
}

static struct siding_repeat_options waking(uint64_t context, struct siding_interrupt wake) {
    struct siding_repeat_options options = repetition(context);
    options.wake_kind = wake.kind;
    options.wake_operand = wake.operand;
    options.wake_value = wake.value;
    return options;
}

static uint64_t open_repeat(struct siding_repeat_options options) {
    uint64_t repeat = 0;
    EXPECT_EQ(siding_repeat_open(host.bridge, &options, &repeat), SIDING_OK);
    return repeat;
}

/* Queues a body: a run of a bound call made by bind_one. */
static bool queue(uint64_t bound, uint64_t repeat, uint32_t token) {
    return submit_bound(&host, bound, SIDING_CALL_BOUND, repeat, token);
}

static uint64_t echo(uint64_t number) {
    return number;
}

/* ---- S11: emit and until --------------------------------------------------------------------- */

static uint64_t count_up(uint64_t counter) {
    return (*(uint64_t *)(uintptr_t)counter)++;
}

static uint64_t count_thirds(uint64_t counter) {
    uint64_t number = count_up(counter);
    return number >= 300 ? 99 : number % 3;
}

TEST("S11: without a test every run is an event, one for each body, in order") {
    static uint64_t counter;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t bound = bind_one(&host, FUNCTION(count_up), ADDRESS(&counter));
    uint64_t repeat = open_repeat(repetition(context));
    for (uint32_t token = 0; token < 5; token++) {
        REQUIRE(queue(bound, repeat, token));
    }
    for (uint64_t number = 0; number < 500; number++) {
        uint32_t token = (uint32_t)number % 5;
        REQUIRE(expect_news(&host, token, SIDING_OK).words[0] == number);
        REQUIRE(number >= 495 || queue(bound, repeat, token));
    }
    EXPECT_EQ(counter, 500); /* no body, no run */
    EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK);
    EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_ESTALE);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_release(&host, context, 0);
    host_close(&host);
}

TEST("S11: only runs that emit_test selects are events; until_test ends it without one") {
    for (uint32_t equal = 0; equal < 2; equal++) {
        static uint64_t counter;
        uint32_t bodies = 2;
        uint32_t events = 0;
        counter = 0;
        REQUIRE(limit_pool(4) && host_open(&host, 64));
        uint64_t context = lease(&host, times(2000, 1000, 0, 0));
        uint64_t bound = bind_one(&host, FUNCTION(count_thirds), ADDRESS(&counter));
        struct siding_repeat_options options = repetition(context);
        options.emit_test = equal == 1 ? SIDING_TEST_EQUAL : SIDING_TEST_DIFFERENT;
        options.emit_expected = 1;
        options.until_test = SIDING_TEST_EQUAL;
        options.until_expected = 99;
        uint64_t repeat = open_repeat(options);
        REQUIRE(queue(bound, repeat, 0) && queue(bound, repeat, 1));
        while (bodies > 0) {
            struct news news = next_news(&host);
            REQUIRE(news.status == SIDING_OK || news.status == SIDING_EENDED);
            if (news.status == SIDING_EENDED) {
                bodies--;
                continue;
            }
            EXPECT(news.words[0] != 99 && (news.words[0] == 1) == (equal == 1));
            events++;
            REQUIRE(queue(bound, repeat, news.token));
        }
        EXPECT_EQ(events, equal == 1 ? 100 : 200);
        EXPECT_EQ(counter, 301);
        REQUIRE(queue(bound, repeat, 0));
        expect_news(&host, 0, SIDING_EENDED);
        EXPECT_EQ(counter, 301);
        EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK);
        EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
        host_close(&host);
    }
}

static int8_t minus_one(uint64_t unused) {
    return (int8_t)(-1 - (int8_t)unused);
}

TEST("S11: results are compared as wide as they are") {
    static union request request;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t bound = 0;
    request_start(&request, SIGNATURE(I8, U64), FUNCTION(minus_one));
    request_put(&request, 0);
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, request.call.words, NULL, 0, &bound),
              0);
    struct siding_repeat_options options = repetition(context);
    options.emit_test = SIDING_TEST_EQUAL;
    options.emit_expected = (uint64_t)-1;
    uint64_t repeat = open_repeat(options);
    request.call.function = bound;
    request.call.flags = SIDING_CALL_BOUND;
    request.call.context = repeat;
    REQUIRE(host_submit(&host, &request, 0) == 1);
    EXPECT_EQ((int8_t)expect_news(&host, 0, SIDING_OK).words[0], -1);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_close(&host);
}

TEST("S11: wrong repetitions are refused") {
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    struct siding_repeat_options good = repetition(context);
    struct siding_repeat_options bad[] = {good, good, good, good, good, good};
    uint64_t out = 7;
    bad[0].emit_test = SIDING_TEST_SUCCESS;
    bad[1].until_test = 77;
    bad[2].wake_kind = 9;
    bad[3].wake_kind = SIDING_INTERRUPT_FLAG; /* of no address */
    bad[4].size_bytes--;
    bad[5].wake_kind = SIDING_INTERRUPT_BOUND;
    for (uint32_t i = 0; i < 6; i++) {
        int32_t expected = i == 5 ? SIDING_ESTALE : SIDING_EINVALID;
        EXPECT_EQ(siding_repeat_open(host.bridge, &bad[i], &out), expected);
    }
    EXPECT_EQ(siding_repeat_open(host.bridge, NULL, &out), SIDING_EINVALID);
    EXPECT_EQ(siding_repeat_open(host.bridge, &good, NULL), SIDING_EINVALID);
    EXPECT_EQ(out, 7);
    uint64_t repeat = open_repeat(good);
    REQUIRE(submit_one(&host, FUNCTION(echo), 1, repeat, 0)); /* its words are not kept */
    expect_news(&host, 0, SIDING_EINVALID);
    EXPECT_EQ(siding_context_release(host.bridge, repeat, 0), SIDING_ESTALE);
    EXPECT_EQ(siding_repeat_close(host.bridge, context), SIDING_ESTALE);
    host_close(&host);
}

/* ---- S11: calls in between ------------------------------------------------------------------- */

static uint64_t never(uint64_t counter) {
    count_up(counter);
    return 0;
}

TEST("S11: calls queued meanwhile run between two runs, in order, before the next one") {
    static uint64_t counter;
    REQUIRE(limit_pool(4) && host_open(&host, 2048));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t bound = bind_one(&host, FUNCTION(never), ADDRESS(&counter));
    struct siding_repeat_options options = repetition(context);
    options.emit_test = SIDING_TEST_EQUAL;
    options.emit_expected = 1;
    uint64_t repeat = open_repeat(options);
    REQUIRE(queue(bound, repeat, 0));
    for (uint32_t token = 1; token < 2000; token++) {
        REQUIRE(submit_one(&host, FUNCTION(echo), token, context, token));
    }
    for (uint32_t token = 1; token < 2000; token++) {
        REQUIRE(expect_news(&host, token, SIDING_OK).words[0] == token);
    }
    EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK);
    expect_news(&host, 0, SIDING_EENDED);
    uint64_t runs = counter;
    REQUIRE(submit_one(&host, FUNCTION(echo), 1, context, 0));
    expect_news(&host, 0, SIDING_OK);
    EXPECT(runs > 0 && counter == runs);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_close(&host);
}

/* A library's loop: waits until its wake is asked for, or an event comes. */
struct loop {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint32_t wakes;
    uint32_t events;
    atomic_int entered;
};

#define LOOP_INITIALIZER {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}

static uint64_t loop_run(uint64_t argument) {
    struct loop *loop = (struct loop *)(uintptr_t)argument;
    struct timespec deadline = wait_deadline();
    int error = 0;
    pthread_mutex_lock(&loop->mutex);
    atomic_fetch_add(&loop->entered, 1);
    while (loop->wakes == 0 && loop->events == 0 && error == 0) {
        error = pthread_cond_timedwait(&loop->changed, &loop->mutex, &deadline);
    }
    bool has_event = loop->events > 0;
    loop->events -= has_event;
    loop->wakes = 0;
    pthread_mutex_unlock(&loop->mutex);
    EXPECT_EQ(error, 0);
    return has_event;
}

static uint64_t loop_wake(uint64_t argument) {
    struct loop *loop = (struct loop *)(uintptr_t)argument;
    pthread_mutex_lock(&loop->mutex);
    loop->wakes++;
    pthread_cond_signal(&loop->changed);
    pthread_mutex_unlock(&loop->mutex);
    return 0;
}

static void loop_post(struct loop *loop) {
    pthread_mutex_lock(&loop->mutex);
    loop->events++;
    pthread_cond_signal(&loop->changed);
    pthread_mutex_unlock(&loop->mutex);
}

static bool loop_is_entered(void *loop) {
    return atomic_load(&((struct loop *)loop)->entered) > 0;
}

/* A repetition of a loop that gives an event where the loop has one. */
static uint64_t open_loop(uint64_t context, struct loop *loop, uint64_t *out_body) {
    uint64_t wake = bind_one(&host, FUNCTION(loop_wake), ADDRESS(loop));
    struct siding_repeat_options options = waking(context, by_bound(wake));
    options.emit_test = SIDING_TEST_EQUAL;
    options.emit_expected = 1;
    uint64_t repeat = open_repeat(options);
    EXPECT_EQ(siding_bound_release(wake), SIDING_OK);
    *out_body = bind_one(&host, FUNCTION(loop_run), ADDRESS(loop));
    return repeat;
}

static int compare_numbers(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

#define WAKES ROUNDS(2000u)

TEST("S11: a call queued while the body blocks runs within 5 ms, where its wake is given") {
    static struct loop loop = LOOP_INITIALIZER;
    static uint64_t took_us[WAKES];
    uint64_t chance = print_seed();
    uint64_t body = 0;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t repeat = open_loop(context, &loop, &body);
    REQUIRE(queue(body, repeat, 0));
    REQUIRE(wait_until(loop_is_entered, &loop));
    for (uint32_t round = 0; round < WAKES; round++) {
        spin_for(random_below(&chance, 40000)); /* it blocks, or is about to */
        uint64_t start_ns = siding_clock_ns();
        REQUIRE(submit_one(&host, FUNCTION(echo), round, context, 1));
        REQUIRE(expect_news(&host, 1, SIDING_OK).words[0] == round);
        took_us[round] = (siding_clock_ns() - start_ns) / 1000;
        if (random_below(&chance, 8) == 0) {
            loop_post(&loop);
            EXPECT_EQ(expect_news(&host, 0, SIDING_OK).words[0], 1);
            REQUIRE(queue(body, repeat, 0));
        }
    }
    qsort(took_us, WAKES, sizeof took_us[0], compare_numbers);
    printf("woken after %u us, 99 %% within %u us\n", (uint32_t)took_us[WAKES / 2],
           (uint32_t)took_us[WAKES * 99 / 100]);
    EXPECT(took_us[WAKES * 9 / 10] <= WAKES_MS_MAX * 1000); /* two noisy cores */
    EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK);
    expect_news(&host, 0, SIDING_EENDED);
    EXPECT_EQ(siding_bound_release(body), SIDING_OK);
    host_close(&host);
}

TEST("S11: nothing is lost where the host takes its time: a run waits for a body") {
    static struct loop loop = LOOP_INITIALIZER;
    uint64_t body = 0;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t repeat = open_loop(context, &loop, &body);
    for (uint32_t token = 0; token < 4; token++) {
        REQUIRE(queue(body, repeat, token));
    }
    for (uint32_t i = 0; i < 1000; i++) {
        loop_post(&loop);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        struct news news = next_news(&host);
        REQUIRE(news.status == SIDING_OK && news.words[0] == 1);
        REQUIRE(i >= 996 || queue(body, repeat, news.token));
    }
    EXPECT_EQ(loop.events, 0);
    EXPECT_EQ(siding_bound_release(body), SIDING_OK);
    host_close(&host);
}

/* ---- S11: the end ---------------------------------------------------------------------------- */

TEST("S11: closed while its body blocks, it ends within 50 ms, by its wake") {
    static struct loop loop = LOOP_INITIALIZER;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t best_ms = UINT64_MAX;
    for (int round = 0; round < ROUNDS(200); round++) {
        uint64_t body = 0;
        uint64_t repeat = open_loop(context, &loop, &body);
        atomic_store(&loop.entered, 0);
        REQUIRE(queue(body, repeat, 0) && queue(body, repeat, 1));
        REQUIRE(wait_until(loop_is_entered, &loop));
        uint64_t start_ns = siding_clock_ns();
        EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK);
        EXPECT_EQ(next_news(&host).status, SIDING_EENDED);
        EXPECT_EQ(next_news(&host).status, SIDING_EENDED);
        best_ms = elapsed_ms(start_ns) < best_ms ? elapsed_ms(start_ns) : best_ms;
        EXPECT_EQ(siding_bound_release(body), SIDING_OK);
    }
    EXPECT(best_ms <= ENDS_MS_MAX);
    host_close(&host);
}

TEST("S11: closed while its body blocks, it ends by a signal where no wake is given") {
    static struct reading reading;
    REQUIRE(limit_pool(4) && host_open(&host, 64) && reading_open(&reading));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t body = bind_one(&host, FUNCTION(read_once), ADDRESS(&reading));
    for (int round = 0; round < ROUNDS(400); round++) {
        struct siding_repeat_options options = repetition(context);
        options.emit_test = SIDING_TEST_EQUAL; /* no run: read_once gives 0 or errno */
        options.emit_expected = 12345;
        uint64_t repeat = open_repeat(options);
        atomic_store(&reading.entered, 0);
        REQUIRE(queue(body, repeat, 0));
        REQUIRE(wait_until(is_reading, &reading));
        uint64_t start_ns = siding_clock_ns();
        EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK);
        REQUIRE(next_news(&host).status == SIDING_OK + SIDING_EENDED);
        EXPECT(elapsed_ms(start_ns) <= 20 * ENDS_MS_MAX);
    }
    EXPECT_EQ(siding_bound_release(body), SIDING_OK);
    reading_close(&reading);
    host_close(&host);
}

TEST("S11: closed before its body starts, or just then, it ends, 20,000 times") {
    static struct reading reading;
    uint64_t chance = print_seed();
    uint32_t events = 0;
    REQUIRE(limit_pool(4) && host_open(&host, 64) && reading_open(&reading));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t body = bind_one(&host, FUNCTION(read_once), ADDRESS(&reading));
    for (int round = 0; round < ROUNDS(20000); round++) {
        uint64_t repeat = open_repeat(repetition(context));
        REQUIRE(queue(body, repeat, 0));
        spin_for(random_below(&chance, 40000));
        EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK);
        struct news news = next_news(&host);
        /* a run that was interrupted is a run, and selected */
        REQUIRE(news.status == SIDING_EENDED ||
                (news.status == SIDING_OK && news.words[0] == EINTR));
        events += news.status == SIDING_OK;
    }
    printf("had begun: %u of %u\n", events, ROUNDS(20000u));
    EXPECT_EQ(siding_bound_release(body), SIDING_OK);
    reading_close(&reading);
    host_close(&host);
}

TEST("S11: siding_bridge_interrupt makes a body's run return; the repetition goes on") {
    static struct reading reading;
    struct siding_interrupt interrupt = by_signal();
    REQUIRE(limit_pool(4) && host_open(&host, 64) && reading_open(&reading));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    uint64_t body = bind_one(&host, FUNCTION(read_once), ADDRESS(&reading));
    uint64_t repeat = open_repeat(repetition(context));
    for (int round = 0; round < ROUNDS(400); round++) {
        atomic_store(&reading.entered, 0);
        REQUIRE(queue(body, repeat, 0));
        REQUIRE(wait_until(is_reading, &reading));
        EXPECT_EQ(siding_bridge_interrupt(host.bridge, 0, &interrupt), SIDING_OK);
        REQUIRE(expect_news(&host, 0, SIDING_OK).words[0] == EINTR);
    }
    EXPECT_EQ(siding_bound_release(body), SIDING_OK);
    reading_close(&reading);
    host_close(&host);
}

/* ---- S11: the lease, the bridge -------------------------------------------------------------- */

TEST("S11, P4: a release wakes a body that blocks; its calls get ERECYCLING or EENDED") {
    static struct loop loop = LOOP_INITIALIZER;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    for (int round = 0; round < ROUNDS(200); round++) {
        uint64_t body = 0;
        uint64_t context = lease(&host, times(20000, 1000, 0, 0));
        uint64_t repeat = open_loop(context, &loop, &body);
        atomic_store(&loop.entered, 0);
        REQUIRE(queue(body, repeat, 0) && queue(body, repeat, 1));
        REQUIRE(wait_until(loop_is_entered, &loop));
        REQUIRE(begin_release(&host, context, 2) == 1);
        EXPECT_EQ(next_news(&host).status, SIDING_ERECYCLING);
        EXPECT_EQ(next_news(&host).status, SIDING_ERECYCLING);
        EXPECT_EQ(expect_news(&host, 2, SIDING_OK).error, 0);
        REQUIRE(queue(body, repeat, 0));
        expect_news(&host, 0, SIDING_ESTALE);
        EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK);
        EXPECT_EQ(siding_bound_release(body), SIDING_OK);
    }
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

TEST("S11, P4: a body that blocks without wake: the lease's interrupt ends it, or it is wedged") {
    static struct reading reading;
    struct siding_interrupt interrupt = by_signal();
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    for (int interrupts = 0; interrupts < 2; interrupts++) {
        REQUIRE(reading_open(&reading));
        uint64_t context = lease(&host, times(30, 1000, 0, 0));
        uint64_t body = bind_one(&host, FUNCTION(read_once), ADDRESS(&reading));
        uint64_t repeat = open_repeat(repetition(context));
        if (interrupts == 1) {
            EXPECT_EQ(siding_context_interrupt_with(host.bridge, context, &interrupt), SIDING_OK);
        }
        REQUIRE(queue(body, repeat, 0));
        REQUIRE(wait_until(is_reading, &reading));
        REQUIRE(begin_release(&host, context, 1) == 1);
        if (interrupts == 0) {
            EXPECT_EQ(expect_news(&host, 1, SIDING_OK).error, 1);
            EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK); /* by signal */
            EXPECT_EQ(expect_news(&host, 0, SIDING_OK).words[0], EINTR);
        } else {
            EXPECT_EQ(expect_news(&host, 0, SIDING_OK).words[0], EINTR);
            EXPECT_EQ(expect_news(&host, 1, SIDING_OK).error, 0);
            EXPECT_EQ(siding_repeat_close(host.bridge, repeat), SIDING_OK);
        }
        EXPECT_EQ(siding_bound_release(body), SIDING_OK);
        EXPECT(wait_until(pool_rests, NULL));
        reading_close(&reading);
    }
    host_close(&host);
}

TEST("S11: when the bridge closes, bodies that block are ended, whatever the drain time") {
    static struct reading reading;
    static struct loop loop = LOOP_INITIALIZER;
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    for (int round = 0; round < 20; round++) {
        REQUIRE(host_open(&host, 64) && reading_open(&reading));
        uint64_t looped = 0;
        uint64_t contexts[2] = {lease(&host, times(20000, 1000, 0, 0)),
                                lease(&host, times(20000, 1000, 0, 0))};
        uint64_t body = bind_one(&host, FUNCTION(read_once), ADDRESS(&reading));
        uint64_t repeat = open_repeat(repetition(contexts[0]));
        uint64_t other = open_loop(contexts[1], &loop, &looped);
        atomic_store(&loop.entered, 0);
        REQUIRE(queue(body, repeat, 0) && queue(looped, other, 1));
        REQUIRE(wait_until(is_reading, &reading) && wait_until(loop_is_entered, &loop));
        EXPECT_EQ(siding_bound_release(body), SIDING_OK);
        EXPECT_EQ(siding_bound_release(looped), SIDING_OK);
        uint64_t start_ns = siding_clock_ns();
        host_close(&host);
        EXPECT(wait_until(gives_all_back, &before));
        EXPECT(elapsed_ms(start_ns) < 1000);
        reading_close(&reading);
    }
}

TEST("S11: 10,000 repetitions of bridges that closed without closing them leave room for more") {
    static struct siding_repeat_options options;
    uint64_t repeat = 0;
    REQUIRE(limit_pool(4));
    for (int round = 0; round < 100; round++) {
        REQUIRE(host_open(&host, 64));
        options = repetition(lease(&host, times(20000, 1000, 0, 0)));
        for (int i = 0; i < 100; i++) {
            REQUIRE(siding_repeat_open(host.bridge, &options, &repeat) == SIDING_OK);
        }
        host_close(&host);
        EXPECT(wait_until(pool_rests, NULL));
    }
}

/* ---- S11: several, chains -------------------------------------------------------------------- */

TEST("S11: several repetitions of one context take turns; closing one leaves the others") {
    static uint64_t counters[3];
    uint64_t bounds[3];
    uint64_t repeats[3];
    uint32_t events[3] = {0};
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    for (uint32_t i = 0; i < 3; i++) {
        bounds[i] = bind_one(&host, FUNCTION(count_up), ADDRESS(&counters[i]));
        repeats[i] = open_repeat(repetition(context));
        REQUIRE(queue(bounds[i], repeats[i], i));
    }
    for (uint32_t i = 0; i < 3000; i++) {
        struct news news = next_news(&host);
        REQUIRE(news.status == SIDING_OK);
        EXPECT_EQ(news.words[0], events[news.token]++);
        REQUIRE(queue(bounds[news.token], repeats[news.token], news.token));
    }
    EXPECT(events[0] > 900 && events[1] > 900 && events[2] > 900);
    EXPECT_EQ(siding_repeat_close(host.bridge, repeats[1]), SIDING_OK);
    for (bool ended = false; !ended;) {
        struct news news = next_news(&host);
        ended = news.token == 1 && news.status == SIDING_ESTALE;
        REQUIRE(ended || news.status == SIDING_OK || news.status == SIDING_EENDED);
        ended |= news.status == SIDING_EENDED;
        REQUIRE(ended || queue(bounds[news.token], repeats[news.token], news.token));
    }
    for (uint32_t i = 0; i < 100; i++) {
        struct news news = next_news(&host);
        REQUIRE(news.status == SIDING_OK && news.token != 1);
        REQUIRE(queue(bounds[news.token], repeats[news.token], news.token));
    }
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT_EQ(siding_bound_release(bounds[i]), SIDING_OK);
    }
    host_close(&host);
    EXPECT(wait_until(pool_rests, NULL));
}

static uint64_t count_to(uint64_t counter) {
    uint64_t number = count_up(counter);
    return number < 2500 ? 1 : 0;
}

/* One step, repeated as often as the first input says, which ends where the result is not 1. */
static uint32_t counting_chain(void) {
    uint8_t bytes[64] = {SIDING_CHAIN, 4, 0, SIDING_NOT_VARIADIC, VOID_T, U64, U64};
    uint32_t signature = SIGNATURE(U64, U64);
    uint64_t function = FUNCTION(count_to);
    uint32_t at = 7;
    memcpy(bytes + at, &signature, 4);
    memcpy(bytes + at + 4, &function, 8);
    bytes[at + 12] = SIDING_STEP_EMIT;
    bytes[at + 13] = SIDING_TEST_EQUAL;
    bytes[at + 14] = 1;
    at += 4 + 8 + 1 + 1 + 8;
    bytes[at++] = 1; /* the second input */
    bytes[at] = 1;
    return prepare(bytes, at + 2);
}

TEST("S11, C17: a chain as body gives an event each trip, until it ends by itself") {
    static union request request;
    static uint64_t counter;
    uint64_t rows = 0;
    uint64_t bound = 0;
    bool ended = false;
    REQUIRE(limit_pool(4) && host_open(&host, 64));
    uint64_t context = lease(&host, times(2000, 1000, 0, 0));
    request_start(&request, counting_chain(), FUNCTION(count_to));
    request_put(&request, 100);
    request_put(&request, ADDRESS(&counter));
    EXPECT_EQ(siding_bound_create(host.bridge, request.words, request.call.words, NULL, 0, &bound),
              0);
    uint64_t repeat = open_repeat(repetition(context));
    request.call.function = bound;
    request.call.flags = SIDING_CALL_BOUND;
    request.call.context = repeat;
    REQUIRE(host_submit(&host, &request, 0) == 1 && host_submit(&host, &request, 1) == 1);
    for (uint32_t left = 2; left > 0;) {
        struct news news = next_news(&host);
        REQUIRE(news.status == SIDING_OK || (ended && news.status == SIDING_EENDED));
        left -= ended || news.words[1] != UINT64_MAX;
        rows += news.status == SIDING_OK ? news.words[0] : 0;
        ended |= news.words[1] != UINT64_MAX;
        REQUIRE(ended || host_submit(&host, &request, news.token) == 1);
    }
    EXPECT_EQ(rows, 2500);
    EXPECT_EQ(counter, 2501);
    REQUIRE(host_submit(&host, &request, 0) == 1);
    expect_news(&host, 0, SIDING_EENDED);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    host_close(&host);
}

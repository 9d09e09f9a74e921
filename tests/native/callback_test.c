/*
 * callback_test.c - callbacks in mode POST: what the host gets of the calls of other threads, what
 * is copied, what is dropped, what is refused, and what C gets back.
 */
#include "callback_fixture.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u

typedef uint64_t one_function(uint64_t);

/* Calls with a pointer and a number. */
typedef uint64_t two_function(const void *, int64_t);

static uint32_t one(void) {
    return SIGNATURE(U64, U64);
}

/* U64(ptr, i64) whose first parameter is copied; kind and what follows the place are given. */
static uint32_t copying(uint8_t kind, const uint8_t *factors, uint32_t factors_bytes) {
    uint8_t descriptor[64] = {SIDING_NOT_VARIADIC, U64, PTR, I64, SIDING_TYPE_TAILS, kind, 0, 8, 0};
    memcpy(descriptor + 9, factors, factors_bytes);
    return prepare(descriptor, 9 + factors_bytes + 1); /* and no free */
}

static uint32_t copying_text(void) {
    return copying(SIDING_TAIL_TEXT, (const uint8_t *)"", 0);
}

/* As many bytes as the second parameter says. */
static uint32_t copying_bytes(void) {
    return copying(SIDING_TAIL_BYTES, (const uint8_t[]){1, I64, 0, 16, 0}, 5);
}

/* ---- E1 -------------------------------------------------------------------------------------- */

struct producer {
    pthread_t thread;
    uint64_t pointer;
    uint64_t index;
    uint32_t count;
    uint64_t wrong; /* results that were not the value */
};

static void *produce(void *argument) {
    struct producer *producer = argument;
    one_function *function = (one_function *)(uintptr_t)producer->pointer;
    for (uint32_t i = 0; i < producer->count; i++) {
        producer->wrong += function(producer->index << 32 | i) != 100;
    }
    return NULL;
}

/* @return events that were not the next ones of their producer */
static uint64_t take_all(uint32_t count, uint32_t *next) {
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct siding_event *event = host_next(&host);
        if (event == NULL) {
            return UINT64_MAX;
        }
        uint64_t word = event_payload(event)[0];
        wrong += event->token != TOKEN || event->flags != SIDING_EVENT_MORE || event->words != 3;
        wrong += (uint32_t)word != next[word >> 32]++;
    }
    return wrong;
}

static void post_from(uint32_t threads) {
    static struct producer producers[16];
    static uint32_t next[16];
    uint32_t each = ROUNDS(1000000u) / threads;
    memset(next, 0, sizeof next);
    struct siding_callback_options options = post_options(one(), TOKEN);
    struct made made = open_callback(&host, &options);
    for (uint32_t i = 0; i < threads; i++) {
        producers[i] = (struct producer){.pointer = made.pointer, .index = i, .count = each};
        pthread_create(&producers[i].thread, NULL, produce, &producers[i]);
    }
    EXPECT_EQ(take_all(each * threads, next), 0);
    for (uint32_t i = 0; i < threads; i++) {
        pthread_join(producers[i].thread, NULL);
        EXPECT_EQ(producers[i].wrong, 0);
        EXPECT_EQ(next[i], each);
    }
    struct siding_callback_stats stats = stats_of(&host, &made);
    EXPECT(stats.events == (uint64_t)each * threads && stats.waiting == 0);
    EXPECT(stats.dropped == 0 && stats.refused == 0 && stats.late == 0);
    close_callback(&host, &made, TOKEN);
    EXPECT_EQ(((one_function *)(uintptr_t)made.pointer)(1), 100);
}

TEST("E1: a million events from 1, 4 and 16 threads, none lost or repeated, in each one's order") {
    REQUIRE(host_open(&host, 16));
    post_from(1);
    post_from(4);
    post_from(16);
    host_close(&host);
}

/* ---- E4 -------------------------------------------------------------------------------------- */

#define COPIES ROUNDS(100000u)

static void *overwrite(void *pointer) {
    two_function *function = (two_function *)(uintptr_t)pointer;
    char text[512];
    for (int64_t i = 0; i < (int64_t)COPIES; i++) {
        memset(text, 'a' + (int)(i % 26), sizeof text);
        text[i % 500] = '\0';
        (void)function(text, i);
        memset(text, '#', sizeof text);
    }
    return NULL;
}

/* @return whether the text is what it was at the call */
static bool is_text(const struct siding_event *event, int64_t index) {
    const uint64_t *payload = event_payload(event);
    uint64_t size = payload[2];
    const char *text = (const char *)&payload[3];
    bool is_right = (int64_t)payload[1] == index && size == (uint64_t)(index % 500) &&
                    event->words == SIDING_EVENT_WORDS + 3 + (size + 7) / 8;
    for (uint64_t i = 0; is_right && i < size; i++) {
        is_right = text[i] == 'a' + (int)(index % 26);
    }
    return is_right;
}

TEST("E4: texts are those at the time of the call, though C overwrites them right after") {
    pthread_t thread;
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(copying_text(), TOKEN);
    options.overflow = SIDING_OVERFLOW_DROP_NEWEST; /* cells as large as the texts */
    options.capacity = 1u << 17;
    options.copy_bytes_max = 512;
    struct made made = open_callback(&host, &options);
    REQUIRE(pthread_create(&thread, NULL, overwrite, (void *)(uintptr_t)made.pointer) == 0);
    for (int64_t i = 0; i < (int64_t)COPIES; i++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        if (!is_text(event, i)) {
            EXPECT_EQ(i, -1);
        }
    }
    pthread_join(thread, NULL);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

static void *post_long(void *pointer) {
    static uint8_t bytes[100000];
    two_function *function = (two_function *)(uintptr_t)pointer;
    for (int64_t i = 0; i < 200; i++) {
        memset(bytes, (int)i, sizeof bytes);
        (void)function(bytes, i * 500);
    }
    return NULL;
}

/* @return whether all bytes are there, in the event or in a block */
static bool has_bytes(const struct siding_event *event, int64_t index) {
    static uint64_t taken[100016 / 8];
    const uint64_t *tail = event_payload(event) + 2;
    if ((event->flags & SIDING_EVENT_BLOCK) != 0) {
        if (tail[1] > sizeof taken ||
            siding_block_take(host.bridge, (uint32_t)tail[0], taken, tail[1]) != SIDING_OK) {
            return false;
        }
        tail = taken;
    }
    bool is_right = tail[0] == (uint64_t)index * 500;
    for (uint64_t i = 0; is_right && i < tail[0]; i++) {
        is_right = ((const uint8_t *)(tail + 1))[i] == (uint8_t)index;
    }
    return is_right;
}

TEST("E4: buffers of any length, by parameter, are copied; long ones come as blocks") {
    pthread_t thread;
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(copying_bytes(), TOKEN);
    options.copy_bytes_max = 100000;
    options.capacity = 16;
    struct made made = open_callback(&host, &options);
    REQUIRE(pthread_create(&thread, NULL, post_long, (void *)(uintptr_t)made.pointer) == 0);
    for (int64_t i = 0; i < 200; i++) {
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL);
        EXPECT(has_bytes(event, i));
    }
    pthread_join(thread, NULL);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
    EXPECT(wait_until(gives_all_back, &before));
}

/* ---- E5 -------------------------------------------------------------------------------------- */

#define CAPACITY 1024u
#define BEYOND 8u

static struct made open_with(uint32_t overflow) {
    struct siding_callback_options options = post_options(one(), TOKEN);
    options.overflow = overflow;
    options.capacity = CAPACITY;
    return open_callback(&host, &options);
}

/* Posts more than there is room for while the host does not look. */
static void flood(const struct made *made) {
    struct producer producer = {.pointer = made->pointer, .count = CAPACITY + BEYOND};
    pthread_create(&producer.thread, NULL, produce, &producer);
    pthread_join(producer.thread, NULL);
}

/* Expects an event that says what was lost, then events from `first` on. */
static void expect_after_loss(uint64_t dropped, uint32_t first, uint32_t count) {
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL);
    EXPECT_EQ(event->flags, SIDING_EVENT_MORE | SIDING_EVENT_LOST);
    EXPECT(event_payload(event)[0] == dropped && event_payload(event)[1] == 0);
    uint32_t next = first;
    EXPECT_EQ(take_all(count, &next), 0);
}

/* Afterwards all is as before. */
static void expect_normal(const struct made *made, uint64_t dropped) {
    uint32_t next = 0;
    struct producer producer = {.pointer = made->pointer, .count = 100};
    pthread_create(&producer.thread, NULL, produce, &producer);
    pthread_join(producer.thread, NULL);
    EXPECT_EQ(take_all(100, &next), 0);
    EXPECT_EQ(stats_of(&host, made).dropped, dropped);
}

TEST("E5: drop-newest keeps the first ones and counts the others") {
    REQUIRE(host_open(&host, 16));
    struct made made = open_with(SIDING_OVERFLOW_DROP_NEWEST);
    flood(&made);
    expect_after_loss(BEYOND, 0, CAPACITY);
    expect_normal(&made, BEYOND);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("E5: drop-oldest keeps the last ones and counts the others") {
    REQUIRE(host_open(&host, 16));
    struct made made = open_with(SIDING_OVERFLOW_DROP_OLDEST);
    flood(&made);
    expect_after_loss(BEYOND, BEYOND, CAPACITY);
    expect_normal(&made, BEYOND);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("E5: latest delivers the last one and counts the others") {
    REQUIRE(host_open(&host, 16));
    struct made made = open_with(SIDING_OVERFLOW_LATEST);
    flood(&made);
    expect_after_loss(CAPACITY + BEYOND - 1, CAPACITY + BEYOND - 1, 1);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

static bool is_full(void *made) {
    return stats_of(&host, made).waiting == CAPACITY;
}

TEST("E5: block loses nothing: C waits for room") {
    uint32_t next = 0;
    REQUIRE(host_open(&host, 16));
    struct made made = open_with(SIDING_OVERFLOW_BLOCK);
    struct producer producer = {.pointer = made.pointer, .count = CAPACITY + BEYOND};
    REQUIRE(pthread_create(&producer.thread, NULL, produce, &producer) == 0);
    EXPECT(wait_until(is_full, &made));
    EXPECT_EQ(take_all(CAPACITY + BEYOND, &next), 0);
    pthread_join(producer.thread, NULL);
    EXPECT_EQ(stats_of(&host, &made).dropped, 0);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("E5: block drops and counts when its time is over") {
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(one(), TOKEN);
    options.capacity = 2;
    options.timeout_ms = 5;
    struct made made = open_callback(&host, &options);
    struct producer producer = {.pointer = made.pointer, .count = 4};
    REQUIRE(pthread_create(&producer.thread, NULL, produce, &producer) == 0);
    pthread_join(producer.thread, NULL);
    EXPECT_EQ(stats_of(&host, &made).dropped, 2);
    expect_after_loss(2, 0, 2);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

/* ---- what C gets ----------------------------------------------------------------------------- */

TEST("E1: C gets the value, or the parameter that it is to get, as wide as the result") {
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(SIGNATURE(U64, PTR, I32, MIXED), TOKEN);
    options.returned = 1;
    struct made made = open_callback(&host, &options);
    typedef uint64_t function(void *, int32_t, struct mixed);
    errno = EXDEV;
    EXPECT_EQ((int64_t)((function *)(uintptr_t)made.pointer)(NULL, -7, (struct mixed){1, 2}), -7);
    EXPECT_EQ(errno, EXDEV);
    close_callback(&host, &made, TOKEN);
    EXPECT_EQ(((function *)(uintptr_t)made.pointer)(NULL, -7, (struct mixed){1, 2}), 100);
    options.returned = 2;
    struct made none = {0, 0};
    uint64_t value = 0;
    EXPECT_EQ(siding_callback_open(host.bridge, &options, &value, 1, &none.closure, &none.pointer),
              SIDING_EINVALID);
    host_close(&host);
}

/* ---- bad input ------------------------------------------------------------------------------- */

/* One event with what was refused. */
static void expect_refused(uint64_t refused) {
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL);
    EXPECT_EQ(event->flags, SIDING_EVENT_MORE | SIDING_EVENT_LOST);
    EXPECT(event_payload(event)[0] == 0 && event_payload(event)[1] == refused);
}

TEST("E4: lengths that are negative or beyond the limit are refused, and counted") {
    static uint8_t bytes[5000];
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(copying_bytes(), TOKEN);
    struct made made = open_callback(&host, &options);
    two_function *function = (two_function *)(uintptr_t)made.pointer;
    const int64_t bad[] = {-1, INT64_MIN, 4097, INT64_MAX};
    for (uint32_t i = 0; i < 4; i++) {
        EXPECT_EQ(function(bytes, bad[i]), 100);
    }
    expect_refused(4);
    EXPECT_EQ(function(bytes, 4096), 100);
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    EXPECT_EQ(event_payload(event)[0], (uintptr_t)bytes);
    EXPECT_EQ(stats_of(&host, &made).refused, 4);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("E4: null is copied as null, and so is, counted, a pointer that cannot be one") {
    const void *const pointers[] = {NULL, (void *)1, (void *)4095, (void *)(uintptr_t)-8,
                                    (void *)(uintptr_t)0xdeadbeefdeadbeefu};
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(copying_text(), TOKEN);
    struct made made = open_callback(&host, &options);
    for (uint32_t i = 0; i < 5; i++) {
        (void)((two_function *)(uintptr_t)made.pointer)(pointers[i], 9);
        if (i > 0) {
            expect_refused(1);
        }
        const struct siding_event *event = host_next(&host);
        REQUIRE(event != NULL && event->words == SIDING_EVENT_WORDS + 3);
        EXPECT_EQ(event_payload(event)[0], (uintptr_t)pointers[i]);
        EXPECT(event_payload(event)[2] == SIDING_TAIL_NULL);
    }
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("E4: a text without an end within the limit is refused, however long it is") {
    static char text[8192];
    memset(text, 'x', sizeof text - 1);
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(copying_text(), TOKEN);
    struct made made = open_callback(&host, &options);
    (void)((two_function *)(uintptr_t)made.pointer)(text, 0);
    expect_refused(1);
    text[4096] = '\0';
    (void)((two_function *)(uintptr_t)made.pointer)(text, 0);
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL && event->status == SIDING_OK);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

TEST("wrong options are refused, and leave nothing behind") {
    uint64_t values[4] = {0};
    struct made made = {7, 7};
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 16));
    const struct siding_callback_options good = call_options(one(), TOKEN);
#define REFUSED(field, value, expected)                                                            \
    do {                                                                                           \
        struct siding_callback_options bad = good;                                                 \
        bad.field = (value);                                                                       \
        EXPECT_EQ(                                                                                 \
            siding_callback_open(host.bridge, &bad, values, 3, &made.closure, &made.pointer),      \
            expected);                                                                             \
    } while (0)
    REFUSED(size_bytes, sizeof good - 1, SIDING_EINVALID);
    REFUSED(signature, 65535, SIDING_EINVALID);
    REFUSED(signature, SIGNATURE(U64, OUT, I32), SIDING_EINVALID);
    REFUSED(mode, 2, SIDING_EINVALID);
    REFUSED(token, 16, SIDING_EINVALID);
    REFUSED(capacity, 0, SIDING_EINVALID);
    REFUSED(capacity, 1, SIDING_EINVALID);
    REFUSED(capacity, 24, SIDING_EINVALID);
    REFUSED(capacity, SIDING_CAPACITY_MAX * 2, SIDING_EINVALID);
    REFUSED(overflow, SIDING_OVERFLOW_DROP_OLDEST, SIDING_EINVALID); /* asks would be forgotten */
    REFUSED(overflow, 4, SIDING_EINVALID);
    REFUSED(timeout_ms, 0, SIDING_EINVALID);
    REFUSED(returned, 0, SIDING_EINVALID);
    REFUSED(flags, 2, SIDING_EINVALID);
    REFUSED(retain, 12345, SIDING_ESTALE);
    EXPECT_EQ(siding_callback_open(host.bridge, &good, values, 2, &made.closure, &made.pointer),
              SIDING_EINVALID);
    EXPECT_EQ(siding_callback_open(host.bridge, &good, NULL, 3, &made.closure, &made.pointer),
              SIDING_EINVALID);
    EXPECT_EQ(siding_callback_open(0, &good, values, 3, &made.closure, &made.pointer),
              SIDING_ESTALE);
    EXPECT(made.closure == 7 && made.pointer == 7);
    made = open_callback(&host, &good);
    REFUSED(timeout_ms, 1, SIDING_EBUSY); /* the token */
    EXPECT_EQ(siding_callback_pull(host.bridge, made.closure, 1), SIDING_EINVALID);
    EXPECT_EQ(siding_callback_pull(host.bridge, made.closure + 1, 1), SIDING_ESTALE);
    EXPECT_EQ(stats_now().callbacks, 1);
    host_close(&host);
    EXPECT_EQ(stats_now().callbacks, 0);
    EXPECT(wait_until(gives_all_back, &before));
}

/* ---- pulling, retaining ---------------------------------------------------------------------- */

TEST("E5: a pulled callback delivers as many events as are asked for, and loses none") {
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(one(), TOKEN);
    options.flags = SIDING_CALLBACK_PULLED;
    struct made made = open_callback(&host, &options);
    struct producer producer = {.pointer = made.pointer, .count = 100};
    uint32_t next = 0;
    REQUIRE(pthread_create(&producer.thread, NULL, produce, &producer) == 0);
    pthread_join(producer.thread, NULL);
    EXPECT(!has_news(&host));
    for (uint32_t asked = 1; next < 100; asked = asked * 2 < 100 - next ? asked * 2 : 100 - next) {
        EXPECT_EQ(siding_callback_pull(host.bridge, made.closure, asked), SIDING_OK);
        EXPECT_EQ(take_all(asked, &next), 0);
        EXPECT(!has_news(&host));
    }
    EXPECT_EQ(stats_of(&host, &made).waiting, 0);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

/* A call of the shared pool that makes more events than wait. */
static uint64_t produce_some(uint64_t pointer) {
    struct producer producer = {.pointer = pointer, .count = 8};
    (void)produce(&producer);
    return producer.wrong;
}

static uint64_t same(uint64_t value) {
    return value;
}

TEST("E5: a pool's only thread that waits for room makes place for another") {
    uint32_t next = 0;
    REQUIRE(limit_pool(1));
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = post_options(one(), TOKEN);
    options.flags = SIDING_CALLBACK_PULLED;
    options.capacity = 2;
    struct made made = open_callback(&host, &options);
    uint64_t start_ns = siding_clock_ns();
    EXPECT(submit_one(&host, FUNCTION(produce_some), made.pointer, 0, 0));
    EXPECT(submit_one(&host, FUNCTION(same), 41, 0, 1));
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL);
    EXPECT(event->token == 1 && event_payload(event)[0] == 41);
    EXPECT_EQ(siding_callback_pull(host.bridge, made.closure, 8), SIDING_OK);
    uint32_t ended = 0; /* of the call, somewhere among the last events */
    for (uint32_t i = 0; i < 9; i++) {
        event = host_next(&host);
        REQUIRE(event != NULL);
        ended += event->token == 0;
        EXPECT_EQ(event_payload(event)[0], event->token == 0 ? 0 : next++);
    }
    EXPECT(ended == 1 && next == 8);
    EXPECT(elapsed_ms(start_ns) < TIMEOUT_MS);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

static uint64_t count_retained(uint64_t counter, uint64_t amount) {
    return atomic_fetch_add((atomic_ullong *)(uintptr_t)counter, amount);
}

TEST("E4: a bound call retains what C passes before C goes on, for delivered events only") {
    static union request request;
    static atomic_ullong retained;
    REQUIRE(host_open(&host, 16));
    request_start(&request, SIGNATURE(U64, U64, U64), FUNCTION(count_retained));
    request_put(&request, ADDRESS(&retained));
    request_put(&request, 0);
    uint64_t bound = bind_holes(&host, &request, PAIRS(1, 0));
    struct siding_callback_options options = post_options(one(), TOKEN);
    options.overflow = SIDING_OVERFLOW_DROP_NEWEST;
    options.capacity = 4;
    options.retain = bound;
    struct made made = open_callback(&host, &options);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    for (uint64_t amount = 1; amount <= 10; amount++) {
        (void)((one_function *)(uintptr_t)made.pointer)(amount);
    }
    EXPECT_EQ(atomic_load(&retained), 1 + 2 + 3 + 4);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

static char name[64];
static const char *const names[] = {name, NULL};

static void lengthen(const void *list) {
    memset(name, 'x', sizeof name - 1);
    EXPECT(list == names);
}

TEST("E4: what the bound call changes is copied as it was before") {
    static union request request;
    const uint8_t list[] = {
        SIDING_NOT_VARIADIC, U64, PTR, SIDING_TYPE_TAILS, SIDING_TAIL_LIST, 0, 8, 0, 0};
    (void)strcpy(name, "short");
    REQUIRE(host_open(&host, 16));
    request_start(&request, SIGNATURE(VOID_T, PTR), FUNCTION(lengthen));
    request_put(&request, 0);
    uint64_t bound = bind_holes(&host, &request, PAIRS(0, 0));
    struct siding_callback_options options = post_options(prepare(list, sizeof list), TOKEN);
    options.overflow = SIDING_OVERFLOW_DROP_NEWEST;
    options.capacity = 2;
    options.copy_bytes_max = 16;
    options.retain = bound;
    struct made made = open_callback(&host, &options);
    EXPECT_EQ(siding_bound_release(bound), SIDING_OK);
    EXPECT_EQ(((uint64_t (*)(const void *))(uintptr_t)made.pointer)(names), 100);
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL && event->words == SIDING_EVENT_WORDS + 4);
    const uint64_t *payload = event_payload(event);
    EXPECT(payload[1] == 1 && payload[2] == 5 && memcmp(payload + 3, "short", 6) == 0);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

/* ---- closing --------------------------------------------------------------------------------- */

TEST("E5: closing lets go a producer that waits for room, and drops what was not drained") {
    REQUIRE(host_open(&host, 16));
    struct made made = open_with(SIDING_OVERFLOW_BLOCK);
    struct producer producer = {.pointer = made.pointer, .count = CAPACITY + BEYOND};
    REQUIRE(pthread_create(&producer.thread, NULL, produce, &producer) == 0);
    EXPECT(wait_until(is_full, &made));
    EXPECT_EQ(siding_closure_close(host.bridge, made.closure), SIDING_OK);
    pthread_join(producer.thread, NULL);
    const struct siding_event *event = host_next(&host);
    REQUIRE(event != NULL);
    EXPECT(event->token == TOKEN && event->flags == 0); /* the end, and nothing before */
    struct siding_callback_options options = post_options(one(), TOKEN);
    made = open_callback(&host, &options); /* the token is free */
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

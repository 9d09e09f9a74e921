/*
 * callback_inline_test.c - callbacks that C calls on the bridge's own thread: the dispatcher runs
 * inside the call, with the event and the answer in the frame.
 */
#include "callback_fixture.h"

static struct host host; /* each test opens and closes it */
static uint64_t frame[SIDING_EVENT_WORDS_MAX];

#define TOKEN 5u

static void use_dispatcher(void (*dispatcher)(void)) {
    EXPECT_EQ(
        siding_bridge_inline(host.bridge, FUNCTION(dispatcher), frame, SIDING_EVENT_WORDS_MAX),
        SIDING_OK);
}

static void answer_in_frame(int32_t status, const void *words, uint32_t count) {
    *(struct siding_answer *)frame = (struct siding_answer){
        .status = status,
        .words = SIDING_ANSWER_WORDS + count,
    };
    memcpy(frame + SIDING_ANSWER_WORDS, words, count * sizeof *frame);
}

/* The arguments of the call in the frame. */
static const uint64_t *arguments(void) {
    return frame + SIDING_EVENT_WORDS + ASKED_WORDS;
}

/* ---- E3 -------------------------------------------------------------------------------------- */

static void compare_doubles(void) {
    double a;
    double b;
    memcpy(&a, (const void *)(uintptr_t)arguments()[0], sizeof a);
    memcpy(&b, (const void *)(uintptr_t)arguments()[1], sizeof b);
    uint64_t word = (uint64_t)(int64_t)((a > b) - (a < b));
    answer_in_frame(SIDING_OK, &word, 1);
}

TEST("E3: qsort of 100,000 doubles on the host's own thread, compared by the host") {
    static double numbers[100000];
    uint64_t chance = print_seed();
    REQUIRE(host_open(&host, 16));
    use_dispatcher(compare_doubles);
    struct siding_callback_options options = call_options(SIGNATURE(I32, PTR, PTR), TOKEN);
    struct made made = open_callback(&host, &options);
    for (uint32_t i = 0; i < 100000; i++) {
        numbers[i] = (double)random_next(&chance);
    }
    qsort(numbers, 100000, sizeof numbers[0],
          (int (*)(const void *, const void *))(uintptr_t)made.pointer);
    bool is_sorted = true;
    for (uint32_t i = 1; i < 100000; i++) {
        is_sorted &= numbers[i - 1] <= numbers[i];
    }
    EXPECT(is_sorted);
    EXPECT(stats_of(&host, &made).events >= 100000);
    EXPECT(!has_news(&host));
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

static struct made nesting;
static uint64_t depth_seen;

/* factorial by calling itself through C */
static void recurse(void) {
    uint64_t n = arguments()[0];
    depth_seen++;
    uint64_t result = n <= 1 ? 1 : n * ((uint64_t (*)(uint64_t))(uintptr_t)nesting.pointer)(n - 1);
    answer_in_frame(SIDING_OK, &result, 1);
}

TEST("E3: calls on the host's thread may be nested") {
    REQUIRE(host_open(&host, 16));
    use_dispatcher(recurse);
    struct siding_callback_options options = call_options(SIGNATURE(U64, U64), TOKEN);
    nesting = open_callback(&host, &options);
    EXPECT_EQ(((uint64_t (*)(uint64_t))(uintptr_t)nesting.pointer)(12), 479001600);
    EXPECT_EQ(depth_seen, 12);
    close_callback(&host, &nesting, TOKEN);
    host_close(&host);
}

static void give_struct(void) {
    struct wide wide;
    memcpy(&wide, arguments(), sizeof wide);
    wide.words[0]++;
    answer_in_frame(SIDING_OK, &wide, 6);
}

static void throw(void) {
    answer_in_frame(SIDING_EINVALID, frame, 0);
}

static void stay_silent(void) {
}

TEST("E3: results are exact; a throw, and a dispatcher that gives no answer, give that value") {
    const uint64_t values[18] = {[12] = 55};
    struct made made = {0, 0};
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options options = call_options(SIGNATURE(WIDE, WIDE), TOKEN);
    REQUIRE(siding_callback_open(host.bridge, &options, values, 18, &made.closure, &made.pointer) ==
            SIDING_OK);
    struct wide (*function)(struct wide) = (struct wide(*)(struct wide))(uintptr_t)made.pointer;
    const struct wide given = {{41, 2, 3, 4, INT64_MIN}, 0.25f};
    use_dispatcher(give_struct);
    errno = EXDEV;
    struct wide got = function(given);
    EXPECT(got.words[0] == 42 && got.words[4] == INT64_MIN && got.last == 0.25f);
    EXPECT_EQ(errno, EXDEV);
    use_dispatcher(throw);
    EXPECT_EQ(function(given).words[0], 55);
    use_dispatcher(stay_silent);
    EXPECT_EQ(function(given).words[0], 55);
    close_callback(&host, &made, TOKEN);
    host_close(&host);
}

/* ---- closed inside --------------------------------------------------------------------------- */

static struct made closing;
static uint64_t closing_bridge;
static char text_after[64];

static void close_bridge(void) {
    EXPECT_EQ(siding_bridge_close(closing_bridge), SIDING_OK);
}

/* C goes on with what it was called with when its callback has returned. */
static int32_t call_and_read(int32_t (*function)(int32_t), const char *text) {
    int32_t answer = function(7);
    (void)snprintf(text_after, sizeof text_after, "%s", text);
    return answer;
}

TEST("a bridge that is closed by a handler keeps the blocks of the call around it") {
    static const char text[] = "still there";
    static uint64_t event[SIDING_EVENT_WORDS_MAX];
    static union request request;
    REQUIRE(host_open(&host, 16));
    use_dispatcher(close_bridge);
    struct siding_callback_options options = call_options(SIGNATURE(I32, I32), TOKEN);
    closing = open_callback(&host, &options);
    closing_bridge = host.bridge;
    int32_t block = siding_block_create(host.bridge, text, sizeof text);
    request_start(&request, SIGNATURE(I32, PTR, TEXT), FUNCTION(call_and_read));
    request_put(&request, closing.pointer);
    request_put_reference(&request, SIDING_REFERENCE_BLOCK, (uint32_t)block);
    struct siding_stats before = stats_now();
    EXPECT_EQ(siding_call_here(host.bridge, &request, request.call.words, event,
                               SIDING_EVENT_WORDS_MAX, NULL, NULL, NULL, NULL),
              SIDING_EVENT_WORDS + 1);
    EXPECT(strcmp(text_after, text) == 0);
    EXPECT(stats_now().memory_bytes + sizeof text <= before.memory_bytes);
    EXPECT_EQ(siding_bridge_close(host.bridge), SIDING_ESTALE);
}

static void call_closing(int32_t value) {
    (void)((int32_t (*)(int32_t))(uintptr_t)closing.pointer)(value);
}

TEST("a bridge may be closed by what a callback's bound call runs") {
    static union request request;
    const uint64_t values[3] = {(uint64_t)-1, (uint64_t)-2, (uint64_t)-3};
    const uint8_t holes[] = {0, 0};
    struct made made = {0, 0};
    REQUIRE(host_open(&host, 16));
    use_dispatcher(close_bridge);
    closing_bridge = host.bridge;
    uint32_t signature = SIGNATURE(I32, I32);
    struct siding_callback_options options = call_options(signature, TOKEN);
    closing = open_callback(&host, &options);
    request_start(&request, SIGNATURE(VOID_T, I32), FUNCTION(call_closing));
    request_put(&request, 0);
    options.token = TOKEN + 1;
    REQUIRE(siding_bound_create(host.bridge, &request, request.call.words, holes, 1,
                                &options.retain) == SIDING_OK);
    REQUIRE(siding_callback_open(host.bridge, &options, values, 3, &made.closure, &made.pointer) ==
            SIDING_OK);
    EXPECT_EQ(((int32_t (*)(int32_t))(uintptr_t)made.pointer)(5), -1);
}

/* ---- E4: tails in the frame ------------------------------------------------------------------ */

static uint64_t tail_bytes;
static bool tail_is_right;

static void look_at_tail(void) {
    static uint64_t taken[70000 / 8];
    const struct siding_event *event = (const struct siding_event *)frame;
    const uint64_t *tail = frame + SIDING_EVENT_WORDS + 1;
    if ((event->flags & SIDING_EVENT_BLOCK) != 0) {
        EXPECT_EQ(siding_block_take(host.bridge, (uint32_t)tail[0], taken, tail[1]), SIDING_OK);
        tail = taken;
    }
    tail_bytes = tail[0];
    tail_is_right = memcmp(tail + 1, (const void *)(uintptr_t)frame[2], tail_bytes) == 0;
}

TEST("E4: texts of any length come with an inline call") {
    static char text[65536];
    uint8_t descriptor[] = {
        SIDING_NOT_VARIADIC, VOID_T, PTR, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT, 0, 8, 0, 0};
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 16));
    use_dispatcher(look_at_tail);
    struct siding_callback_options options = post_options(prepare(descriptor, 9), TOKEN);
    options.copy_bytes_max = sizeof text;
    struct made made = open_callback(&host, &options);
    for (uint32_t size = 0; size < sizeof text; size = size * 2 + 1) {
        memset(text, 'x', size);
        text[size] = '\0';
        ((void (*)(const char *))(uintptr_t)made.pointer)(text);
        EXPECT(tail_bytes == size && tail_is_right);
    }
    close_callback(&host, &made, TOKEN);
    host_close(&host);
    EXPECT(wait_until(gives_all_back, &before));
}

/* ---- without a dispatcher -------------------------------------------------------------------- */

TEST("E3: without a dispatcher a post is queued, dropped where it would wait, and a call throws") {
    REQUIRE(host_open(&host, 16));
    struct siding_callback_options posts = post_options(SIGNATURE(U64, U64), TOKEN);
    struct siding_callback_options calls = call_options(SIGNATURE(U64, U64), TOKEN + 1);
    posts.capacity = 4;
    struct made posted = open_callback(&host, &posts);
    struct made called = open_callback(&host, &calls);
    for (uint64_t i = 0; i < 6; i++) {
        EXPECT_EQ(((uint64_t (*)(uint64_t))(uintptr_t)posted.pointer)(i), 100);
    }
    EXPECT_EQ(((uint64_t (*)(uint64_t))(uintptr_t)called.pointer)(1), 102);
    EXPECT_EQ(stats_of(&host, &posted).dropped, 2);
    EXPECT_EQ(stats_of(&host, &posted).waiting, 4);
    EXPECT_EQ(siding_bridge_inline(host.bridge, FUNCTION(throw), NULL, 0), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_inline(host.bridge, FUNCTION(throw), frame, 4095), SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_inline(host.bridge, FUNCTION(throw), (char *)frame + 4, 4096),
              SIDING_EINVALID);
    EXPECT_EQ(siding_bridge_inline(host.bridge, 0, NULL, 0), SIDING_OK);
    EXPECT_EQ(siding_bridge_inline(0, 0, NULL, 0), SIDING_ESTALE);
    host_close(&host);
}

/* ---- closing inside -------------------------------------------------------------------------- */

static struct made closing;

static void close_inside(void) {
    uint64_t word = 42;
    EXPECT_EQ(siding_closure_forget(host.bridge, closing.closure), SIDING_OK);
    answer_in_frame(SIDING_OK, &word, 1);
}

TEST("E6: a callback may be closed inside its own call, which gives its answer still") {
    REQUIRE(host_open(&host, 16));
    use_dispatcher(close_inside);
    struct siding_callback_options options = call_options(SIGNATURE(U64, U64), TOKEN);
    closing = open_callback(&host, &options);
    EXPECT_EQ(((uint64_t (*)(uint64_t))(uintptr_t)closing.pointer)(1), 42);
    await_end(&host, TOKEN);
    EXPECT_EQ(((uint64_t (*)(uint64_t))(uintptr_t)closing.pointer)(1), 100);
    host_close(&host);
}

static void end_bridge(void) {
    EXPECT_EQ(siding_bridge_close(host.bridge), SIDING_OK);
}

TEST("X6: the bridge may end inside a call, which gives the closed value") {
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    REQUIRE(host_open(&host, 16));
    use_dispatcher(end_bridge);
    struct siding_callback_options options = call_options(SIGNATURE(U64, U64), TOKEN);
    struct made made = open_callback(&host, &options);
    EXPECT_EQ(((uint64_t (*)(uint64_t))(uintptr_t)made.pointer)(1), 100);
    EXPECT_EQ(((uint64_t (*)(uint64_t))(uintptr_t)made.pointer)(1), 100);
    wake_close(&host.wake);
    EXPECT(wait_until(gives_all_back, &before));
}

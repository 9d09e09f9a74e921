/*
 * callback_storm_test.c - callbacks that threads storm while they are closed, opened and forgotten
 * and while their bridge ends; posts from threads that may not wait.
 */
#include "callback_fixture.h"

#define STORMERS 4u
#define OFFERS 8u

/* ---- the storm ------------------------------------------------------------------------------- */

/* A pointer, and what its calls may give: the values of its own callback, or its host's answer. */
struct offer {
    struct made made;
    uint64_t base; /* closed: base, timeout: base + 1, throw: base + 2, answer: base + 3 */
};

static struct {
    _Atomic(const struct offer *) offers[OFFERS];
    atomic_bool is_over;
    atomic_ullong calls;
    atomic_ullong wrong;
} storm;

static void *storm_calls(void *unused) {
    uint64_t chance = siding_thread_self();
    (void)unused;
    while (!atomic_load(&storm.is_over)) {
        const struct offer *offer = atomic_load(&storm.offers[random_below(&chance, OFFERS)]);
        if (offer == NULL) {
            siding_thread_yield();
            continue;
        }
        uint64_t result = ((uint64_t (*)(uint64_t))(uintptr_t)offer->made.pointer)(1);
        atomic_fetch_add(&storm.calls, 1);
        if (result - offer->base > 3) {
            atomic_fetch_add(&storm.wrong, 1);
        }
    }
    return NULL;
}

static struct offer *open_offer(const struct host *host, uint32_t token, uint64_t *chance,
                                uint64_t base) {
    struct offer *offer = malloc(sizeof *offer); /* for as long as threads may call by it */
    uint32_t kind = random_below(chance, 5);
    bool is_call = kind == 4;
    uint32_t signature = SIGNATURE(U64, U64);
    struct siding_callback_options options =
        is_call ? call_options(signature, token) : post_options(signature, token);
    options.overflow = is_call ? SIDING_OVERFLOW_BLOCK : kind;
    options.capacity = 4;
    const uint64_t values[] = {base, base + 1, base + 2};
    offer->base = base;
    EXPECT_EQ(siding_callback_open(host->bridge, &options, values, is_call ? 3 : 1,
                                   &offer->made.closure, &offer->made.pointer),
              SIDING_OK);
    return offer;
}

/* One host thread's part: opens callbacks, serves some events, closes some, and ends. */
struct part {
    struct host host;
    uint64_t chance;
    uint64_t base;
    struct offer *offers[OFFERS];
    bool is_closed[OFFERS];
    struct offer **kept; /* every offer ever made */
    uint32_t kept_count;
    bool closes; /* else its thread ends */
};

static void offer_at(struct part *part, uint32_t at) {
    part->base += 1000;
    part->offers[at] = open_offer(&part->host, at, &part->chance, part->base);
    part->is_closed[at] = false;
    part->kept[part->kept_count++] = part->offers[at];
    atomic_store(&storm.offers[at], part->offers[at]);
}

static void serve_event(struct part *part, const struct siding_event *event) {
    uint32_t at = event->token;
    if ((event->flags & SIDING_EVENT_MORE) == 0) {
        offer_at(part, at); /* its token is free */
    } else if ((event->flags & SIDING_EVENT_LOST) == 0 &&
               event->words == SIDING_EVENT_WORDS + ASKED_WORDS + 1) {
        uint64_t answer = part->offers[at]->base + 3;
        EXPECT_EQ(give_answer(&part->host, asked_of(event).ask, SIDING_OK, &answer, 1), 1);
    }
}

#define EVENTS_PER_PART 300u
#define KEPT_MAX (OFFERS + EVENTS_PER_PART)

static void *play_part(void *argument) {
    struct part *part = argument;
    EXPECT(host_open(&part->host, OFFERS));
    for (uint32_t at = 0; at < OFFERS; at++) {
        offer_at(part, at);
    }
    for (uint32_t i = 0; i < EVENTS_PER_PART; i++) {
        uint32_t at = random_below(&part->chance, OFFERS);
        if (random_below(&part->chance, 8) == 0 && !part->is_closed[at]) {
            part->is_closed[at] = true;
            EXPECT_EQ(siding_closure_close(part->host.bridge, part->offers[at]->made.closure),
                      SIDING_OK);
        }
        const struct siding_event *event = host_next(&part->host);
        if (!harness_expect(event != NULL, __FILE__, __LINE__, "events come")) {
            break;
        }
        serve_event(part, event);
    }
    if (part->closes) {
        host_close(&part->host);
    }
    return NULL;
}

static bool has_no_asks(void *unused) {
    (void)unused;
    return stats_now().asks == 0;
}

TEST("X6: bridges end in a storm of calls: each gets a value of its own callback, none hangs") {
    static struct part part;
    static struct offer *kept[ROUNDS(400u) * KEPT_MAX];
    pthread_t stormers[STORMERS];
    uint64_t chance = print_seed();
    uint32_t kept_count = 0;
    REQUIRE(limit_pool(4));
    struct siding_stats before = stats_now();
    for (uint32_t i = 0; i < STORMERS; i++) {
        REQUIRE(pthread_create(&stormers[i], NULL, storm_calls, NULL) == 0);
    }
    for (uint32_t round = 0; round < ROUNDS(400u); round++) {
        pthread_t thread;
        part = (struct part){.chance = random_next(&chance),
                             .base = (uint64_t)(round + 1) << 32,
                             .kept = kept + kept_count,
                             .closes = round % 2 == 0};
        REQUIRE(pthread_create(&thread, NULL, play_part, &part) == 0);
        pthread_join(thread, NULL);
        kept_count += part.kept_count;
        EXPECT(wait_until(has_no_asks, NULL));
        EXPECT_EQ(stats_now().callbacks, 0);
    }
    atomic_store(&storm.is_over, true);
    for (uint32_t i = 0; i < STORMERS; i++) {
        pthread_join(stormers[i], NULL);
    }
    printf("calls: %llu, callbacks: %u\n", (unsigned long long)atomic_load(&storm.calls),
           kept_count);
    EXPECT_EQ(atomic_load(&storm.wrong), 0);
    for (uint32_t i = 0; i < kept_count; i++) {
        free(kept[i]);
    }
    EXPECT(wait_until(gives_all_back, &before));
}

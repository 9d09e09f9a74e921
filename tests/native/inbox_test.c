/*
 * inbox_test.c - the queue between threads: order, the sleep bit, the end.
 */
#include "../../lib/core/inbox.h"

#include "fixture.h"

struct letter {
    struct node node; /* first */
    uint32_t producer;
    uint32_t number;
};

static enum inbox_push push_one(struct inbox *inbox, struct letter *letter) {
    return inbox_push(inbox, &letter->node, &letter->node);
}

/* Links letters[0..count-1] and pushes them at once. */
static enum inbox_push push_chain(struct inbox *inbox, struct letter *letters, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        letters[i - 1].node.next = &letters[i].node;
    }
    return inbox_push(inbox, &letters[0].node, &letters[count - 1].node);
}

static void number(struct letter *letters, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        letters[i] = (struct letter){.number = i};
    }
}

/* @return how many nodes there were; expects them to be letters[0], letters[1], ... */
static uint32_t expect_in_order(const struct node *node, const struct letter *letters) {
    uint32_t count = 0;
    for (; node != NULL; node = node->next) {
        EXPECT(node == &letters[count].node);
        count++;
    }
    return count;
}

TEST("a new inbox is empty and its consumer sleeps: the first push asks for a wake-up") {
    struct inbox inbox;
    struct letter letters[2];
    number(letters, 2);
    inbox_init(&inbox);
    EXPECT(!inbox_waits(&inbox));
    EXPECT_EQ(push_one(&inbox, &letters[0]), INBOX_PUSHED_WAKE);
    EXPECT_EQ(push_one(&inbox, &letters[1]), INBOX_PUSHED);
    EXPECT(inbox_waits(&inbox));
}

TEST("a take gives everything in order of arrival and leaves the consumer awake") {
    struct inbox inbox;
    struct letter letters[5];
    number(letters, 5);
    inbox_init(&inbox);
    for (uint32_t i = 0; i < 4; i++) {
        (void)push_one(&inbox, &letters[i]);
    }
    EXPECT_EQ(expect_in_order(inbox_take(&inbox), letters), 4);
    EXPECT(inbox_take(&inbox) == NULL);
    EXPECT_EQ(push_one(&inbox, &letters[4]), INBOX_PUSHED);
}

TEST("a chain pushed at once keeps its order among others") {
    struct inbox inbox;
    struct letter letters[9];
    number(letters, 9);
    inbox_init(&inbox);
    EXPECT_EQ(push_chain(&inbox, letters, 3), INBOX_PUSHED_WAKE);
    EXPECT_EQ(push_one(&inbox, &letters[3]), INBOX_PUSHED);
    EXPECT_EQ(push_chain(&inbox, letters + 4, 5), INBOX_PUSHED);
    EXPECT_EQ(expect_in_order(inbox_take(&inbox), letters), 9);
}

TEST("the consumer falls asleep only when nothing waits, and is then woken exactly once") {
    struct inbox inbox;
    struct letter letters[3];
    number(letters, 3);
    inbox_init(&inbox);
    EXPECT(inbox_sleep(&inbox));
    EXPECT(inbox_take(&inbox) == NULL);
    EXPECT_EQ(push_one(&inbox, &letters[0]), INBOX_PUSHED);
    EXPECT(!inbox_sleep(&inbox));
    EXPECT_EQ(expect_in_order(inbox_take(&inbox), letters), 1);
    EXPECT(inbox_sleep(&inbox));
    EXPECT(inbox_sleep(&inbox));
    EXPECT_EQ(push_one(&inbox, &letters[1]), INBOX_PUSHED_WAKE);
    EXPECT_EQ(push_one(&inbox, &letters[2]), INBOX_PUSHED);
}

TEST("a closed inbox gives back what was left and refuses what comes later") {
    struct inbox inbox;
    struct letter letters[3];
    number(letters, 3);
    inbox_init(&inbox);
    (void)push_one(&inbox, &letters[0]);
    (void)push_one(&inbox, &letters[1]);
    EXPECT_EQ(expect_in_order(inbox_close(&inbox), letters), 2);
    EXPECT_EQ(push_one(&inbox, &letters[2]), INBOX_REFUSED);
    EXPECT(!inbox_waits(&inbox));
    inbox_init(&inbox);
    EXPECT(inbox_close(&inbox) == NULL);
}

/* ---- stress ---------------------------------------------------------------------------------- */

#define PRODUCERS 8
#define LETTERS_EACH ROUNDS(200000u)
#define CHAIN_MAX 5
#define PAUSE_NS_MAX 3000

struct post_office {
    struct inbox inbox;
    struct siding_parker parker; /* the consumer's */
    _Atomic(uint32_t) refused;   /* atomic: any producer adds */
};

struct producer {
    struct post_office *office;
    struct letter *letters;
    uint64_t chance;
};

static void *produce(void *argument) {
    struct producer *producer = argument;
    struct post_office *office = producer->office;
    for (uint32_t sent = 0; sent < LETTERS_EACH;) {
        uint32_t count = 1 + random_below(&producer->chance, CHAIN_MAX);
        count = count < LETTERS_EACH - sent ? count : LETTERS_EACH - sent;
        switch (push_chain(&office->inbox, producer->letters + sent, count)) {
        case INBOX_PUSHED:
            break;
        case INBOX_PUSHED_WAKE:
            siding_parker_unpark(&office->parker);
            break;
        case INBOX_REFUSED:
            atomic_fetch_add(&office->refused, count);
            break;
        }
        sent += count;
        if (random_below(&producer->chance, 16) == 0) {
            spin_for(random_below(&producer->chance, PAUSE_NS_MAX));
        }
    }
    return NULL;
}

static bool start_producers(struct post_office *office, struct producer *producers,
                            pthread_t *threads, uint64_t seed) {
    inbox_init(&office->inbox);
    atomic_init(&office->refused, 0);
    bool started = siding_parker_init(&office->parker);
    for (uint32_t i = 0; started && i < PRODUCERS; i++) {
        producers[i] = (struct producer){.office = office,
                                         .letters = calloc(LETTERS_EACH, sizeof(struct letter)),
                                         .chance = seed + i};
        for (uint32_t j = 0; j < LETTERS_EACH; j++) {
            producers[i].letters[j].producer = i;
            producers[i].letters[j].number = j;
        }
        started = pthread_create(&threads[i], NULL, produce, &producers[i]) == 0;
    }
    return started;
}

static void end_producers(struct producer *producers, const pthread_t *threads) {
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
        free(producers[i].letters);
    }
}

/* @return how many letters the list had, each the next one of its producer */
static uint32_t read_letters(const struct node *node, uint32_t *expected) {
    uint32_t count = 0;
    for (; node != NULL; node = node->next) {
        const struct letter *letter = (const struct letter *)node;
        EXPECT_EQ(letter->number, expected[letter->producer]);
        expected[letter->producer] = letter->number + 1;
        count++;
    }
    return count;
}

/* Reads until `count` have come; sleeps whenever there is nothing. @return how many came */
static uint32_t read_until(struct post_office *office, uint32_t count, uint32_t *expected) {
    uint32_t came = 0;
    while (came < count) {
        came += read_letters(inbox_take(&office->inbox), expected);
        if (came < count && inbox_sleep(&office->inbox) &&
            !siding_parker_park_for(&office->parker, (uint64_t)WAIT_MS_MAX * NS_PER_MS)) {
            break; /* a lost wake-up */
        }
    }
    return came;
}

TEST("8 producers and a consumer that sleeps: nothing lost, nothing repeated, in order") {
    static struct post_office office;
    struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    uint32_t expected[PRODUCERS] = {0};
    REQUIRE(start_producers(&office, producers, threads, print_seed()));
    EXPECT_EQ(read_until(&office, PRODUCERS * LETTERS_EACH, expected), PRODUCERS * LETTERS_EACH);
    EXPECT(inbox_take(&office.inbox) == NULL);
    end_producers(producers, threads);
}

TEST("what 8 producers send while the inbox closes is either given back or refused") {
    static struct post_office office;
    uint64_t chance = print_seed();
    for (uint32_t round = 0; round < 10; round++) {
        struct producer producers[PRODUCERS];
        pthread_t threads[PRODUCERS];
        uint32_t expected[PRODUCERS] = {0};
        REQUIRE(start_producers(&office, producers, threads, random_next(&chance)));
        uint32_t before = random_below(&chance, LETTERS_EACH);
        uint32_t came = read_until(&office, before, expected);
        came += read_letters(inbox_close(&office.inbox), expected);
        end_producers(producers, threads);
        EXPECT_EQ(came + atomic_load(&office.refused), PRODUCERS * LETTERS_EACH);
    }
}

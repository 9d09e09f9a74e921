/*
 * door_test.c - threads that go in and out while the door is closed.
 */
#include "../../lib/core/door.h"
#include "fixture.h"

#define VISITORS 4u

static struct door door = DOOR_INITIALIZER_CLOSED;

TEST("a door lets in while it is open, and the last one out is told") {
    EXPECT(!door_enter(&door));
    EXPECT(door_is_closed(&door));
    door_open(&door);
    EXPECT(!door_is_closed(&door));
    EXPECT(door_enter(&door) && door_enter(&door));
    EXPECT(!door_leave(&door));
    EXPECT(!door_close(&door));
    EXPECT(!door_enter(&door));
    EXPECT(door_leave(&door));
    door_open(&door);
    EXPECT(door_enter(&door));
    EXPECT(!door_leave(&door));
    EXPECT(door_close(&door));
}

TEST("counts that wrap around are right, wherever the closing comes") {
    for (uint32_t inside = 0; inside < 4; inside++) {
        for (uint32_t before = 0; before < 8; before++) {
            uint32_t start = UINT32_MAX - 5 - before * DOOR_ONE; /* even: no flag */
            atomic_store(&door.entered, start);
            atomic_store(&door.left, start);
            for (uint32_t i = 0; i < 6; i++) {
                EXPECT(door_enter(&door));
                EXPECT(!door_leave(&door));
            }
            for (uint32_t i = 0; i < inside; i++) {
                EXPECT(door_enter(&door));
            }
            EXPECT(door_close(&door) == (inside == 0));
            for (uint32_t i = inside; i > 0; i--) {
                EXPECT(!door_enter(&door));
                EXPECT(door_leave(&door) == (i == 1));
            }
        }
    }
}

struct house {
    struct door door;
    pthread_barrier_t round;
    uint32_t rounds;
    _Atomic(uint32_t) opened;   /* rounds; by who closes too: nobody knocks while that one sleeps */
    uint32_t rooms[VISITORS];   /* plain on purpose: the disposer reads what all have done */
    _Atomic(uint32_t) disposed; /* by whom it may be, once a round */
    _Atomic(uint32_t) sum;      /* what the disposer has read */
    uint32_t visits[VISITORS];  /* of this round; likewise plain */
    _Atomic(uint32_t) next_visitor;
};

static void dispose(struct house *house) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < VISITORS; i++) {
        sum += house->rooms[i];
    }
    atomic_store(&house->sum, sum);
    atomic_fetch_add(&house->disposed, 1);
}

static void *visit(void *argument) {
    struct house *house = argument;
    uint32_t self = atomic_fetch_add(&house->next_visitor, 1);
    for (uint32_t round = 0; round < house->rounds; round++) {
        house->visits[self] = 0;
        pthread_barrier_wait(&house->round);
        while (atomic_load(&house->opened) == round) {
            siding_thread_yield();
        }
        while (door_enter(&house->door)) {
            house->rooms[self]++;
            house->visits[self]++;
            if (door_leave(&house->door)) {
                dispose(house);
            }
        }
        pthread_barrier_wait(&house->round);
        pthread_barrier_wait(&house->round);
    }
    return NULL;
}

TEST("exactly one disposes, and sees what everybody has done, 20,000 times") {
    static struct house house;
    uint64_t chance = print_seed();
    pthread_t visitors[VISITORS];
    house.rounds = ROUNDS(20000u);
    pthread_barrier_init(&house.round, NULL, VISITORS + 1);
    for (uint32_t i = 0; i < VISITORS; i++) {
        REQUIRE(pthread_create(&visitors[i], NULL, visit, &house) == 0);
    }
    uint32_t total = 0;
    for (uint32_t round = 0; round < house.rounds; round++) {
        atomic_store(&house.disposed, 0);
        pthread_barrier_wait(&house.round);
        door_open(&house.door);
        atomic_fetch_add(&house.opened, 1);
        while (atomic_load(&house.door.entered) == 0) {
            siding_thread_pause();
        }
        spin_for(random_below(&chance, 3000));
        if (door_close(&house.door)) {
            dispose(&house);
        }
        pthread_barrier_wait(&house.round);
        for (uint32_t i = 0; i < VISITORS; i++) {
            total += house.visits[i];
        }
        EXPECT_EQ(atomic_load(&house.disposed), 1);
        EXPECT_EQ(atomic_load(&house.sum), total);
        pthread_barrier_wait(&house.round);
    }
    for (uint32_t i = 0; i < VISITORS; i++) {
        pthread_join(visitors[i], NULL);
    }
}

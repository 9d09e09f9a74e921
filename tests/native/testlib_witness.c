/*
 * testlib_witness.c - handles that see to their own destruction: once, on the thread that made
 * them, and of those of one pile the last first.
 *
 * A witness lies in no memory of its own: its handle is a place in a table and which use of that
 * place it is. So a second destruction is seen, and harms nobody.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "testlib.h"

#define WITNESSES_MAX 65536u

struct test_witness;

TEST_API int32_t test_pile_make(void);
TEST_API int32_t test_pile_size(int32_t pile);
TEST_API struct test_witness *test_witness_make(int32_t pile);
TEST_API int32_t test_witness_own(struct test_witness *witness);
TEST_API int32_t test_witness_loosen(struct test_witness *witness);
TEST_API int32_t test_witness_disown(struct test_witness *witness);
TEST_API int32_t test_witness_destroy(struct test_witness *witness);
TEST_API int32_t test_witnesses_owned(void);
TEST_API int32_t test_witness_fault(int32_t kind);

/*
 *        make          own           loosen
 *  FREE ──────▶ MADE ──────▶ OWNED ──────────▶ LOOSE ──▶ MADE
 *   ▲             │            │ the last first   │ disown
 *   │             │            │                  │ at any time
 *   └─────────────┴────────────┴──────────────────┘ destroy
 */
enum state { FREE, MADE, OWNED, LOOSE };

enum fault { TWICE, ELSEWHERE, OUT_OF_ORDER, FAULTS };

struct place {
    enum state state;
    uint32_t use;
    int32_t pile;
    uint64_t thread;
    uint64_t rank; /* witnesses owned later have a higher one */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct place places[WITNESSES_MAX];
static uint32_t places_used;
static uint64_t last_rank;
static int32_t piles_made;
static int32_t faults[FAULTS];

static struct test_witness *handle_of(uint32_t index) {
    return (struct test_witness *)((uintptr_t)places[index].use * WITNESSES_MAX + index);
}

/* NULL where it was destroyed. */
static struct place *find(struct test_witness *witness) {
    uintptr_t handle = (uintptr_t)witness;
    struct place *place = &places[handle % WITNESSES_MAX];
    bool is_there = place->state != FREE && place->use == handle / WITNESSES_MAX;
    return is_there ? place : NULL;
}

static int32_t count_owned(int32_t pile) {
    int32_t count = 0;
    for (uint32_t i = 0; i < places_used; i++) {
        bool is_owned = places[i].state == OWNED || places[i].state == LOOSE;
        count += is_owned && (pile == 0 || places[i].pile == pile);
    }
    return count;
}

static bool is_last(const struct place *place) {
    for (uint32_t i = 0; i < places_used; i++) {
        bool is_later = places[i].pile == place->pile && places[i].rank > place->rank;
        if (is_later && places[i].state == OWNED) {
            return false;
        }
    }
    return true;
}

static void move(struct place *place, enum state state) {
    if (place == NULL) {
        faults[TWICE]++;
        return;
    }
    place->state = state;
    place->rank = state == OWNED ? ++last_rank : place->rank;
}

static int32_t locked_move(struct test_witness *witness, enum state state) {
    pthread_mutex_lock(&mutex);
    struct place *place = find(witness);
    move(place, state);
    pthread_mutex_unlock(&mutex);
    return place != NULL;
}

int32_t test_pile_make(void) {
    pthread_mutex_lock(&mutex);
    int32_t pile = ++piles_made;
    pthread_mutex_unlock(&mutex);
    return pile;
}

int32_t test_pile_size(int32_t pile) {
    pthread_mutex_lock(&mutex);
    int32_t count = count_owned(pile);
    pthread_mutex_unlock(&mutex);
    return count;
}

struct test_witness *test_witness_make(int32_t pile) {
    struct test_witness *made = NULL;
    pthread_mutex_lock(&mutex);
    uint32_t index = 0;
    while (index < places_used && places[index].state != FREE) {
        index++;
    }
    if (index < WITNESSES_MAX) {
        places_used += index == places_used;
        struct place *place = &places[index];
        *place = (struct place){
            .state = MADE, .use = place->use + 1, .pile = pile, .thread = test_thread_id()};
        made = handle_of(index);
    }
    pthread_mutex_unlock(&mutex);
    return made;
}

/* It has an owner now. */
int32_t test_witness_own(struct test_witness *witness) {
    return locked_move(witness, OWNED);
}

/* It may be destroyed before those that were owned later. */
int32_t test_witness_loosen(struct test_witness *witness) {
    return locked_move(witness, LOOSE);
}

/* It has none any more. */
int32_t test_witness_disown(struct test_witness *witness) {
    return locked_move(witness, MADE);
}

int32_t test_witness_destroy(struct test_witness *witness) {
    pthread_mutex_lock(&mutex);
    struct place *place = find(witness);
    if (place != NULL) {
        faults[ELSEWHERE] += place->thread != test_thread_id();
        faults[OUT_OF_ORDER] += place->state == OWNED && !is_last(place);
    }
    move(place, FREE);
    pthread_mutex_unlock(&mutex);
    return place != NULL;
}

/* Of all piles. */
int32_t test_witnesses_owned(void) {
    return test_pile_size(0);
}

int32_t test_witness_fault(int32_t kind) {
    pthread_mutex_lock(&mutex);
    int32_t count = faults[kind % FAULTS];
    pthread_mutex_unlock(&mutex);
    return count;
}

/*
 * ping_pong.c - the floor of the machine: two threads that hand one word to and fro and park on a
 * futex while it is not their turn.
 */
#define _GNU_SOURCE

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BENCH_API __attribute__((visibility("default")))

BENCH_API int32_t bench_ping_pong(uint32_t rounds);

struct table {
    _Atomic(uint32_t) turn; /* atomic: each store pairs with the other thread's load */
    uint32_t rounds;
};

static void wait_for(struct table *table, uint32_t turn) {
    uint32_t seen;
    while ((seen = atomic_load_explicit(&table->turn, memory_order_acquire)) != turn) {
        syscall(SYS_futex, &table->turn, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    }
}

static void pass_to(struct table *table, uint32_t turn) {
    atomic_store_explicit(&table->turn, turn, memory_order_release);
    syscall(SYS_futex, &table->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *answer(void *argument) {
    struct table *table = argument;
    for (uint32_t i = 0; i < table->rounds; i++) {
        wait_for(table, 1);
        pass_to(table, 0);
    }
    return NULL;
}

/* Runs that many round trips between this thread and another. */
int32_t bench_ping_pong(uint32_t rounds) {
    struct table table = {.rounds = rounds};
    pthread_t thread;
    if (pthread_create(&thread, NULL, answer, &table) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < rounds; i++) {
        pass_to(&table, 1);
        wait_for(&table, 0);
    }
    pthread_join(thread, NULL);
    return 0;
}

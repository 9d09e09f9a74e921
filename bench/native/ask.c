/*
 * ask.c - the floor under callbacks with a result: threads of C that ask one other thread of C, by
 * a queue under a mutex and a semaphore for each thread that waits.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_API __attribute__((visibility("default")))
#define THREADS_MAX 64

BENCH_API int32_t bench_ask(uint32_t threads, uint32_t calls);

struct question {
    struct question *next;
    sem_t answered;
    int32_t argument;
    int32_t result;
};

struct desk {
    pthread_mutex_t mutex;
    pthread_cond_t asked;
    struct question *first;
    bool is_closed;
    uint32_t calls;
};

static void *answer(void *argument) {
    struct desk *desk = argument;
    pthread_mutex_lock(&desk->mutex);
    while (!desk->is_closed || desk->first != NULL) {
        struct question *question = desk->first;
        if (question == NULL) {
            pthread_cond_wait(&desk->asked, &desk->mutex);
            continue;
        }
        desk->first = NULL;
        pthread_mutex_unlock(&desk->mutex);
        while (question != NULL) {
            struct question *next = question->next; /* it is gone once it is answered */
            question->result = question->argument + 1;
            sem_post(&question->answered);
            question = next;
        }
        pthread_mutex_lock(&desk->mutex);
    }
    pthread_mutex_unlock(&desk->mutex);
    return NULL;
}

static void *ask(void *argument) {
    struct desk *desk = argument;
    struct question question;
    intptr_t wrong = 0;
    sem_init(&question.answered, 0, 0);
    for (uint32_t i = 0; i < desk->calls; i++) {
        question.argument = (int32_t)i;
        pthread_mutex_lock(&desk->mutex);
        question.next = desk->first;
        desk->first = &question;
        pthread_cond_signal(&desk->asked);
        pthread_mutex_unlock(&desk->mutex);
        while (sem_wait(&question.answered) != 0) {
        }
        wrong += question.result != (int32_t)i + 1;
    }
    sem_destroy(&question.answered);
    return (void *)wrong;
}

/* @return 0, or how many answers were wrong; negative: no thread could be started */
int32_t bench_ask(uint32_t threads, uint32_t calls) {
    struct desk desk = {
        .mutex = PTHREAD_MUTEX_INITIALIZER, .asked = PTHREAD_COND_INITIALIZER, .calls = calls};
    pthread_t answering;
    pthread_t asking[THREADS_MAX];
    uint32_t started = 0;
    intptr_t wrong = 0;
    if (pthread_create(&answering, NULL, answer, &desk) != 0) {
        return -1;
    }
    while (started < threads && started < THREADS_MAX &&
           pthread_create(&asking[started], NULL, ask, &desk) == 0) {
        started++;
    }
    for (uint32_t i = 0; i < started; i++) {
        void *one = NULL;
        pthread_join(asking[i], &one);
        wrong += (intptr_t)one;
    }
    pthread_mutex_lock(&desk.mutex);
    desk.is_closed = true;
    pthread_cond_signal(&desk.asked);
    pthread_mutex_unlock(&desk.mutex);
    pthread_join(answering, NULL);
    return started == threads ? (int32_t)wrong : -1;
}

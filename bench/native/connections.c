/*
 * connections.c - threads that connect to a Unix socket and close again, and the floor: a loop of
 * accept4.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BENCH_API __attribute__((visibility("default")))
#define CLIENTS 2
#define BACKLOG 256

BENCH_API int32_t bench_connections_listen(int32_t is_blocking);
BENCH_API int32_t bench_connections_start(int32_t listener, uint32_t count);
BENCH_API int32_t bench_connections_join(void);
BENCH_API int32_t bench_connections_take(int32_t listener, uint32_t count);

static struct clients {
    pthread_t threads[CLIENTS];
    struct sockaddr_un address;
    socklen_t address_size;
    atomic_uint left;
    atomic_uint connected;
} clients;

/* @return a listening socket with a name that the system has chosen, or -1 */
int32_t bench_connections_listen(int32_t is_blocking) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int flags = SOCK_STREAM | SOCK_CLOEXEC | (is_blocking != 0 ? 0 : SOCK_NONBLOCK);
    int listener = socket(AF_UNIX, flags, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address.sun_family) != 0 ||
        listen(listener, BACKLOG) != 0) {
        return -1;
    }
    return listener;
}

static void *connect_all(void *argument) {
    (void)argument;
    uint32_t left = atomic_load(&clients.left);
    while (left > 0) {
        if (!atomic_compare_exchange_weak(&clients.left, &left, left - 1)) {
            continue;
        }
        int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        /* waits while the backlog is full */
        if (connect(client, (struct sockaddr *)&clients.address, clients.address_size) == 0) {
            atomic_fetch_add(&clients.connected, 1);
        }
        (void)close(client);
        left = atomic_load(&clients.left);
    }
    return NULL;
}

/* Starts threads that connect `count` times in all. @return 0, or -1 */
int32_t bench_connections_start(int32_t listener, uint32_t count) {
    clients.address_size = sizeof clients.address;
    if (getsockname(listener, (struct sockaddr *)&clients.address, &clients.address_size) != 0) {
        return -1;
    }
    atomic_store(&clients.left, count);
    atomic_store(&clients.connected, 0);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        if (pthread_create(&clients.threads[i], NULL, connect_all, NULL) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Waits for them. @return how many connections were made */
int32_t bench_connections_join(void) {
    for (uint32_t i = 0; i < CLIENTS; i++) {
        pthread_join(clients.threads[i], NULL);
    }
    return (int32_t)atomic_load(&clients.connected);
}

/* The floor: accepts and closes so many. @return how many were made */
int32_t bench_connections_take(int32_t listener, uint32_t count) {
    if (bench_connections_start(listener, count) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct sockaddr_un from;
        socklen_t size = sizeof from;
        int connection =
            accept4(listener, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection < 0) {
            return -1;
        }
        (void)close(connection);
    }
    return bench_connections_join();
}

/*
 * echo.c - a server at a Unix socket that sends back what it gets, and who talks to it.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BENCH_API __attribute__((visibility("default")))
#define MESSAGE_BYTES 4096
#define BACKLOG 16

BENCH_API int32_t bench_echo_start(const char *path);
BENCH_API int32_t bench_echo_connect(const char *path);

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return address;
}

static void *echo(void *argument) {
    int connection = (int)(intptr_t)argument;
    uint8_t message[MESSAGE_BYTES];
    ssize_t size;
    while ((size = recv(connection, message, sizeof message, 0)) > 0 &&
           send(connection, message, (size_t)size, MSG_NOSIGNAL) == size) {
    }
    (void)close(connection);
    return NULL;
}

static void *serve(void *argument) {
    int listener = (int)(intptr_t)argument;
    int connection;
    while ((connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, echo, (void *)(intptr_t)connection) != 0) {
            (void)close(connection);
            continue;
        }
        (void)pthread_detach(thread);
    }
    return NULL;
}

/* Serves for the rest of the process, each connection on a thread of its own. @return 0, or -1 */
int32_t bench_echo_start(const char *path) {
    struct sockaddr_un address = address_of(path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_t thread;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, BACKLOG) != 0 ||
        pthread_create(&thread, NULL, serve, (void *)(intptr_t)listener) != 0) {
        return -1;
    }
    return pthread_detach(thread);
}

/* @return a connection that does not block, or -1 */
int32_t bench_echo_connect(const char *path) {
    struct sockaddr_un address = address_of(path);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0 ||
        fcntl(connection, F_SETFL, O_NONBLOCK) != 0) {
        return -1;
    }
    return connection;
}

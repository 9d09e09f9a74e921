/*
 * datagrams.c - a socket of UDP on loopback, a thread that fills it without overflowing it, and the
 * floor: recvmmsg in a loop. Sending is made cheap, so that receiving is what is measured.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BENCH_API __attribute__((visibility("default")))
#define DATAGRAM_BYTES 64
#define BATCH 64    /* received by one system call */
#define SEGMENTS 64 /* sent as one message, which the system takes apart */
#define MESSAGES 4  /* sent by one system call */
#define SENT_AT_ONCE (SEGMENTS * MESSAGES)
#define BUFFER_BYTES (4 << 20) /* as much as the system allows of it */
#define CHARGED_BYTES 1024u    /* at least what a datagram is counted as in a buffer */
#define DESCRIPTORS_MAX 4096

BENCH_API int32_t bench_datagrams_open(void);
BENCH_API int32_t bench_datagrams_find(uint32_t port);
BENCH_API int32_t bench_datagrams_start(int32_t receiver, uint32_t count);
BENCH_API int32_t bench_datagrams_join(void);
BENCH_API int32_t bench_datagrams_take(uint32_t count);

struct datagram {
    uint32_t number; /* from 0 on, so that one that is missing is noticed */
    uint8_t rest[DATAGRAM_BYTES - sizeof(uint32_t)];
};

struct batch {
    struct datagram datagrams[BATCH];
    struct sockaddr_in from[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
};

static struct sender {
    pthread_t thread;
    int receiver;
    int socket; /* its address is what datagrams come from */
    uint16_t port;
    uint32_t count;
    int32_t sent;
    struct datagram datagrams[SENT_AT_ONCE]; /* owner: its thread, as the rest */
    struct iovec parts[MESSAGES];
    struct mmsghdr messages[MESSAGES];
} sender;

static int open_socket(int flags) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);
    if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(descriptor);
        return -1;
    }
    return descriptor;
}

static bool address_of(int descriptor, struct sockaddr_in *out_address) {
    socklen_t size = sizeof *out_address;
    return getsockname(descriptor, (struct sockaddr *)out_address, &size) == 0 &&
           size == sizeof *out_address && out_address->sin_family == AF_INET;
}

static int grow(int receiver) {
    int size = BUFFER_BYTES;
    (void)setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return receiver;
}

/* @return a socket that does not block, at a port of its own; or -1 */
int32_t bench_datagrams_open(void) {
    int receiver = open_socket(SOCK_NONBLOCK);
    return receiver < 0 ? -1 : grow(receiver);
}

/* @return the descriptor of this process that is bound to a port, with as large a buffer; or -1 */
int32_t bench_datagrams_find(uint32_t port) {
    for (int descriptor = 0; descriptor < DESCRIPTORS_MAX; descriptor++) {
        struct sockaddr_in address;
        if (address_of(descriptor, &address) && ntohs(address.sin_port) == port) {
            return grow(descriptor);
        }
    }
    return -1;
}

static bool has_room(int receiver) {
    uint32_t memory[SK_MEMINFO_VARS];
    socklen_t size = sizeof memory;
    return getsockopt(receiver, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0 &&
           memory[SK_MEMINFO_RMEM_ALLOC] + SENT_AT_ONCE * CHARGED_BYTES <=
               memory[SK_MEMINFO_RCVBUF];
}

/* @return how many messages it makes of so many datagrams, the first of which has this number */
static uint32_t write_messages(uint32_t first, uint32_t count) {
    uint32_t messages = (count + SEGMENTS - 1) / SEGMENTS;
    for (uint32_t i = 0; i < count; i++) {
        sender.datagrams[i].number = first + i;
    }
    for (uint32_t i = 0; i < messages; i++) {
        uint32_t left = count - i * SEGMENTS;
        uint32_t segments = left < SEGMENTS ? left : SEGMENTS;
        sender.parts[i] =
            (struct iovec){&sender.datagrams[i * SEGMENTS], segments * sizeof sender.datagrams[0]};
        sender.messages[i].msg_hdr = (struct msghdr){.msg_iov = &sender.parts[i], .msg_iovlen = 1};
    }
    return messages;
}

/* @return whether all were sent */
static bool send_some(uint32_t first, uint32_t count) {
    uint32_t messages = write_messages(first, count);
    while (!has_room(sender.receiver)) {
        (void)sched_yield(); /* nothing tells a sender of room */
    }
    return sendmmsg(sender.socket, sender.messages, messages, 0) == (int)messages;
}

static void *send_all(void *argument) {
    (void)argument;
    uint32_t done = 0;
    while (done < sender.count) {
        uint32_t left = sender.count - done;
        uint32_t count = left < SENT_AT_ONCE ? left : SENT_AT_ONCE;
        if (!send_some(done, count)) {
            break;
        }
        done += count;
    }
    sender.sent = (int32_t)done;
    return NULL;
}

/* Starts the thread that sends. @return the port that datagrams come from, or -1 */
int32_t bench_datagrams_start(int32_t receiver, uint32_t count) {
    struct sockaddr_in to;
    struct sockaddr_in from;
    int segment = DATAGRAM_BYTES;
    int descriptor = open_socket(0);
    if (descriptor < 0 || !address_of(receiver, &to) || !address_of(descriptor, &from) ||
        connect(descriptor, (struct sockaddr *)&to, sizeof to) != 0 ||
        setsockopt(descriptor, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0) {
        return -1;
    }
    sender.receiver = receiver;
    sender.socket = descriptor;
    sender.port = ntohs(from.sin_port);
    sender.count = count;
    return pthread_create(&sender.thread, NULL, send_all, NULL) == 0 ? sender.port : -1;
}

/* Waits for it. @return how many were sent */
int32_t bench_datagrams_join(void) {
    pthread_join(sender.thread, NULL);
    (void)close(sender.socket);
    return sender.sent;
}

static void point(struct batch *batch) {
    memset(batch, 0, sizeof *batch);
    for (uint32_t i = 0; i < BATCH; i++) {
        batch->parts[i] = (struct iovec){&batch->datagrams[i], sizeof batch->datagrams[i]};
        batch->messages[i].msg_hdr = (struct msghdr){.msg_iov = &batch->parts[i],
                                                     .msg_iovlen = 1,
                                                     .msg_name = &batch->from[i],
                                                     .msg_namelen = sizeof batch->from[i]};
    }
}

static bool is_next(const struct batch *batch, uint32_t i, uint32_t number) {
    return batch->messages[i].msg_len == DATAGRAM_BYTES && batch->datagrams[i].number == number &&
           ntohs(batch->from[i].sin_port) == sender.port;
}

/* Waits for datagrams, with their addresses. @return 0, or -1: one was missing or wrong */
static int32_t take_all(int receiver, struct batch *batch, uint32_t count) {
    uint32_t done = 0;
    while (done < count) {
        int found = recvmmsg(receiver, batch->messages, BATCH, MSG_WAITFORONE, NULL);
        if (found < 0 && errno == EINTR) {
            continue;
        }
        for (int i = 0; i < found; i++) {
            if (!is_next(batch, (uint32_t)i, done++)) {
                return -1;
            }
        }
        if (found <= 0) {
            return -1;
        }
    }
    return 0;
}

/* The floor: a socket that blocks, and one thread that receives. @return 0, or -1 */
int32_t bench_datagrams_take(uint32_t count) {
    struct batch *batch = malloc(sizeof *batch);
    int receiver = open_socket(0);
    int32_t result = -1;
    if (batch != NULL && receiver >= 0 && bench_datagrams_start(grow(receiver), count) >= 0) {
        point(batch);
        result = take_all(receiver, batch, count);
        (void)bench_datagrams_join();
    }
    (void)close(receiver);
    free(batch);
    return result;
}

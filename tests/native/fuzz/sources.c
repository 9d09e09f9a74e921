#include "sources.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../lib/include/siding.h"
#include "handles.h"

#define PAIRS 4u
#define TOKENS 24u
#define CREDIT_MAX 4u
#define TIME_NS_MAX 100000u

#define OR_NULL(pointer) (take_rarely(bytes) ? NULL : (pointer))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* around what happens to the pairs */
static int pairs[PAIRS][2]; /* connected sockets; the first one's number stays the same */

static void sink(int64_t value) {
    static volatile int64_t last;
    last = value;
    (void)last;
}

/* Under a number that it had before. */
static void renew(uint32_t place) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        abort();
    }
    close(pairs[place][1]);
    (void)dup2(ends[0], pairs[place][0]);
    close(ends[0]);
    pairs[place][1] = ends[1];
}

void sources_init(void) {
    for (uint32_t i = 0; i < PAIRS; i++) {
        pairs[i][0] = open("/dev/null", O_RDWR | O_CLOEXEC);
        pairs[i][1] = open("/dev/null", O_RDWR | O_CLOEXEC);
        renew(i);
    }
    (void)signal(SIGUSR2, SIG_IGN);
}

static int64_t take_object(struct bytes *bytes, uint32_t kind) {
    if (kind == SIDING_SOURCE_SIGNAL) {
        return take_rarely(bytes) ? (int64_t)take_number(bytes) : SIGUSR2;
    }
    if (kind == SIDING_SOURCE_CHILD) {
        return take_rarely(bytes) ? (int64_t)take_number(bytes) : getpid();
    }
    /* no other descriptor of this process */
    return take_rarely(bytes) ? INT16_MAX + (int64_t)take_below(bytes, 9) * INT32_MAX
                              : pairs[take_below(bytes, PAIRS)][0];
}

static uint64_t take_ns(struct bytes *bytes) {
    return take_rarely(bytes) ? take_number(bytes) : take_below(bytes, TIME_NS_MAX);
}

static uint32_t take_flags(struct bytes *bytes, uint32_t kind) {
    uint32_t modes = take_below(bytes, 4) * SIDING_SOURCE_EDGE;
    switch (take_rarely(bytes) ? 0 : kind) {
    case SIDING_SOURCE_READY:
        return take_below(bytes, 8) | modes;
    case SIDING_SOURCE_EVENT:
        return take_below(bytes, 2) * SIDING_SOURCE_COUNTED;
    default:
        return take_rarely(bytes) ? (uint32_t)take_number(bytes) : 0;
    }
}

void fuzz_source_open(struct bytes *bytes) {
    uint32_t kind = take_below(bytes, SIDING_SOURCE_CALL + 2);
    struct siding_source_options options = {
        .size_bytes = take_rarely(bytes) ? (uint32_t)take_number(bytes) : (uint32_t)sizeof options,
        .kind = kind,
        .token = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, TOKENS),
        .flags = take_flags(bytes, kind),
        .object = take_object(bytes, kind),
        .after_ns = take_ns(bytes),
        .every_ns = take_below(bytes, 2) * take_ns(bytes),
        .limit_bytes = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 64),
        .credit = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, CREDIT_MAX),
        .bound = handles_pick(bytes, KIND_BOUND),
        .emit_test = take_below(bytes, 4),
        .until_test = take_below(bytes, 4),
        .emit_expected = take_number(bytes),
        .until_expected = take_number(bytes),
    };
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t source = 0;
    int32_t error = 0;
    if (siding_source_open(bridge, OR_NULL(&options), OR_NULL(&source), OR_NULL(&error)) >= 0) {
        handles_keep(KIND_SOURCE, source);
    }
}

void fuzz_source_pull(struct bytes *bytes) {
    uint32_t count = take_rarely(bytes) ? (uint32_t)take_number(bytes) : take_below(bytes, 4);
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    sink(siding_source_pull(bridge, handles_pick(bytes, KIND_SOURCE), count));
}

void fuzz_source_pull_all(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint32_t count = take_below(bytes, HANDLES_KEPT);
    uint64_t *sources = malloc(count * sizeof *sources);
    for (uint32_t i = 0; i < count; i++) {
        sources[i] = handles_pick(bytes, KIND_SOURCE);
    }
    sink(siding_source_pull_all(bridge, OR_NULL(sources), count));
    free(sources);
}

void fuzz_source_close(struct bytes *bytes) {
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    sink(siding_source_close(bridge, handles_pick(bytes, KIND_SOURCE)));
}

void fuzz_source_stats_read(struct bytes *bytes) {
    struct siding_source_stats stats = {.size_bytes = sizeof stats};
    if (take_rarely(bytes)) {
        stats.size_bytes = (uint32_t)take_number(bytes);
    }
    uint64_t bridge = handles_pick(bytes, KIND_BRIDGE);
    uint64_t source = handles_pick(bytes, KIND_SOURCE);
    sink(siding_source_stats_read(bridge, source, OR_NULL(&stats)));
}

/* Its own, or none that is open. */
void fuzz_descriptor_close(struct bytes *bytes) {
    int32_t descriptor = dup(pairs[take_below(bytes, PAIRS)][0]);
    int32_t error = 0;
    if (take_rarely(bytes)) {
        sink(siding_descriptor_close(INT32_MAX - (int32_t)take_below(bytes, 9), &error));
    }
    int32_t closed = take_rarely(bytes) ? -descriptor : descriptor;
    if (siding_descriptor_close(closed, OR_NULL(&error)) != SIDING_OK) {
        (void)close(descriptor);
    }
}

void fuzz_event_post(struct bytes *bytes) {
    uint64_t event = handles_pick(bytes, KIND_SOURCE);
    sink(siding_event_post(event, take_number(bytes)));
}

void fuzz_source_happen(struct bytes *bytes) {
    uint32_t place = take_below(bytes, PAIRS);
    char read_bytes[256];
    pthread_mutex_lock(&mutex);
    switch (take_below(bytes, 5)) {
    case 0:
        sink(send(pairs[place][1], "siding", 1 + take_below(bytes, 6), MSG_NOSIGNAL));
        break;
    case 1:
        sink(recv(pairs[place][0], read_bytes, sizeof read_bytes, 0));
        break;
    case 2:
        sink(shutdown(pairs[place][1], (int)take_below(bytes, 3)));
        break;
    case 3:
        renew(place);
        break;
    default:
        sink(raise(SIGUSR2));
        break;
    }
    pthread_mutex_unlock(&mutex);
}

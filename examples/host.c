/*
 * A host of libsiding in C: an event loop around poll() that never blocks in the calls it makes.
 *
 *   cc -std=c11 -D_GNU_SOURCE -Ilib/include examples/host.c \
 *      -Lzig-out/lib -lsiding -Wl,-rpath,zig-out/lib -o host
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "siding.h"

enum { SLEEP_TOKEN = 0, TEXT_TOKEN = 1, CALLS = 2 };

/* One argument word follows each header. */
struct call_with_word {
    struct siding_call call;
    uint64_t word;
};

static int failed(const char *action, int32_t status) {
    fprintf(stderr, "cannot %s: status %d\n", action, (int)status);
    return 1;
}

/* int usleep(unsigned) and char *strerror(int), for any free thread of the pool */
static int32_t submit(uint64_t bridge) {
    static const uint8_t sleeper[] = {SIDING_NOT_VARIADIC, SIDING_TYPE_I32, SIDING_TYPE_U32};
    static const uint8_t texter[] = {SIDING_NOT_VARIADIC, SIDING_TYPE_TEXT, SIDING_TYPE_I32};
    int32_t sleep_signature = siding_signature_prepare(sleeper, sizeof sleeper);
    int32_t text_signature = siding_signature_prepare(texter, sizeof texter);
    if (sleep_signature < 0 || text_signature < 0) {
        return SIDING_ESIGNATURE;
    }
    struct call_with_word calls[CALLS] = {
        {.call = {.token = SLEEP_TOKEN,
                  .signature = (uint32_t)sleep_signature,
                  .words = sizeof calls[0] / 8,
                  .function = (uint64_t)(uintptr_t)usleep},
         .word = 200000},
        {.call = {.token = TEXT_TOKEN,
                  .signature = (uint32_t)text_signature,
                  .words = sizeof calls[0] / 8,
                  .function = (uint64_t)(uintptr_t)strerror},
         .word = 2},
    };
    return siding_bridge_submit(bridge, calls, sizeof calls / 8);
}

static void print_event(const struct siding_event *event) {
    const uint64_t *payload = (const uint64_t *)(event + 1);
    if (event->status != SIDING_OK) {
        printf("call %u: status %d\n", event->token, (int)event->status);
    } else if (event->token == TEXT_TOKEN) { /* the pointer, then the length and the bytes */
        printf("strerror gave \"%.*s\"\n", (int)payload[1], (const char *)(payload + 2));
    } else {
        printf("usleep gave %d\n", (int)(int32_t)payload[0]);
    }
}

/* @return the number of events, or a negative status */
static int32_t drain(uint64_t bridge) {
    static uint64_t events[SIDING_EVENT_WORDS_MAX];
    int32_t count = 0;
    int32_t more = SIDING_DRAIN_MORE;
    while (more) {
        int32_t got = siding_bridge_drain(bridge, events, SIDING_EVENT_WORDS_MAX);
        if (got < 0) {
            return got;
        }
        more = got & SIDING_DRAIN_MORE;
        int32_t words = got & ~SIDING_DRAIN_MORE;
        for (int32_t at = 0; at < words; count++) {
            const struct siding_event *event = (const struct siding_event *)(events + at);
            print_event(event);
            at += event->words;
        }
    }
    return count;
}

static int run_loop(uint64_t bridge, int descriptor) {
    struct pollfd watched = {.fd = descriptor, .events = POLLIN};
    for (int32_t finished = 0; finished < CALLS;) {
        if (poll(&watched, 1, 50) == 0) {
            printf("the loop is free\n");
            continue;
        }
        char kicks[64]; /* their bytes mean nothing */
        ssize_t ignored = read(descriptor, kicks, sizeof kicks);
        (void)ignored;
        int32_t count = drain(bridge);
        if (count < 0) {
            return failed("drain", count);
        }
        finished += count;
    }
    return 0;
}

int main(void) {
    if (siding_abi_version() != SIDING_ABI_VERSION) {
        return failed("use this libsiding", (int32_t)siding_abi_version());
    }
    struct siding_bridge_options options = {.size_bytes = sizeof options, .calls_max = 64};
    uint64_t bridge = 0;
    int32_t descriptor = -1;
    int32_t status = siding_bridge_open(&options, &bridge, &descriptor);
    if (status != SIDING_OK) {
        return failed("open a bridge", status);
    }
    status = submit(bridge);
    int result = status < 0 ? failed("submit", status) : run_loop(bridge, descriptor);
    siding_bridge_close(bridge);
    close(descriptor);
    return result;
}

/*
 * source_signal_test.c - signals: who sees them, whose handlers go on working, and that
 * these may post.
 */
#include <signal.h>
#include <sys/wait.h>

#include "source_fixture.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u

static uint64_t open_signal(const struct host *on, uint32_t token, int number, uint32_t credit) {
    struct siding_source_options options =
        plain_options(SIDING_SOURCE_SIGNAL, token, number, credit);
    return open_source(on, &options);
}

static atomic_int former_calls;
static atomic_int later_calls;

static void count_call(int number) {
    (void)number;
    atomic_fetch_add(&former_calls, 1);
}

static void *see_one(void *argument) {
    struct gate *gate = argument;
    struct host own;
    if (!host_open(&own, 8)) {
        EXPECT(false);
        return NULL;
    }
    (void)open_signal(&own, 1, SIGUSR1, 1);
    (void)open_signal(&own, 2, SIGUSR1, 1);
    (void)gate_pass(gate);
    const struct siding_event *event = host_next(&own);
    uint32_t seen = event == NULL ? 0 : 1u << event->token;
    event = host_next(&own);
    seen |= event == NULL ? 0 : 1u << event->token;
    EXPECT_EQ(seen, 6);
    host_close(&own);
    return NULL;
}

TEST("S7: several sources on several threads each see a signal, and so does the handler before") {
    struct sigaction former = {.sa_handler = count_call};
    struct sigaction before;
    struct sigaction after;
    struct gate gate = GATE_INITIALIZER;
    pthread_t threads[2];
    sigaction(SIGUSR1, &former, &before);
    for (uint32_t i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, see_one, &gate);
    }
    EXPECT(gate_await(&gate, 2));
    atomic_store(&former_calls, 0);
    EXPECT_EQ(raise(SIGUSR1), 0);
    EXPECT_EQ(atomic_load(&former_calls), 1);
    gate_open(&gate);
    for (uint32_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    /* nobody listens: what was there before is back */
    sigaction(SIGUSR1, &before, &after);
    EXPECT(after.sa_handler == count_call);
}

TEST("S7: signals are counted until the host asks, and a pending one is dropped by the close") {
    REQUIRE(host_open(&host, 64));
    uint64_t source = open_signal(&host, TOKEN, SIGUSR1, 0);
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR1);
    settle_poller(&host, TOKEN + 1);
    EXPECT_EQ(siding_source_pull(host.bridge, source, 1), 1);
    EXPECT_EQ(next_word(&host, TOKEN), 3);
    raise(SIGUSR1);
    settle_poller(&host, TOKEN + 1);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    EXPECT(has_none(&host));
    host_close(&host);
}

static struct sigaction chained;

static void chain_on(int number, siginfo_t *info, void *context) {
    atomic_fetch_add(&later_calls, 1);
    if (chained.sa_flags & SA_SIGINFO) {
        chained.sa_sigaction(number, info, context);
    }
}

TEST("S7: a handler installed later that calls ours, and that we call, does so once") {
    REQUIRE(host_open(&host, 64));
    uint64_t first = open_signal(&host, TOKEN, SIGUSR1, 8);
    struct sigaction later = {.sa_sigaction = chain_on, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &later, &chained);
    atomic_store(&later_calls, 0);
    raise(SIGUSR1);
    EXPECT_EQ(atomic_load(&later_calls), 1);
    EXPECT_EQ(next_word(&host, TOKEN), 1);
    /* takes its place again, in front of it */
    uint64_t second = open_signal(&host, TOKEN + 1, SIGUSR1, 8);
    raise(SIGUSR1);
    EXPECT_EQ(atomic_load(&later_calls), 2);
    EXPECT_EQ(next_word(&host, TOKEN + 1) + next_word(&host, TOKEN), 2);
    EXPECT(has_none(&host));
    close_source(&host, first);
    close_source(&host, second);
    struct sigaction plain = {.sa_handler = SIG_DFL};
    struct sigaction left;
    sigaction(SIGUSR1, &plain, &left);
    EXPECT(left.sa_sigaction == chain_on);
    host_close(&host);
}

static void raise_once(int calls_of_former, int calls_of_later) {
    atomic_store(&former_calls, 0);
    atomic_store(&later_calls, 0);
    raise(SIGUSR1);
    EXPECT_EQ(atomic_load(&former_calls), calls_of_former);
    EXPECT_EQ(atomic_load(&later_calls), calls_of_later);
}

TEST("S7: of two handlers, before the first source and before the second, each is called once") {
    REQUIRE(host_open(&host, 64));
    struct sigaction former = {.sa_handler = count_call};
    struct sigaction later = {.sa_sigaction = chain_on, .sa_flags = SA_SIGINFO};
    struct sigaction before;
    sigaction(SIGUSR1, &former, &before);
    uint64_t first = open_signal(&host, TOKEN, SIGUSR1, 0);
    raise_once(1, 0);
    sigaction(SIGUSR1, &later, &chained);
    raise_once(1, 1);
    uint64_t second = open_signal(&host, TOKEN + 1, SIGUSR1, 0);
    raise_once(1, 1);
    sigaction(SIGUSR1, &later, &chained); /* once more in our place */
    raise_once(1, 1);
    uint64_t third = open_signal(&host, TOKEN + 2, SIGUSR1, 0);
    raise_once(1, 1);
    close_source(&host, first);
    close_source(&host, second);
    close_source(&host, third);
    raise_once(1, 1);
    third = open_signal(&host, TOKEN + 3, SIGUSR1, 0);
    raise_once(1, 1);
    close_source(&host, third);
    raise_once(1, 1);
    struct sigaction left;
    sigaction(SIGUSR1, &before, &left);
    EXPECT(left.sa_sigaction == chain_on);
    host_close(&host);
}

TEST("S7: without a source the default action is back") {
    REQUIRE(host_open(&host, 64));
    uint64_t source = open_signal(&host, TOKEN, SIGTERM, 1);
    raise(SIGTERM);
    EXPECT_EQ(next_word(&host, TOKEN), 1);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    struct sigaction now;
    sigaction(SIGTERM, NULL, &now);
    EXPECT(now.sa_handler == SIG_DFL);
    host_close(&host);
}

/* Ours is in place for this signal, and nobody listens. */
static void leave_ours(int number) {
    uint64_t source = open_signal(&host, TOKEN, number, 1);
    struct sigaction later = {.sa_handler = count_call};
    struct sigaction ours;
    sigaction(number, &later, &ours);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    sigaction(number, &ours, NULL); /* as a library does that is unloaded */
}

TEST("S7: a handler put back when nobody listens any more makes way for the default") {
    struct sigaction now;
    REQUIRE(host_open(&host, 64));
    leave_ours(SIGURG);
    raise(SIGURG);
    sigaction(SIGURG, NULL, &now);
    EXPECT(now.sa_handler == SIG_DFL);
    /* and who listens again hears */
    leave_ours(SIGURG);
    uint64_t source = open_signal(&host, TOKEN, SIGURG, 1);
    raise(SIGURG);
    EXPECT_EQ(next_word(&host, TOKEN), 1);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    sigaction(SIGURG, NULL, &now);
    EXPECT(now.sa_handler == SIG_DFL);
    host_close(&host);
}

#ifndef FIXTURE_SANITIZED /* whose own handlers wait for a later moment, which a child has not */
TEST("S7: the signal that finds such a handler is not lost") {
    int status = 0;
    REQUIRE(host_open(&host, 64));
    leave_ours(SIGUSR1);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGUSR1);
        _exit(0);
    }
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    host_close(&host);
}
#endif

TEST("S7: a handler that comes back with another mask is put back with that one") {
    REQUIRE(host_open(&host, 64));
    struct sigaction plain = {.sa_handler = count_call};
    struct sigaction masked = plain;
    struct sigaction before;
    struct sigaction left;
    sigaddset(&masked.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &plain, &before);
    close_source(&host, open_signal(&host, TOKEN, SIGUSR1, 1));
    sigaction(SIGUSR1, &masked, NULL);
    close_source(&host, open_signal(&host, TOKEN + 1, SIGUSR1, 1));
    sigaction(SIGUSR1, &before, &left);
    EXPECT(left.sa_handler == count_call);
    EXPECT_EQ(sigismember(&left.sa_mask, SIGUSR2), 1);
    host_close(&host);
}

TEST("S7: children that nobody had to collect leave nothing behind, and are told") {
    const struct sigaction formers[] = {{.sa_handler = SIG_IGN},
                                        {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}};
    REQUIRE(host_open(&host, 64));
    for (uint32_t i = 0; i < 2; i++) {
        struct sigaction before;
        sigaction(SIGCHLD, &formers[i], &before);
        uint64_t source = open_signal(&host, TOKEN, SIGCHLD, 1);
        pid_t child = fork();
        if (child == 0) {
            _exit(0);
        }
        EXPECT_EQ(next_word(&host, TOKEN), 1);
        EXPECT_EQ(waitpid(child, NULL, 0), -1);
        EXPECT_EQ(errno, ECHILD);
        close_source(&host, source);
        expect_end(&host, TOKEN, SIDING_OK, 0);
        sigaction(SIGCHLD, &before, NULL);
    }
    host_close(&host);
}

TEST("S7: faults, numbers that are none, SIGKILL and SIGSTOP are refused") {
    REQUIRE(host_open(&host, 64));
    const int64_t none[] = {0, -1, 65, INT64_MAX, SIGKILL, SIGSTOP, SIGSEGV, SIGFPE};
    for (uint32_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct siding_source_options options =
            plain_options(SIDING_SOURCE_SIGNAL, TOKEN, none[i], 1);
        int32_t error = 0;
        EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
        EXPECT_EQ(error, EINVAL);
    }
    host_close(&host);
}

/* ---- S9 -------------------------------------------------------------------------------------- */

static uint64_t handler_event;

static void post_in_handler(int number) {
    (void)siding_event_post(handler_event, (uint64_t)number);
}

TEST("S9: a signal handler may post, and errno stays what it was") {
    REQUIRE(host_open(&host, 64));
    struct siding_source_options options = plain_options(SIDING_SOURCE_EVENT, TOKEN, 0, 1000);
    options.flags = SIDING_SOURCE_COUNTED;
    handler_event = open_source(&host, &options);
    struct sigaction action = {.sa_handler = post_in_handler};
    struct sigaction before;
    sigaction(SIGUSR2, &action, &before);
    errno = EDOM;
    for (uint32_t i = 0; i < 100; i++) {
        raise(SIGUSR2);
    }
    EXPECT_EQ(errno, EDOM);
    uint64_t sum = 0;
    while (sum < 100u * SIGUSR2) {
        sum += next_word(&host, TOKEN);
    }
    EXPECT_EQ(sum, 100u * SIGUSR2);
    sigaction(SIGUSR2, &before, NULL);
    host_close(&host);
}

/*
 * source_child_test.c - children: how they end, and which are refused.
 */
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "source_fixture.h"

static struct host host; /* each test opens and closes it */

#define TOKEN 5u

/* A child that ends as told once something can be read, or the other end is closed. */
static pid_t start_child(int *out_end, int code, int number) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        if (number != 0) {
            signal(number, SIG_DFL);
            raise(number);
        }
        _exit(code);
    }
    close(ends[0]);
    *out_end = ends[1];
    return child;
}

static struct siding_source_options child_options(uint32_t token, int64_t process,
                                                  uint32_t credit) {
    return plain_options(SIDING_SOURCE_CHILD, token, process, credit);
}

static void expect_exit(uint32_t token, uint64_t code, uint64_t number) {
    const struct siding_event *event = host_next(&host);
    EXPECT(event != NULL && event->words == SIDING_EVENT_WORDS + 2 && !is_end(event));
    if (event != NULL && event->words == SIDING_EVENT_WORDS + 2) {
        EXPECT_EQ(event->token, token);
        EXPECT_EQ(event_payload(event)[0], code);
        EXPECT_EQ(event_payload(event)[1], number);
    }
    expect_end(&host, token, SIDING_OK, 0);
}

TEST("S8: exit code and signal are exact, and the child is collected") {
    static const int ways[][2] = {{0, 0}, {1, 0}, {255, 0}, {0, SIGKILL}, {0, SIGTERM}};
    REQUIRE(host_open(&host, 64));
    for (uint32_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        int end = -1;
        pid_t child = start_child(&end, ways[i][0], ways[i][1]);
        REQUIRE(child > 0);
        struct siding_source_options options = child_options(TOKEN, child, 1);
        (void)open_source(&host, &options);
        EXPECT(has_none(&host));
        close(end);
        expect_exit(TOKEN, (uint64_t)ways[i][0], (uint64_t)ways[i][1]);
        EXPECT_EQ(waitpid(child, NULL, WNOHANG), -1);
        EXPECT_EQ(errno, ECHILD);
    }
    host_close(&host);
}

TEST("S8: a child that ended before is reported, also when it is asked for late") {
    REQUIRE(host_open(&host, 64));
    int end = -1;
    pid_t child = start_child(&end, 7, 0);
    close(end);
    siginfo_t info;
    EXPECT_EQ(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    struct siding_source_options options = child_options(TOKEN, child, 0);
    uint64_t source = open_source(&host, &options);
    settle_poller(&host, TOKEN + 1);
    EXPECT(has_none(&host));
    pull(&host, source, 1);
    expect_exit(TOKEN, 7, 0);
    host_close(&host);
}

TEST("S8: 100 failed spawns do not lose one real exit") {
    REQUIRE(host_open(&host, 64));
    int end = -1;
    pid_t child = start_child(&end, 3, 0);
    struct siding_source_options options = child_options(TOKEN, child, 1);
    (void)open_source(&host, &options);
    char *arguments[] = {(char *)"/no/such/program", NULL};
    for (uint32_t i = 0; i < 100; i++) {
        pid_t none = 0;
        EXPECT(posix_spawn(&none, arguments[0], NULL, NULL, arguments, arguments + 1) != 0);
        if (i == 50) {
            close(end);
        }
    }
    expect_exit(TOKEN, 3, 0);
    host_close(&host);
}

static void expect_not_child(int64_t process) {
    struct siding_source_options options = child_options(TOKEN, process, 1);
    int32_t error = 0;
    EXPECT_EQ(refused(&host, &options, &error), SIDING_ENOTCHILD);
}

TEST("S8: what is no child, or is waited for already, is refused and still gets its exit") {
    REQUIRE(host_open(&host, 64));
    expect_not_child(1);
    expect_not_child(getpid());
    expect_not_child(0);
    expect_not_child(-1);
    expect_not_child(INT64_MAX);
    int end = -1;
    pid_t child = start_child(&end, 9, 0);
    int runtime = (int)syscall(SYS_pidfd_open, child, 0);
    REQUIRE(runtime >= 0);
    expect_not_child(child);
    close(end);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 9);
    close(runtime);
    EXPECT_EQ(stats_now().sources, 0);
    host_close(&host);
}

#define DESCRIPTORS 128

TEST("S8: without free descriptors for the look it is refused, not taken from who waits for it") {
    static int fillers[DESCRIPTORS];
    struct rlimit before;
    REQUIRE(host_open(&host, 64));
    settle_poller(&host, TOKEN);
    int end = -1;
    pid_t child = start_child(&end, 9, 0);
    int runtime = (int)syscall(SYS_pidfd_open, child, 0);
    REQUIRE(runtime >= 0 && getrlimit(RLIMIT_NOFILE, &before) == 0);
    struct rlimit few = {.rlim_cur = DESCRIPTORS, .rlim_max = before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    uint32_t count = 0;
    while ((fillers[count] = dup(runtime)) >= 0) {
        count++;
    }
    struct siding_source_options options = child_options(TOKEN, child, 1);
    for (uint32_t free_count = 0; free_count < 2; free_count++) {
        int32_t error = 0;
        EXPECT_EQ(refused(&host, &options, &error), SIDING_ESYSTEM);
        EXPECT_EQ(error, EMFILE);
        close(fillers[--count]);
    }
    expect_not_child(child);
    while (count > 0) {
        close(fillers[--count]);
    }
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(end);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 9);
    close(runtime);
    host_close(&host);
}

TEST("S8: a child closed while it runs is left alone") {
    REQUIRE(host_open(&host, 64));
    int end = -1;
    pid_t child = start_child(&end, 4, 0);
    struct siding_source_options options = child_options(TOKEN, child, 1);
    uint64_t source = open_source(&host, &options);
    close_source(&host, source);
    expect_end(&host, TOKEN, SIDING_OK, 0);
    close(end);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 4);
    host_close(&host);
}

TEST("S8: a child that somebody else has collected ends with an error") {
    REQUIRE(host_open(&host, 64));
    int end = -1;
    pid_t child = start_child(&end, 4, 0);
    struct siding_source_options options = child_options(TOKEN, child, 1);
    (void)open_source(&host, &options);
    struct sigaction ignored = {.sa_handler = SIG_IGN}; /* the system collects it */
    struct sigaction before;
    sigaction(SIGCHLD, &ignored, &before);
    close(end);
    expect_end(&host, TOKEN, SIDING_ESYSTEM, ECHILD);
    sigaction(SIGCHLD, &before, NULL);
    host_close(&host);
}

/*
 * realtime_test.c - a thread like an audio callback posts with the policies that may drop: it
 * allocates nothing, and makes no system call but those that wake the host. A program of its own,
 * for it counts the calls of malloc.
 */
#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "callback_fixture.h"

#define TOKEN 5u
#define BLOCKS 48000u /* a second of them */

/* volatile: compilers know that malloc looks at nothing of ours */
static _Thread_local volatile bool is_realtime;
static atomic_uint allocations; /* by a thread that must not */

static void note_allocation(void) {
    if (is_realtime) {
        atomic_fetch_add(&allocations, 1);
    }
}

#ifdef FIXTURE_SANITIZED
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *memory, size_t size_bytes) {
    (void)memory;
    (void)size_bytes;
    note_allocation();
}

static void on_free(const volatile void *memory) {
    (void)memory;
    note_allocation();
}

static bool count_allocations(void) {
    return __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0;
}
#else
#ifdef __GLIBC__
void *__libc_malloc(size_t size_bytes);
void *__libc_calloc(size_t count, size_t size_bytes);
void *__libc_realloc(void *memory, size_t size_bytes);
void __libc_free(void *memory);
#define LIBC(name) __libc_##name
#else
#define LIBC(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))
#endif

void *malloc(size_t size_bytes) {
    note_allocation();
    return LIBC(malloc)(size_bytes);
}

void *calloc(size_t count, size_t size_bytes) {
    note_allocation();
    return LIBC(calloc)(count, size_bytes);
}

void *realloc(void *memory, size_t size_bytes) {
    note_allocation();
    return LIBC(realloc)(memory, size_bytes);
}

void free(void *memory) {
    note_allocation();
    LIBC(free)(memory);
}

static bool count_allocations(void) {
    return true;
}
#endif

/* ---- system calls ---------------------------------------------------------------------------- */

static atomic_uint trapped;
static atomic_int trapped_number;

#ifdef FIXTURE_SANITIZED
/* The sanitizers' own code makes system calls. */
static bool trap_calls(void) {
    return false;
}
#else
static void on_trap(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)context;
    if (is_realtime) {
        atomic_fetch_add(&trapped, 1);
        atomic_store(&trapped_number, info->si_syscall);
    }
}

#define ALLOW(number)                                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                           \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* From now on this thread is stopped at every system call but a wake-up and those of its end: a
   lock that is taken by another would be one. */
static bool trap_calls(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(SYS_sendto),
        ALLOW(SYS_rt_sigreturn),
        ALLOW(SYS_rt_sigprocmask),
        ALLOW(SYS_madvise),
        ALLOW(SYS_munmap),
        ALLOW(SYS_exit),
        ALLOW(SYS_exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    const struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    return sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
#endif

/* ---- the thread ------------------------------------------------------------------------------ */

struct audio {
    pthread_t thread;
    uint64_t pointer;
    bool is_fifo;
    bool is_trapped;
    atomic_bool is_over;
};

static void *play(void *argument) {
    typedef void function(const char *, uint64_t);
    struct audio *audio = argument;
    const struct sched_param priority = {.sched_priority = 1};
    function *post = (function *)(uintptr_t)audio->pointer;
    char text[64];
    audio->is_fifo = pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority) == 0;
    audio->is_trapped = trap_calls();
    is_realtime = true;
    for (uint64_t i = 0; i < BLOCKS; i++) {
        memset(text, 'a' + (int)(i % 26), 63);
        text[i % 64] = '\0';
        post(text, i);
    }
    is_realtime = false;
    atomic_store(&audio->is_over, true);
    return NULL;
}

static struct host host;

/* void(text, u64), the text copied */
static uint32_t signature(void) {
    return SIGNATURE(VOID_T, PTR, U64, SIDING_TYPE_TAILS, SIDING_TAIL_TEXT, 0, 8, 0, 0);
}

/* Drains until all are delivered or dropped. @return those delivered */
static uint64_t drain_all(struct audio *audio, const struct made *made) {
    uint64_t delivered = 0;
    uint64_t before = UINT64_MAX;
    for (;;) {
        bool is_over = atomic_load(&audio->is_over);
        while (has_news(&host)) {
            const struct siding_event *event = host_next(&host);
            if ((event->flags & SIDING_EVENT_LOST) != 0) {
                continue;
            }
            const uint64_t *payload = event_payload(event);
            bool is_right =
                (before == UINT64_MAX || payload[1] > before) && payload[2] == payload[1] % 64;
            EXPECT(is_right);
            before = payload[1];
            delivered++;
        }
        if (is_over && stats_of(&host, made).waiting == 0) {
            return delivered;
        }
    }
}

static void play_with(uint32_t overflow, uint32_t capacity) {
    const uint64_t value = 0;
    struct audio audio = {.is_fifo = false};
    struct made made = {0, 0};
    struct siding_callback_options options = post_options(signature(), TOKEN);
    options.overflow = overflow;
    options.capacity = capacity;
    options.copy_bytes_max = 64;
    EXPECT_EQ(siding_callback_open(host.bridge, &options, &value, 1, &made.closure, &made.pointer),
              SIDING_OK);
    audio.pointer = made.pointer;
    pthread_create(&audio.thread, NULL, play, &audio);
    uint64_t delivered = drain_all(&audio, &made);
    pthread_join(audio.thread, NULL);
    uint64_t dropped = stats_of(&host, &made).dropped;
    printf("policy %u: delivered %llu, dropped %llu%s%s\n", overflow, (unsigned long long)delivered,
           (unsigned long long)dropped, audio.is_fifo ? ", SCHED_FIFO" : "",
           audio.is_trapped ? ", calls trapped" : "");
    EXPECT_EQ(delivered + dropped, BLOCKS);
    EXPECT_EQ(atomic_load(&allocations), 0);
    EXPECT_EQ(atomic_load(&trapped), 0);
    EXPECT_EQ(atomic_load(&trapped_number), 0); /* says which one it was */
#ifndef FIXTURE_SANITIZED
    EXPECT(audio.is_trapped);
#endif
    close_callback(&host, &made, TOKEN);
}

TEST("E5: a real-time thread posts without an allocation, a lock or a wait") {
    REQUIRE(count_allocations());
    is_realtime = true;
    void *volatile memory = malloc(1);
    free(memory);
    is_realtime = false;
    EXPECT(atomic_load(&allocations) > 0); /* they are counted */
    atomic_store(&allocations, 0);
    REQUIRE(host_open(&host, 16));
    play_with(SIDING_OVERFLOW_DROP_NEWEST, 256);
    play_with(SIDING_OVERFLOW_DROP_OLDEST, 256);
    play_with(SIDING_OVERFLOW_LATEST, 0);
    play_with(SIDING_OVERFLOW_DROP_NEWEST, 65536);
    host_close(&host);
}

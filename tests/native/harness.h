/*
 * harness.h - the C tests: one program per file, which includes this header once.
 *
 *   TEST("a sentence that says what holds")
 *   {
 *       EXPECT_EQ(1 + 1, 2);
 *   }
 *
 * Tests run in the order of the file; an argument selects those whose name contains it. In the
 * environment, SIDING_TEST_SLOWNESS is how many times slower than a machine that machine's
 * emulation is, and SIDING_TEST_IMPOSSIBLE a file that names the tests which it cannot run: a line
 * each, the name, a tab, the reason.
 */
#ifndef SIDING_TESTS_HARNESS_H
#define SIDING_TESTS_HARNESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HARNESS_TESTS_MAX 256
#define HARNESS_LINE_BYTES_MAX 512
/* A program that takes longer hangs. */
#define HARNESS_SECONDS_MAX 300

#if defined(_WIN32)
#define HARNESS_LIMIT_TIME() ((void)0)
#else
#include <unistd.h>
#define HARNESS_LIMIT_TIME() ((void)alarm(HARNESS_SECONDS_MAX * harness_slowness()))
#endif

struct harness_test {
    const char *name;
    const char *file;
    void (*run)(void);
};

static struct harness_test harness_tests[HARNESS_TESTS_MAX];
static int harness_tests_count;
static const char *harness_name;    /* of the running test */
static atomic_int harness_failures; /* of the running test; atomic: any thread adds */
static const char *harness_skip_reason;

static inline void harness_register(const char *name, const char *file, void (*run)(void)) {
    if (harness_tests_count == HARNESS_TESTS_MAX) {
        abort();
    }
    harness_tests[harness_tests_count++] = (struct harness_test){name, file, run};
}

static inline void harness_fail(const char *file, int line, const char *what) {
    atomic_fetch_add(&harness_failures, 1);
    printf("FAIL %s\n     %s:%d: %s\n", harness_name, file, line, what);
}

static inline bool harness_expect(bool held, const char *file, int line, const char *expression) {
    if (!held) {
        harness_fail(file, line, expression);
    }
    return held;
}

static inline bool harness_expect_equal(long long actual, long long expected, const char *file,
                                        int line, const char *expression) {
    char what[512];
    if (actual != expected) {
        snprintf(what, sizeof what, "%s is %lld, not %lld", expression, actual, expected);
        harness_fail(file, line, what);
    }
    return actual == expected;
}

#define HARNESS_JOIN_(a, b) a##b
#define HARNESS_JOIN(a, b) HARNESS_JOIN_(a, b)
#define HARNESS_TEST(name, run, enroll)                                                            \
    static void run(void);                                                                         \
    __attribute__((constructor)) static void enroll(void) {                                        \
        harness_register(name, __FILE__, run);                                                     \
    }                                                                                              \
    static void run(void)

#define TEST(name)                                                                                 \
    HARNESS_TEST(name, HARNESS_JOIN(test_at_, __LINE__), HARNESS_JOIN(enroll_at_, __LINE__))

/* Both notice a failure and go on. */
#define EXPECT(expression) ((void)harness_expect((expression), __FILE__, __LINE__, #expression))
#define EXPECT_EQ(actual, expected)                                                                \
    ((void)harness_expect_equal((long long)(actual), (long long)(expected), __FILE__, __LINE__,    \
                                #actual))

/* Ends the test when it fails: the rest would make no sense. Only in the test's own function. */
#define REQUIRE(expression)                                                                        \
    do {                                                                                           \
        if (!harness_expect((expression), __FILE__, __LINE__, #expression)) {                      \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* Ends the test: it cannot run here. Only in the test's own function. */
#define SKIP(reason)                                                                               \
    do {                                                                                           \
        harness_skip_reason = (reason);                                                            \
        return;                                                                                    \
    } while (0)

enum harness_outcome { HARNESS_PASSED, HARNESS_FAILED, HARNESS_SKIPPED, HARNESS_OUTCOMES };

/* What limits on time are multiplied by. */
static inline unsigned harness_slowness(void) {
    const char *given = getenv("SIDING_TEST_SLOWNESS");
    return given != NULL ? (unsigned)strtoul(given, NULL, 10) : 1;
}

/* Whether the platform cannot run the test; then why stays in `line`. */
static inline bool harness_is_impossible(const char *name, char *line, size_t size_bytes) {
    const char *path = getenv("SIDING_TEST_IMPOSSIBLE");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    bool found = false;
    while (file != NULL && !found && fgets(line, (int)size_bytes, file) != NULL) {
        char *tab = strchr(line, '\t');
        found = tab != NULL && (size_t)(tab - line) == strlen(name) &&
                memcmp(line, name, strlen(name)) == 0;
        if (found) {
            tab[strcspn(tab, "\n")] = '\0';
            memmove(line, tab + 1, strlen(tab));
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

static inline enum harness_outcome harness_run(const struct harness_test *test) {
    char reason[HARNESS_LINE_BYTES_MAX];
    if (harness_is_impossible(test->name, reason, sizeof reason)) {
        printf("SKIP %s: %s\n", test->name, reason);
        return HARNESS_SKIPPED;
    }
    harness_name = test->name;
    harness_skip_reason = NULL;
    atomic_store(&harness_failures, 0);
    test->run();
    if (atomic_load(&harness_failures) > 0) {
        return HARNESS_FAILED;
    }
    if (harness_skip_reason != NULL) {
        printf("SKIP %s: %s\n", test->name, harness_skip_reason);
        return HARNESS_SKIPPED;
    }
    return HARNESS_PASSED;
}

/* The program's name: its file's, without folder and extension. */
static inline void harness_print_program(void) {
    const char *file = harness_tests_count > 0 ? harness_tests[0].file : "none";
    const char *slash = strrchr(file, '/');
    const char *base = slash != NULL ? slash + 1 : file;
    printf("native %.*s: ", (int)strcspn(base, "."), base);
}

int main(int argc, char **argv) {
    int counts[HARNESS_OUTCOMES] = {0};
    const char *selected = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IONBF, 0); /* nothing is lost in a crash */
    HARNESS_LIMIT_TIME();
    for (int i = 0; i < harness_tests_count; i++) {
        if (strstr(harness_tests[i].name, selected) != NULL) {
            counts[harness_run(&harness_tests[i])]++;
        }
    }
    harness_print_program();
    printf("%d passed, %d failed, %d skipped\n", counts[HARNESS_PASSED], counts[HARNESS_FAILED],
           counts[HARNESS_SKIPPED]);
    return counts[HARNESS_FAILED] > 0;
}

#endif

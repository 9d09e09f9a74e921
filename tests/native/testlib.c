#include "testlib.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_BYTES (1u << 21)
#define COUNTERS 16384u
#define GATES 4096
#define STORM_CHUNK (64u << 10)

#define TEST_DEFINE(suffix, type)                                                                  \
    type test_variable_##suffix;                                                                   \
    type test_echo_##suffix(type value) {                                                          \
        return value;                                                                              \
    }                                                                                              \
    int32_t test_out_##suffix(type value, type *out_value) {                                       \
        *out_value = value;                                                                        \
        return 7;                                                                                  \
    }
TEST_SCALARS(TEST_DEFINE)
#undef TEST_DEFINE

struct test_line test_variable_line = {{1, 2}, {3, 4}};
int32_t test_variable_second_name = 77;

/* ---- arithmetic ------------------------------------------------------------------------------ */

int32_t test_add(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

int32_t test_answer(void) {
    return 42;
}

void test_nothing(void) {
}

uint32_t test_bits_f32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

uint64_t test_bits_f64(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

double test_weigh20(int8_t a0, uint8_t a1, int16_t a2, uint16_t a3, int32_t a4, uint32_t a5,
                    int64_t a6, uint64_t a7, float a8, double a9, int8_t b0, uint8_t b1, int16_t b2,
                    uint16_t b3, int32_t b4, uint32_t b5, int64_t b6, uint64_t b7, float b8,
                    double b9) {
    double first = 1.0 * a0 + 2.0 * a1 + 3.0 * a2 + 4.0 * a3 + 5.0 * a4 + 6.0 * a5 +
                   7.0 * (double)a6 + 8.0 * (double)a7 + 9.0 * (double)a8 + 10.0 * a9;
    double second = 11.0 * b0 + 12.0 * b1 + 13.0 * b2 + 14.0 * b3 + 15.0 * b4 + 16.0 * b5 +
                    17.0 * (double)b6 + 18.0 * (double)b7 + 19.0 * (double)b8 + 20.0 * b9;
    return first + second;
}

void *test_address_of_add(void) {
    return (void *)(uintptr_t)test_add;
}

/* ---- structs by value ------------------------------------------------------------------------ */

struct test_point test_point_add(struct test_point a, struct test_point b) {
    return (struct test_point){a.x + b.x, a.y + b.y};
}

struct test_line test_line_turn(struct test_line line) {
    return (struct test_line){line.to, line.from};
}

struct test_mixed test_mixed_next(int32_t step, struct test_mixed mixed, double factor) {
    return (struct test_mixed){
        .a = (int8_t)(mixed.a + step),
        .inner = {.b = (float)(mixed.inner.b * factor), .c = mixed.inner.c - step},
        .d = (uint16_t)(mixed.d + step),
        .e = !mixed.e,
        .f = (void *)((uintptr_t)mixed.f + (uintptr_t)step),
    };
}

struct test_bytes2 test_bytes2_swap(struct test_bytes2 value) {
    return (struct test_bytes2){(int8_t)value.b, (uint8_t)value.a};
}

struct test_floats3 test_floats3_turn(struct test_floats3 value) {
    return (struct test_floats3){value.b, value.c, value.a};
}

struct test_pair test_pair_swap(struct test_pair value) {
    return (struct test_pair){(int64_t)value.b, (uint64_t)value.a};
}

/* ---- texts ----------------------------------------------------------------------------------- */

static _Thread_local char text_buffer[TEXT_BYTES];

const char *test_text_echo(const char *text) {
    return text;
}

const char *test_text_null(void) {
    return NULL;
}

uint64_t test_text_length(const char *text) {
    return text == NULL ? UINT64_MAX : strlen(text);
}

const char *test_text_repeat(uint32_t unit, uint32_t length) {
    uint32_t size = length < TEXT_BYTES ? length : TEXT_BYTES - 1;
    memset(text_buffer, (int)unit, size);
    text_buffer[size] = '\0';
    return text_buffer;
}

/* One buffer for all threads: only right with callers that do not overlap. */
const char *test_text_number(int32_t number) {
    static char shared_buffer[64];
    snprintf(shared_buffer, sizeof shared_buffer, "the text of call %d", number);
    return shared_buffer;
}

static int print_one(char *out, size_t size, char kind, va_list *rest) {
    switch (kind) {
    case 'i':
        return snprintf(out, size, "%d ", va_arg(*rest, int));
    case 'u':
        return snprintf(out, size, "%u ", va_arg(*rest, unsigned));
    case 'l':
        return snprintf(out, size, "%lld ", (long long)va_arg(*rest, int64_t));
    case 'L':
        return snprintf(out, size, "%llu ", (unsigned long long)va_arg(*rest, uint64_t));
    case 'd':
        return snprintf(out, size, "%.17g ", va_arg(*rest, double));
    case 'p':
        return snprintf(out, size, "%lld ", (long long)(intptr_t)va_arg(*rest, void *));
    case 's':
        return snprintf(out, size, "%s ", va_arg(*rest, const char *));
    default:
        return -1;
    }
}

const char *test_variadic_text(const char *kinds, ...) {
    va_list rest;
    size_t used = 0;
    text_buffer[0] = '\0';
    va_start(rest, kinds);
    for (; *kinds != '\0' && used < TEXT_BYTES; kinds++) {
        int written = print_one(text_buffer + used, TEXT_BYTES - used, *kinds, &rest);
        used += written < 0 ? 0 : (size_t)written;
    }
    va_end(rest);
    return text_buffer;
}

#define TEST_DEFINE(suffix, type)                                                                  \
    const char *test_decimal_##suffix(type value) {                                                \
        const char *format = (type) - 1 > 0 ? "%llu" : "%lld";                                     \
        snprintf(text_buffer, TEXT_BYTES, format, (unsigned long long)value);                      \
        return text_buffer;                                                                        \
    }
TEST_INTEGERS(TEST_DEFINE)
#undef TEST_DEFINE

/* ---- tagged pointers ------------------------------------------------------------------------- */

struct test_box {
    int32_t value;
};

struct test_box *test_box_create(int32_t value) {
    struct test_box *box = malloc(sizeof *box);
    if (box != NULL) {
        box->value = value;
    }
    return box;
}

int32_t test_box_create_out(int32_t value, struct test_box **out_box) {
    *out_box = test_box_create(value);
    return *out_box == NULL ? -1 : 0;
}

int32_t test_box_value(const struct test_box *box) {
    return box == NULL ? -1 : box->value;
}

void test_box_destroy(struct test_box *box) {
    free(box);
}

int32_t test_out_pair(int32_t seed, int32_t *out_first, double *out_second) {
    *out_first += seed + 1; /* shows that a cell starts as zero */
    *out_second += seed + 0.5;
    return seed;
}

/* ---- errno ----------------------------------------------------------------------------------- */

int32_t test_errno_fail(int32_t error) {
    errno = error;
    return -1;
}

int32_t test_errno_fail_late(int32_t error, uint32_t spin_us) {
    errno = error;
    test_spin_us(spin_us);
    return -1;
}

void *test_errno_fail_pointer(int32_t error) {
    errno = error;
    return NULL;
}

int32_t test_errno_succeed(int32_t error, int32_t result) {
    errno = error;
    return result;
}

/* ---- threads and time ------------------------------------------------------------------------ */

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void sleep_ns(uint64_t duration_ns) {
    struct timespec left = {(time_t)(duration_ns / 1000000000u), (long)(duration_ns % 1000000000u)};
    while (nanosleep(&left, &left) != 0) {
    }
}

uint64_t test_thread_id(void) {
    return (uint64_t)(uintptr_t)pthread_self();
}

int32_t test_sleep_ms(uint32_t duration_ms) {
    sleep_ns(duration_ms * 1000000ull);
    return (int32_t)duration_ms;
}

int32_t test_spin_us(uint32_t duration_us) {
    uint64_t end_ns = now_ns() + duration_us * 1000ull;
    while (duration_us != 0 && now_ns() < end_ns) {
    }
    return (int32_t)duration_us;
}

static _Atomic(int32_t) together;
static _Atomic(int32_t) together_peak;

/* Sleeps, and notes how many did so at once. */
int32_t test_sleep_together(uint32_t duration_ms) {
    int32_t now = atomic_fetch_add(&together, 1) + 1;
    int32_t peak = atomic_load(&together_peak);
    while (peak < now && !atomic_compare_exchange_weak(&together_peak, &peak, now)) {
    }
    sleep_ns(duration_ms * 1000000ull);
    atomic_fetch_sub(&together, 1);
    return now;
}

/* Gives the peak since the last time it was asked for. */
int32_t test_together_peak(void) {
    return atomic_exchange(&together_peak, 0);
}

static int64_t orders[COUNTERS];
static _Atomic(int64_t) counters[COUNTERS];

/* Gives the thread's id where the call is the one that is expected next, else 0. */
uint64_t test_order_next(uint32_t index, int64_t expected) {
    return orders[index % COUNTERS]++ == expected ? test_thread_id() : 0;
}

int64_t test_count_add(uint32_t index) {
    return atomic_fetch_add(&counters[index % COUNTERS], 1) + 1;
}

int64_t test_count_get(uint32_t index) {
    return atomic_load(&counters[index % COUNTERS]);
}

/* ---- gates ----------------------------------------------------------------------------------- */

static pthread_mutex_t gate_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_opened = PTHREAD_COND_INITIALIZER;
static int32_t gates_made;
static bool gate_is_open[GATES];
static int32_t gate_arrivals[GATES];

int32_t test_gate_make(void) {
    pthread_mutex_lock(&gate_mutex);
    int32_t gate = gates_made < GATES ? gates_made++ : -1;
    pthread_mutex_unlock(&gate_mutex);
    return gate;
}

int32_t test_gate_wait(int32_t gate) {
    pthread_mutex_lock(&gate_mutex);
    gate_arrivals[gate]++;
    while (!gate_is_open[gate]) {
        pthread_cond_wait(&gate_opened, &gate_mutex);
    }
    pthread_mutex_unlock(&gate_mutex);
    return gate;
}

/* Gives the sum of the bytes after the gate was opened, then overwrites them. */
uint64_t test_gate_fill(int32_t gate, uint8_t *bytes, size_t size, uint8_t byte) {
    test_gate_wait(gate);
    uint64_t sum = test_buffer_sum(bytes, size);
    test_buffer_fill(bytes, size, byte);
    return sum;
}

int32_t test_gate_arrived(int32_t gate) {
    pthread_mutex_lock(&gate_mutex);
    int32_t arrived = gate_arrivals[gate];
    pthread_mutex_unlock(&gate_mutex);
    return arrived;
}

void test_gate_open(int32_t gate) {
    pthread_mutex_lock(&gate_mutex);
    gate_is_open[gate] = true;
    pthread_cond_broadcast(&gate_opened);
    pthread_mutex_unlock(&gate_mutex);
}

/* ---- buffers --------------------------------------------------------------------------------- */

void test_buffer_fill(uint8_t *bytes, size_t size, uint8_t byte) {
    if (size != 0) {
        memset(bytes, byte, size);
    }
}

uint64_t test_buffer_sum(const uint8_t *bytes, size_t size) {
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum += bytes[i];
    }
    return sum;
}

uint64_t test_buffer_increment(uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        bytes[i]++;
    }
    return size;
}

/* Writes into the whole buffer again and again, and gives the number of rounds. */
uint64_t test_buffer_storm(uint8_t *bytes, size_t size, uint32_t duration_ms) {
    uint64_t end_ns = now_ns() + duration_ms * 1000000ull;
    uint64_t round = 0;
    while (now_ns() < end_ns) {
        round++;
        for (size_t at = 0; at < size; at += STORM_CHUNK) {
            size_t left = size - at;
            memset(bytes + at, (int)round, left < STORM_CHUNK ? left : STORM_CHUNK);
        }
        sleep_ns(1000000);
    }
    return round;
}

bool test_buffer_is_null(const uint8_t *bytes) {
    return bytes == NULL;
}

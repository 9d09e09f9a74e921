/*
 * pipe.c - a thread that writes into a pipe, in chunks of bytes that tell which chunk they are of.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BENCH_API __attribute__((visibility("default")))
#define CHUNK_BYTES 65536

BENCH_API int32_t bench_pipe_start(uint32_t chunks);
BENCH_API int32_t bench_pipe_join(void);

static struct writer {
    pthread_t thread;
    int descriptor;
    uint32_t chunks;
    int32_t result;
} writer;

/* A pipe takes as much as fits, and waits for room for the rest. */
static int write_chunk(const uint8_t *bytes) {
    ssize_t left = CHUNK_BYTES;
    while (left > 0) {
        ssize_t size = write(writer.descriptor, bytes + (CHUNK_BYTES - left), (size_t)left);
        if (size < 0) {
            return -1;
        }
        left -= size;
    }
    return 0;
}

static void *write_all(void *argument) {
    uint8_t *bytes = argument;
    writer.result = 0;
    for (uint32_t i = 0; i < writer.chunks && writer.result == 0; i++) {
        memset(bytes, (int)(i & 0xff), CHUNK_BYTES);
        writer.result = write_chunk(bytes);
    }
    free(bytes);
    (void)close(writer.descriptor);
    return NULL;
}

/* Starts the thread. @return the end to be read, whoever has it closes it; or -1 */
int32_t bench_pipe_start(uint32_t chunks) {
    int ends[2];
    uint8_t *bytes = malloc(CHUNK_BYTES);
    if (bytes == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    writer.descriptor = ends[1];
    writer.chunks = chunks;
    return pthread_create(&writer.thread, NULL, write_all, bytes) == 0 ? ends[0] : -1;
}

/* Waits for it. @return 0, or -1: writing has failed */
int32_t bench_pipe_join(void) {
    pthread_join(writer.thread, NULL);
    return writer.result;
}

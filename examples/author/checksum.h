#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#define CHECKSUM_API __declspec(dllexport)
#else
#define CHECKSUM_API __attribute__((visibility("default")))
#endif

/* What checksum_watch tells, after each block; false: it is to stop. */
typedef bool checksum_progress(uint64_t bytes_read);

/* CRC-32 as gzip, PNG and Ethernet have it. */
CHECKSUM_API uint32_t checksum_bytes(const uint8_t *bytes, size_t size);

/* That of a file, which it reads to its end: 0, or -1 with errno. */
CHECKSUM_API int checksum_file(const char *path, uint32_t *out_checksum);

/* The same, telling how far it is: 1 where it was stopped. */
CHECKSUM_API int checksum_watch(const char *path, checksum_progress *progress,
                                uint32_t *out_checksum);

#endif

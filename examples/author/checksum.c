#include "checksum.h"

#include <errno.h>
#include <stdio.h>

#define POLYNOMIAL 0xedb88320u
#define BLOCK_BYTES 65536

/* The remainder goes in and out inverted, so that leading zeros count. */
static uint32_t add_bytes(uint32_t checksum, const uint8_t *bytes, size_t size) {
    uint32_t remainder = ~checksum;
    for (size_t index = 0; index < size; index++) {
        remainder ^= bytes[index];
        for (int bit = 0; bit < 8; bit++) {
            remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? POLYNOMIAL : 0);
        }
    }
    return ~remainder;
}

static int add_file(FILE *file, checksum_progress *progress, uint32_t *out_checksum) {
    uint8_t block[BLOCK_BYTES];
    uint32_t checksum = 0;
    uint64_t bytes_read = 0;
    size_t size;
    while ((size = fread(block, 1, sizeof block, file)) > 0) {
        checksum = add_bytes(checksum, block, size);
        bytes_read += size;
        if (progress != NULL && !progress(bytes_read)) {
            return 1;
        }
    }
    if (ferror(file)) {
        return -1;
    }
    *out_checksum = checksum;
    return 0;
}

uint32_t checksum_bytes(const uint8_t *bytes, size_t size) {
    return add_bytes(0, bytes, size);
}

int checksum_file(const char *path, uint32_t *out_checksum) {
    return checksum_watch(path, NULL, out_checksum);
}

int checksum_watch(const char *path, checksum_progress *progress, uint32_t *out_checksum) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return -1;
    }
    int result = add_file(file, progress, out_checksum);
    int reason = errno;
    (void)fclose(file);
    errno = reason;
    return result;
}

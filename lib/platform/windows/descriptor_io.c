#include "../descriptor_io.h"

#include <windows.h>

/* Sockets and pipes of Windows have no readiness that epoll or kqueue could stand for. */

int32_t siding_io_look(int descriptor, struct siding_io_nature *out_nature) {
    (void)descriptor;
    (void)out_nature;
    return ERROR_NOT_SUPPORTED;
}

static int64_t refuse(int32_t *out_error) {
    *out_error = ERROR_NOT_SUPPORTED;
    return SIDING_IO_FAILED;
}

int64_t siding_io_read(int descriptor, const struct siding_io_nature *nature, void *out_bytes,
                       size_t size_bytes, bool *out_is_all, int32_t *out_error) {
    (void)descriptor;
    (void)nature;
    (void)out_is_all;
    (void)out_bytes;
    (void)size_bytes;
    return refuse(out_error);
}

int64_t siding_io_accept(int listener, void *out_address, uint32_t *out_address_bytes,
                         int32_t *out_error) {
    (void)listener;
    (void)out_address;
    (void)out_address_bytes;
    return refuse(out_error);
}

int64_t siding_io_receive(int descriptor, uint8_t *memory, size_t stride_bytes,
                          struct siding_datagram *out_datagrams, uint32_t count,
                          int32_t *out_error) {
    (void)descriptor;
    (void)memory;
    (void)stride_bytes;
    (void)out_datagrams;
    (void)count;
    return refuse(out_error);
}

bool siding_io_is_not_yet(int32_t error) {
    return error == WSAEWOULDBLOCK;
}

int32_t siding_io_close(int descriptor) {
    (void)descriptor;
    return ERROR_NOT_SUPPORTED;
}

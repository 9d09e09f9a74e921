#include <windows.h>

#include "../platform.h"

/* No runtime takes a socket of ours here: the host gives siding_bridge_open a wake function. */
int32_t siding_channel_open(struct siding_channel *out_channel) {
    (void)out_channel;
    return ERROR_CALL_NOT_IMPLEMENTED;
}

void siding_channel_kick(const struct siding_channel *channel) {
    (void)channel;
}

void siding_channel_close(struct siding_channel *channel, bool host_too) {
    (void)channel;
    (void)host_too;
}

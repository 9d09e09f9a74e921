#define _CRT_RAND_S /* stdlib.h: rand_s */

#include <windows.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../platform.h"

/*
 * A pipe \\.\pipe\siding-PROCESS-NUMBER, whose NUMBER is `host`: to it the host connects, as the
 * first and only client. What is kicked before is lost, so it looks once when it is connected.
 */

#define NAME_BYTES 64
#define NUMBER_MASK 0x7fffffffu
#define NUMBERS_TRIED_MAX 16
#define KICKS_MAX 4096 /* bytes that wait; a full pipe is as good as a kick */

/* Not to be foreseen: nobody else is to connect before the host does. */
static bool draw_number(unsigned *out_number) {
    unsigned number;
    if (rand_s(&number) != 0) {
        return false;
    }
    *out_number = number & NUMBER_MASK;
    return true;
}

/* Never waits for room: a writer of a real-time thread goes on. */
static HANDLE create_pipe(unsigned number) {
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof name, "\\\\.\\pipe\\siding-%lu-%u", GetCurrentProcessId(), number);
    return CreateNamedPipeA(name, PIPE_ACCESS_OUTBOUND | FILE_FLAG_FIRST_PIPE_INSTANCE,
                            PIPE_TYPE_BYTE | PIPE_NOWAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, KICKS_MAX,
                            0, 0, NULL);
}

int32_t siding_channel_open(struct siding_channel *out_channel) {
    for (int tried = 0; tried < NUMBERS_TRIED_MAX; tried++) {
        unsigned number;
        if (!draw_number(&number)) {
            break;
        }
        HANDLE pipe = create_pipe(number);
        if (pipe != INVALID_HANDLE_VALUE) {
            *out_channel = (struct siding_channel){.host = (int)number, .kick = (intptr_t)pipe};
            return 0;
        }
    }
    return EMFILE;
}

void siding_channel_kick(const struct siding_channel *channel) {
    DWORD written;
    uint64_t errors = siding_errors_save();
    (void)WriteFile((HANDLE)channel->kick, "", 1, &written, NULL);
    siding_errors_restore(errors);
}

/* The host's end is closed by the host, or by what ends its thread: it has no number of ours. */
void siding_channel_close(struct siding_channel *channel, bool host_too) {
    (void)host_too;
    (void)CloseHandle((HANDLE)channel->kick);
    channel->host = channel->kick = -1;
}

#include "notice.h"

#include <stddef.h>

#include "../include/siding.h"
#include "bridge.h"
#include "outbox.h"
#include "record.h"

#define EVENT_WORDS (SIDING_EVENT_WORDS + SIDING_NOTICE_WORDS)

void notice_send(struct outbox *outbox, const struct record *listener, uint32_t kind,
                 uint32_t token, uint64_t elapsed_ms, struct bridge **out_kick) {
    if (listener == NULL) {
        return;
    }
    struct {
        struct siding_event header;
        uint64_t payload[SIDING_NOTICE_WORDS];
    } event = {
        .header = {.token = listener->token, .words = EVENT_WORDS, .flags = SIDING_EVENT_MORE},
        .payload = {kind, token, elapsed_ms},
    };
    if (outbox_tell(outbox, listener->bridge, (const uint64_t *)&event, EVENT_WORDS)) {
        *out_kick = listener->bridge;
    }
}

void notice_kick(struct bridge *bridge) {
    if (bridge != NULL) {
        bridge_kick(bridge);
    }
}

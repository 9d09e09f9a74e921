#include "handles.h"

/* owner: one of the fuzzer's two threads, which take turns */
static uint64_t kept[KINDS][HANDLES_KEPT];
static uint32_t counts[KINDS];

void handles_keep(enum handle_kind kind, uint64_t handle) {
    kept[kind][counts[kind]++ % HANDLES_KEPT] = handle;
}

uint64_t handles_at(enum handle_kind kind, uint32_t place) {
    return kept[kind][place % HANDLES_KEPT];
}

static uint64_t latest(enum handle_kind kind) {
    return handles_at(kind, counts[kind] + HANDLES_KEPT - 1);
}

uint64_t handles_pick(struct bytes *bytes, enum handle_kind kind) {
    uint32_t choice = take_below(bytes, 16);
    switch (choice) {
    case 10:
        return take_number(bytes);
    case 11:
        return latest(kind) ^ 1ull << take_below(bytes, 64);
    case 12:
        return latest(kind) + (1ull << 20); /* the next generation */
    case 13:
        return handles_at((enum handle_kind)take_below(bytes, KINDS), take_below(bytes, 8));
    case 14:
        return 0 - latest(kind);
    case 15:
        return 0;
    default:
        return choice < 6 ? latest(kind) : handles_at(kind, take_below(bytes, HANDLES_KEPT));
    }
}

/*
 * api_station.c - the exported functions of siding_station.h, as api.c has those of siding.h.
 *
 * A forked child has neither the poller nor the host, and what it changed would be the parent's:
 * there, all handles are stale.
 */
#include <stddef.h>

#include "core/bridge.h"
#include "core/exchange.h"
#include "core/post.h"
#include "core/source.h"
#include "include/siding.h"
#include "platform/descriptor_io.h"

/* @return the bridge, or NULL with the status */
static struct bridge *find_bridge(uint64_t handle, int32_t *out_status) {
    struct bridge *bridge = NULL;
    *out_status = siding_process_is_forked() ? SIDING_ESTALE : bridge_find(handle, &bridge);
    return bridge;
}

int32_t siding_source_open(uint64_t bridge_handle, const struct siding_source_options *options,
                           uint64_t *out_source, int32_t *out_error) {
    int32_t status = SIDING_OK;
    struct bridge *bridge = find_bridge(bridge_handle, &status);
    if (bridge == NULL) {
        return status;
    }
    if (options == NULL || options->size_bytes < sizeof *options || out_source == NULL ||
        out_error == NULL) {
        return SIDING_EINVALID;
    }
    return source_open(bridge, options, out_source, out_error);
}

int32_t siding_source_pull(uint64_t bridge_handle, uint64_t source, uint32_t count) {
    int32_t status = SIDING_OK;
    struct bridge *bridge = find_bridge(bridge_handle, &status);
    return bridge == NULL ? status : source_pull(bridge, source, count);
}

int32_t siding_source_pull_all(uint64_t bridge_handle, const void *sources, uint32_t count) {
    int32_t status = SIDING_OK;
    struct bridge *bridge = find_bridge(bridge_handle, &status);
    if (bridge == NULL) {
        return status;
    }
    return sources == NULL || ((uintptr_t)sources & 7u) != 0
               ? SIDING_EINVALID
               : source_pull_all(bridge, sources, count);
}

int32_t siding_bridge_await(uint64_t bridge_handle, void *out_events, uint32_t capacity_words,
                            uint32_t spin_ns) {
    int32_t status = SIDING_OK;
    struct bridge *bridge = find_bridge(bridge_handle, &status);
    if (bridge == NULL) {
        return status;
    }
    if (out_events == NULL || ((uintptr_t)out_events & 7u) != 0 ||
        capacity_words < SIDING_EVENT_WORDS_MAX || spin_ns > EXCHANGE_SPIN_NS_MAX) {
        return SIDING_EINVALID;
    }
    return exchange_await(bridge, out_events, capacity_words, spin_ns);
}

int32_t siding_source_close(uint64_t bridge_handle, uint64_t source) {
    int32_t status = SIDING_OK;
    struct bridge *bridge = find_bridge(bridge_handle, &status);
    return bridge == NULL ? status : source_close(bridge, source);
}

int32_t siding_source_stats_read(uint64_t bridge_handle, uint64_t source,
                                 struct siding_source_stats *out_stats) {
    int32_t status = SIDING_OK;
    struct bridge *bridge = find_bridge(bridge_handle, &status);
    if (bridge == NULL) {
        return status;
    }
    return out_stats == NULL || out_stats->size_bytes < sizeof *out_stats
               ? SIDING_EINVALID
               : source_stats(bridge, source, out_stats);
}

int32_t siding_event_post(uint64_t event, uint64_t value) {
    return post_value(event, value);
}

int32_t siding_descriptor_close(int32_t descriptor, int32_t *out_error) {
    if (out_error == NULL) {
        return SIDING_EINVALID;
    }
    int32_t error = siding_io_close(descriptor);
    if (error != 0) {
        *out_error = error;
    }
    return error == 0 ? SIDING_OK : SIDING_ESYSTEM;
}

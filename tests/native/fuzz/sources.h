/*
 * sources.h - sources of every kind, opened with whatever comes, on descriptors of the fuzzer's own
 * that become ready, end, and are closed while they are watched.
 */
#ifndef SIDING_TESTS_FUZZ_SOURCES_H
#define SIDING_TESTS_FUZZ_SOURCES_H

#include "bytes.h"

void sources_init(void);
void fuzz_source_open(struct bytes *bytes);
void fuzz_source_pull(struct bytes *bytes);
void fuzz_source_pull_all(struct bytes *bytes);
void fuzz_source_close(struct bytes *bytes);
void fuzz_source_stats_read(struct bytes *bytes);
void fuzz_descriptor_close(struct bytes *bytes);
void fuzz_event_post(struct bytes *bytes);
/* Writes to a descriptor, empties it, or puts another in its place; raises a signal. */
void fuzz_source_happen(struct bytes *bytes);

#endif

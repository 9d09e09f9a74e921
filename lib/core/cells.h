/*
 * cells.h - memory for events of one size between threads that write and threads that read: the
 * queue inside a ring. It takes no lock, and knows nothing of who waits for what.
 *
 *   in laps   oldest first. Cell i of lap n waits for a writer while its sequence is n * count + i,
 *             for a reader while it is one more (D. Vyukov's bounded queue).
 *   latest    one word names the newest event, and each other cell is free or somebody's.
 */
#ifndef SIDING_CORE_CELLS_H
#define SIDING_CORE_CELLS_H

#include <stdbool.h>
#include <stdint.h>

struct cells;

#define CELLS_LATEST 16u /* threads that may write the latest at the same moment */

/**
 * @param count a power of two; CELLS_LATEST where only the latest is wanted
 * @param event_words of the largest event
 * @return NULL: out of memory
 * @thread any  @blocks never  @owns the caller, until cells_destroy
 */
struct cells *cells_create(uint64_t count, uint32_t event_words, bool is_latest);
/** @thread any, the only one that has them  @blocks never */
void cells_destroy(struct cells *cells);

/**
 * @return an event, the caller's to write until cells_publish; NULL: there is no room, or so many
 *         threads write the latest right now
 * @thread any  @blocks never
 */
uint64_t *cells_claim(struct cells *cells);
/**
 * Hands it to a reader, sequentially consistent: a look at another such word may follow.
 * @return whether it took the place of one that nobody had read
 * @thread who claimed it  @blocks never
 */
bool cells_publish(struct cells *cells, uint64_t *event);
/**
 * @param is_contended several threads may take at this time
 * @return the oldest event, the caller's until cells_give; NULL: there is none, or its writer is
 *         not done
 * @thread the one reader, or any where all say that it is contended  @blocks never
 */
uint64_t *cells_take(struct cells *cells, bool is_contended);
/** Makes room of an event that was taken. @thread who took it  @blocks never */
void cells_give(struct cells *cells, uint64_t *event);

/** @return whether cells_take has something to take, sequentially consistent
 *  @thread the one reader  @blocks never */
bool cells_wait(const struct cells *cells);
/** @return events written or claimed, and not taken  @thread any  @blocks never */
uint32_t cells_count(const struct cells *cells);

#endif

/*
 * pool.h - all slots of the process: started, claimed, vacated, retired.
 */
#ifndef SIDING_CORE_POOL_H
#define SIDING_CORE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/siding.h"
#include "slot.h"

/** See siding_pool_configure. @thread any  @blocks never */
int32_t pool_configure(const struct siding_pool_options *options);
/** @return the longest spin of an idle thread  @thread any  @blocks never */
uint32_t pool_spin_ns(void);
/** Idle threads spin one at a time. @return whether the caller may, until pool_spin_end
 *  @thread any  @blocks never */
bool pool_spin_begin(void);
/** @thread who may spin  @blocks never */
void pool_spin_end(void);
/** @return what the next thread has, in which a host's functions run  @thread any  @blocks never */
uint32_t pool_stack_bytes(void);
/** Fills the fields about threads and slots. @thread any  @blocks never */
void pool_count(struct siding_stats *out_stats);

/**
 * Claims a vacant slot, or starts one, in state ACTIVE.
 * @return SIDING_EEXHAUSTED, SIDING_ESYSTEM
 * @thread any  @blocks never
 */
int32_t pool_lease(const struct siding_context_options *options, struct slot **out_slot);
/** A lease is over: another may begin. @thread any  @blocks never */
void pool_lease_over(void);
/** Puts a VACANT slot on the idle stack, and its use off the count. @param from SHARED, ACTIVE, or
 *  RECYCLING: its lease was over before
 *  @thread who made it vacant  @blocks never */
void pool_vacate(struct slot *slot, enum slot_state from);
/** Lets a vacant slot retire that has been idle for too long. @return when to look again
 *  @thread watch  @blocks never */
uint64_t pool_watch_vacant(struct slot *slot, uint64_t now_ns);
/** The last thing that the thread of a RETIRED slot does with it. @thread worker  @blocks never */
void pool_thread_ends(struct slot *slot);

/** @return the slot whose index a context handle carries, or NULL  @thread any  @blocks never */
struct slot *pool_slot(uint64_t lease);
/** @return slots made so far; those below exist for ever  @thread any  @blocks never */
uint32_t pool_slots(void);
/** @thread any  @blocks never */
struct slot *pool_slot_at(uint32_t index);

/** Claims a vacant slot, or starts one, to serve the shared queue. @return NULL: none may be had
 *  @thread any  @blocks never */
struct slot *pool_take_shared(void);
struct pool_use;
/**
 * The calling thread waits inside a call for a host: if it is the pool's, another may be used in
 * its place, up to twice the maximum in all.
 * @return for pool_wait_end, for the watch may move the slot meanwhile; NULL: not the pool's thread
 * @thread any  @blocks never
 */
struct pool_use *pool_wait_begin(void);
/** @thread as pool_wait_begin  @blocks never */
void pool_wait_end(struct pool_use *use);
/** @return whether any thread of the pool lives  @thread any  @blocks never */
bool pool_has_threads(void);

#endif

/*
 * lead.h - who runs the poller's rounds: its thread, or for a while a host that waits on the spot.
 *
 * Where a message and its answer follow one another, the thread would only wake the host, which
 * takes as long as the answer. So a host that has its answers soon runs the rounds itself:
 *
 *             a host wishes           the thread sleeps            a host takes it
 *   THREAD ──────────────────▶ WISHED ──────────────────▶ LENT ──────────────────▶ HOST
 *     ▲ ▲                        │                        │ ▲                        │
 *     │ └────────────────────────┘                        │ └────────────────────────┘
 *     │        wishes no more             the loan is over│        gives it back
 *     └───────────────────────────────────────────────────┘
 *
 * The thread steps aside by itself, between two rounds, and takes the lead back by itself: at once
 * where a host has ended the loan, else when its time is over, so that nothing is lost if the host
 * never comes back. What a round touches is the leader's alone: each move of the lead releases it
 * to the next one, who acquires it. lead.pml has it for spin.
 *
 * Who has a command or a time for the poller meanwhile recalls the thread. What descriptors have to
 * tell comes with the next round, at the end of the loan at the latest.
 */
#ifndef SIDING_CORE_LEAD_H
#define SIDING_CORE_LEAD_H

#include <stdbool.h>
#include <stdint.h>

/** @return false when the system refused  @thread any, before all else  @blocks never */
bool lead_init(void);
/** Undoes that. @thread any, before all else  @blocks never */
void lead_deinit(void);

/** @return whether a host wishes to lead  @thread poller  @blocks never */
bool lead_is_wished(void);
/** Between two rounds: steps aside, if it is still wished, until the lead is back.
 *  @param end_ns when the loan is over, of siding_clock_ns
 *  @thread poller  @blocks while it is lent */
void lead_pass(uint64_t end_ns);

/** Wishes to lead. @return whether the wish is the caller's: the poller's thread is to be kicked
 *  for it; false: another has it, or leads already  @thread js  @blocks never */
bool lead_wish(void);
/** @return whether it is lent now, and the caller leads  @thread js  @blocks never */
bool lead_take(void);
/** Gives it back. @param end_ns until when it stays lent, for it will be wanted again; 0: it is not
 *  @thread js, the leader  @blocks never */
void lead_give(uint64_t end_ns);
/** Has the thread back at that time, where the loan would be longer: there is something that nobody
 *  who leads knows of. @param at_ns of siding_clock_ns; 0: now
 *  @thread any, signal handlers too  @blocks never */
void lead_recall(uint64_t at_ns);
/** Takes the wish back. @thread js, who wished and did not take it  @blocks never */
void lead_unwish(void);

#endif

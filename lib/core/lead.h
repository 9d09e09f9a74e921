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
 */
#ifndef SIDING_CORE_LEAD_H
#define SIDING_CORE_LEAD_H

#include <stdbool.h>

/** @return false when the system refused  @thread any, before all else  @blocks never */
bool lead_init(void);
/** Undoes that. @thread any, before all else  @blocks never */
void lead_deinit(void);

/** @return whether a host wishes to lead  @thread poller  @blocks never */
bool lead_is_wished(void);
/** Between two rounds: steps aside, if it is still wished, until the lead is back.
 *  @thread poller  @blocks while it is lent */
void lead_pass(void);

/** Wishes to lead. @return whether the poller's thread is to be kicked for it
 *  @thread js  @blocks never */
bool lead_wish(void);
/** @return whether it is lent now, and the caller leads  @thread js, who wished  @blocks never */
bool lead_take(void);
/** Gives it back. @param returns whether it will be wanted again soon, and stays lent for that time
 *  @thread js, the leader  @blocks never */
void lead_give(bool returns);
/** Takes the wish back. @thread js, who wished and did not take it  @blocks never */
void lead_unwish(void);

#endif

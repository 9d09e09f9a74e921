/*
 * slot.pml - the life of slots, see slot.h, as a model for spin: scripts/test_model.mjs tries every
 * interleaving of two lessees, the threads of the slots, the watch, and a guest.
 *
 *   no double owner    nobody takes a slot that another has
 *   no lost release    each ends exactly once, and tells the lessee who asked for it
 *   no lost call       a guest's call is run, or refused
 *   no deadlock        when nothing can move any more, all is done
 *   slots return       then each is vacant and on the idle stack, or without a thread
 *
 * Every change of state is a MOVE, which nobody contends, or a TRY, a compare-and-swap: the same as
 * `legal_moves` of slot.c allows, no fewer and no more. What happens under a mutex, and a push or
 * pop of a stack or inbox, is one step here. In which order slots come off the stack makes no
 * difference.
 *
 * BREAK_... each take away something that it needs: spin must then find what goes wrong.
 */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef LEASED_MAX
#define LEASED_MAX 1
#endif
#ifndef LEASES
#define LEASES 3 /* of all lessees, each of which has one at a time */
#endif
#ifndef RETIREMENTS
#define RETIREMENTS 1
#endif
#ifndef EXTRAS
#define EXTRAS 0 /* threads that end with their lease, and calls without a context */
#endif
#ifndef GUESTS
#define GUESTS 0 /* calls of siding_context_call */
#endif
#define LESSEES 2
#define NOBODY 0

mtype = { VACANT, SHARED, ACTIVE, RECYCLE_PENDING, RECYCLING, WEDGED, RETIRED };
mtype = { CALL, GUEST, SERVE, RELEASE, END }; /* nodes of an inbox */

typedef Slot {
    mtype state;
    bool turn;    /* changes whenever it becomes vacant */
    byte handle;  /* the lease, while it is active, or NOBODY */
    byte report;  /* the lease whose end is to be told, or NOBODY */
    bool is_over; /* its end was told, its thread has not returned */
    bool is_fresh;
    bool is_busy; /* its thread handles nodes */
    bool has_thread;
    byte steps;   /* towards being started again */
    bool is_idle; /* on the stack; only to assert */
}

Slot slots[SLOTS];
chan inbox[SLOTS] = [4] of { mtype, byte };
chan idle = [SLOTS] of { byte };
chan retired = [SLOTS] of { byte };
chan line = [LESSEES] of { byte }; /* who waits for a slot, first come first served */
bool granted[LESSEES];
byte leased;
byte leases; /* so many have been wanted; they have numbers from 1 */
byte retirements;
byte extras;
byte finished;
byte served; /* guests */
bool asked[LEASES + 1];
bool ended[LEASES + 1];

/* ---- moves ----------------------------------------------------------------------------------- */

#define MOVE(slot, from, to)                                                                       \
    assert(slots[slot].state == from);                                                             \
    slots[slot].turn = slots[slot].turn ^ (to == VACANT);                                          \
    slots[slot].state = to

#define TRY(slot, seen, from, to)                                                                  \
    won = slots[slot].state == from && slots[slot].turn == seen;                                   \
    if                                                                                             \
    :: won -> slots[slot].state = to                                                               \
    :: else                                                                                        \
    fi

inline push_idle(s) {
    d_step {
        assert(!slots[s].is_idle);
        slots[s].is_idle = true;
        idle!s
    }
}

/* One lease less; the first in line may take its place. */
inline uncount() {
    assert(leased > 0);
    if
    :: line?who -> granted[who] = true; who = 0
    :: empty(line) -> leased--
    fi
}

inline tell(lease) {
    assert(lease != NOBODY && asked[lease] && !ended[lease]);
    ended[lease] = true
}

/* ---- claiming -------------------------------------------------------------------------------- */

inline enter_line() {
    atomic {
        if
        :: leased < LEASED_MAX -> leased++
        :: else -> line!me; granted[me]; granted[me] = false
        fi
    }
}

inline pop_idle() {
    idle?s;
    slots[s].is_idle = false;
    seen = slots[s].turn
}

/* Retired on the stack, a slot has another thread when it is off the stack and its thread ended. */
inline step_retired() {
    slots[s].steps++;
    if
    :: slots[s].steps == 2 -> slots[s].steps = 0; retired!s
    :: else
    fi
}

inline start_thread() {
    retired?s;
    slots[s].has_thread = true;
    won = true
}

inline claim() {
    do
    :: atomic { nempty(idle) -> pop_idle() }
       d_step {
#ifdef BREAK_CLAIM
           slots[s].state = ACTIVE;
           won = true;
#else
           TRY(s, seen, VACANT, ACTIVE);
#endif
           if
           :: won
           :: else -> step_retired()
           fi
       }
       if
       :: won -> break
       :: else
       fi
    :: d_step {
           empty(idle) && nempty(retired) -> start_thread();
           MOVE(s, RETIRED, ACTIVE)
       }
       break
    :: empty(idle) && empty(retired) -> break /* the system gives no thread */
    od
}

inline claim_to_serve() {
    if
    :: atomic { nempty(idle) -> pop_idle() }
       d_step {
           TRY(s, seen, VACANT, SHARED);
           if
           :: won
           :: else -> step_retired()
           fi
       }
    :: d_step {
           empty(idle) && nempty(retired) -> start_thread();
           MOVE(s, RETIRED, SHARED)
       }
    :: empty(idle) && empty(retired)
    fi
    if
    :: won -> inbox[s]!SERVE, NOBODY
    :: else
    fi
}

/* ---- lessees --------------------------------------------------------------------------------- */

inline begin_lease() {
    d_step {
        assert(slots[s].state == ACTIVE && slots[s].handle == NOBODY && !slots[s].is_idle);
        assert(slots[s].report == NOBODY && !slots[s].is_over);
        slots[s].handle = lease;
        slots[s].is_fresh = false
    }
    if
    :: inbox[s]!CALL, lease
    :: extras < EXTRAS -> extras++; slots[s].is_fresh = true
    :: true
    fi
}

#define IS_QUIET (empty(inbox[s]) && !slots[s].is_busy && !slots[s].is_fresh)

/* A slot that has nothing to do for the end is vacant at once. */
inline end_lease() {
    d_step {
        assert(slots[s].handle == lease && slots[s].state == ACTIVE);
        asked[lease] = true;
        slots[s].handle = NOBODY;
        won = IS_QUIET;
        if
        :: won -> MOVE(s, ACTIVE, VACANT)
        :: else -> slots[s].report = lease; MOVE(s, ACTIVE, RECYCLE_PENDING)
        fi
    }
    if
    :: won -> push_idle(s); d_step { uncount(); tell(lease) }
    :: else -> inbox[s]!RELEASE, NOBODY
    fi
}

#define FORGET s = 0; seen = 0; won = false

proctype lessee(byte me) {
    byte lease, s, who;
    bool seen, won;
    do
    :: d_step { leases < LEASES -> leases++; lease = leases }
       enter_line();
       claim();
       if
       :: won -> begin_lease(); end_lease(); ended[lease]
       :: else -> d_step { uncount() }
       fi
       d_step { lease = NOBODY; FORGET }
    :: d_step { leases < LEASES && extras < EXTRAS -> extras++ }
       claim_to_serve();
       d_step { true -> FORGET }
    :: leases == LEASES -> break
    od
    finished++
}

/* ---- guests ---------------------------------------------------------------------------------- */

/* Looks and pushes under the mutex under which leases end: its call comes before their last node. */
proctype guest() {
    byte s, handle;
    if
    :: d_step { slots[0].handle != NOBODY -> s = 0; handle = slots[0].handle }
    :: d_step { slots[1].handle != NOBODY -> s = 1; handle = slots[1].handle }
    :: leases == LEASES -> goto done
    fi
#ifdef BREAK_GUEST
    if
    :: slots[s].handle == handle -> inbox[s]!GUEST, handle; served > 0
    :: else
    fi
#else
    if
    :: d_step { slots[s].handle == handle -> inbox[s]!GUEST, handle } served > 0
    :: slots[s].handle != handle
    fi
#endif
done:
    finished++
}

/* ---- threads of slots ------------------------------------------------------------------------ */

/* C returns by itself, or only after its lease was ended without it. */
inline run_c() {
    if
    :: true
    :: !slots[s].is_over -> slots[s].state == WEDGED
    fi
}

inline begin_recycling() {
    d_step {
        if
        :: slots[s].state == RECYCLE_PENDING -> MOVE(s, RECYCLE_PENDING, RECYCLING)
        :: else -> MOVE(s, WEDGED, RECYCLING)
        fi
    }
}

inline end_recycling() {
    d_step {
        if
        :: slots[s].state == WEDGED -> MOVE(s, WEDGED, RECYCLING)
        :: else
        fi
        was_over = slots[s].is_over;
        report = slots[s].report;
        slots[s].is_over = false;
        slots[s].report = NOBODY;
        won = slots[s].is_fresh;
        if
        :: won -> MOVE(s, RECYCLING, RETIRED)
        :: else -> MOVE(s, RECYCLING, VACANT)
        fi
    }
}

inline recycle() {
    begin_recycling();
    run_c(); /* what was deferred */
    end_recycling();
    d_step {
#ifdef BREAK_TELL
        was_over = false;
#endif
        if
        :: was_over
        :: else -> uncount(); tell(report)
        fi
        was_over = false;
        report = NOBODY
    }
    if
    :: won -> ends = true
    :: else -> push_idle(s)
    fi
}

inline handle_call() {
    if
    :: slots[s].handle == handle -> run_c()
    :: else /* refused */
    fi
    handle = NOBODY
}

/* From here on the slot may have another thread. */
inline end_thread() {
    d_step {
        slots[s].has_thread = false;
        if
        :: node == RELEASE -> retired!s
        :: else -> step_retired()
        fi
    }
}

proctype worker(byte s) {
    mtype node;
    byte handle, report, who;
    bool won, was_over, ends;
end:
    do
    :: d_step {
           slots[s].has_thread && nempty(inbox[s]) -> inbox[s]?node, handle;
           slots[s].is_busy = true
       }
       if
       :: node == CALL -> handle_call()
       :: node == GUEST -> handle_call(); served++
       :: node == SERVE -> d_step { MOVE(s, SHARED, VACANT) } push_idle(s)
       :: node == RELEASE -> recycle();
       :: node == END -> ends = true
       fi
       slots[s].is_busy = false;
       if
       :: ends -> end_thread()
       :: else
       fi
       d_step { node = 0; handle = NOBODY; won = false; ends = false }
    od
}

/* ---- watch ----------------------------------------------------------------------------------- */

/* The lease ends without its thread. */
inline wedge() {
    slots[s].is_over = true;
    report = slots[s].report;
    slots[s].report = NOBODY
}

inline told() {
    d_step { uncount(); tell(report); report = NOBODY; s = 0 }
}

inline retire() {
    d_step {
        TRY(s, seen, VACANT, RETIRED);
        if
        :: won -> retirements++; inbox[s]!END, NOBODY
        :: else
        fi
        FORGET
    }
}

#define SEES(slot, what) slots[slot].state == what && !slots[slot].is_over -> s = slot
#define SEES_VACANT(slot)                                                                          \
    slots[slot].state == VACANT && retirements < RETIREMENTS -> s = slot;                          \
    seen = slots[slot].turn

/* It may be late. */
proctype watch() {
    byte s, report, who;
    bool seen, won;
end:
    do
    :: d_step { SEES(0, RECYCLE_PENDING); MOVE(s, RECYCLE_PENDING, WEDGED); wedge() } told()
    :: d_step { SEES(0, RECYCLING); MOVE(s, RECYCLING, WEDGED); wedge() } told()
    :: d_step { SEES_VACANT(0) } retire()
    :: d_step { SEES(1, RECYCLE_PENDING); MOVE(s, RECYCLE_PENDING, WEDGED); wedge() } told()
    :: d_step { SEES(1, RECYCLING); MOVE(s, RECYCLING, WEDGED); wedge() } told()
    :: d_step { SEES_VACANT(1) } retire()
    od
}

/* ---- all together ---------------------------------------------------------------------------- */

/* Nothing can move any more. */
inline judge() {
    assert(finished == LESSEES + GUESTS && leased == 0 && empty(line));
    s = 0;
    do
    :: s < SLOTS ->
       assert(empty(inbox[s]) && slots[s].handle == NOBODY && !slots[s].is_busy);
       assert(slots[s].state == RETIRED || (slots[s].state == VACANT && slots[s].is_idle));
       s++
    :: else -> break
    od
}

init {
    byte s;
    atomic {
        do
        :: s < SLOTS ->
           slots[s].state = RETIRED;
           retired!s;
           run worker(s);
           s++
        :: else -> break
        od;
        run watch();
        run lessee(0);
        run lessee(1);
#if GUESTS > 0
        run guest();
#endif
    }
    timeout -> judge()
}

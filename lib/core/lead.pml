/*
 * lead.pml - who runs the poller's rounds, see lead.h, as a model for spin: scripts/test_model.mjs
 * tries every interleaving of the poller's thread, of hosts that wait on the spot, and of what
 * happens meanwhile.
 *
 *   one leader      no two run a round at once
 *   nothing lost    when nothing can move any more, all that has happened was told
 *   it comes back   when nothing can move any more, the thread leads and nobody wishes to
 *
 * Time is a step that may come at any moment: a loan is over, or it is not yet. A recall has it over.
 *
 * BREAK_... each take away something that it needs: spin must then find what goes wrong.
 */
#ifndef HOSTS
#define HOSTS 2
#endif
#ifndef WAITS
#define WAITS 2 /* of each host */
#endif
#define HAPPENINGS 2

mtype = { THREAD, WISHED, LENT, HOST };

mtype lead = THREAD;
bool is_over;    /* of the loan */
bool permit;     /* of the thread's parker */
bool is_kicked;  /* of the system's wait */
bool in_round;
byte happened;
byte told;
byte waiting = HOSTS;

/* seen: a local variable */
#define MOVE(from, to, seen)                                                                       \
    atomic {                                                                                       \
        seen = (lead == from);                                                                     \
        if                                                                                         \
        :: seen -> lead = to                                                                       \
        :: else                                                                                    \
        fi                                                                                         \
    }

inline run_round() {
    assert(!in_round);
    in_round = true;
    told = happened;
    in_round = false
}

/* ---- the poller's thread --------------------------------------------------------------------- */

active proctype thread() {
    bool moved;
    do
    :: lead == WISHED ->
        is_over = false;
        MOVE(WISHED, LENT, moved);
        if
        :: moved ->
            do
            :: is_over ->
                MOVE(LENT, THREAD, moved);
                if
                :: moved -> break
                :: else
                fi;
#ifdef BREAK_SLEEP
                permit -> permit = false
#else
                if /* for as long as a host may lead */
                :: permit -> permit = false
                :: lead != HOST
                fi
#endif
            :: !is_over ->
                if
                :: permit -> permit = false
                :: is_over
                fi
            od
        :: else
        fi;
        run_round()
    :: else ->
        run_round();
end_wait:
        /* the system's wait */
        happened != told || is_kicked;
        is_kicked = false
    od
}

/* The loan's time passes, whenever it likes. */
active proctype time() {
end_time:
    do
    :: lead == LENT && !is_over -> is_over = true
    od
}

active proctype world() {
    byte left = HAPPENINGS;
    do
    :: left > 0 ->
        left--;
        happened++
    :: left == 0 -> break
    od
}

/* ---- hosts ----------------------------------------------------------------------------------- */

inline give(returns) {
    is_over = !returns;
    assert(lead == HOST);
    lead = LENT;
    if
    :: !returns -> permit = true
    :: else
    fi
}

active [HOSTS] proctype host() {
    byte left = WAITS;
    bool moved;
    bool leads;
    bool wishes;
    do
    :: left > 0 ->
        left--;
        leads = false;
        MOVE(THREAD, WISHED, wishes);
        if
        :: wishes -> is_kicked = true
        :: else
        fi;
        do /* until the time is over */
        :: !leads && lead == LENT ->
#ifdef BREAK_TAKE
            lead = HOST;
            leads = true
#else
            MOVE(LENT, HOST, leads)
#endif
        :: leads -> run_round()
        :: break
        od;
        if
        :: leads ->
            if
            :: give(true)
            :: give(false)
            fi
        :: !leads && !wishes -> skip /* the wish is another's */
        :: !leads && wishes ->
            MOVE(WISHED, THREAD, moved);
            if
            :: !moved && lead == LENT ->
                MOVE(LENT, HOST, leads);
                if
                :: leads -> give(false)
                :: else
                fi
            :: else
            fi
        fi
    :: left == 0 -> break
    od;
    waiting--
}

/* When all else is over: the thread waits in the system, which says end_wait. */
active proctype judge() {
    waiting == 0 && timeout;
    assert(told == happened);
    assert(lead == THREAD && !in_round)
}

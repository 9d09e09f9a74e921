/*
 * source.pml - how a source and its host find one another, see source.h, as a model for spin:
 * scripts/test_model.mjs tries every interleaving of a host that pulls, visits and closes, of two
 * threads that tell, and of the source's owner, who ends it.
 *
 *   one push        the node is never pushed while it is in an inbox or in a visit
 *   no lost news    when nothing can move any more, what was told has reached a host that asked
 *   one end         the end is told once, as the last event
 *   no deadlock     when nothing can move any more, the end was told
 *
 * Each step that another thread can see is one load, store or exchange, all sequentially
 * consistent, as in source.c. A push and the taking of a node are one step.
 *
 * BREAK_... each take away something that it needs: spin must then find what goes wrong.
 */
#ifndef TELLS
#define TELLS 2 /* of each teller */
#endif
#ifndef PULLS
#define PULLS 3
#endif
#ifndef ONCE
#define ONCE 0 /* closed by the visit that tells its first news */
#endif
#ifndef CLOSES
#define CLOSES 1 /* whether the host may close it before all is told */
#endif
#define TELLERS 2

mtype = { IDLE, ASKED, QUEUED };

mtype state = IDLE;
byte tally;         /* what is to be told */
byte credit;        /* owner: host */
bool is_closed;     /* owner: host */
bool has_ended;
bool is_pushed;     /* the node is in the inbox */
bool is_visited;    /* or in the hands of the host */
bool close_asked;   /* the owner is to end it */
byte telling = TELLERS;
byte told_total;
byte news_total;
bool end_told;

#define PUSH()                                                                                     \
    atomic {                                                                                       \
        assert(!is_pushed && !is_visited && !end_told);                                            \
        is_pushed = true                                                                           \
    }

/* seen: a local variable. Compare-and-swap from one state to QUEUED. */
#define QUEUE_FROM(from, seen)                                                                     \
    atomic {                                                                                       \
        seen = (state == from);                                                                    \
        if                                                                                         \
        :: seen -> state = QUEUED                                                                  \
        :: else                                                                                    \
        fi                                                                                         \
    }

/* ---- who tells ------------------------------------------------------------------------------- */

proctype teller() {
    byte left = TELLS;
    bool queued;
    do
    :: left > 0 && !close_asked ->
        left--;
        atomic {
            tally++;
            news_total++
        }
        if
        :: state == ASKED ->
            QUEUE_FROM(ASKED, queued);
            if
            :: queued -> PUSH()
            :: else
            fi
        :: else
        fi
    :: left == 0 || close_asked -> break
    od
    telling--
}

/* ---- who ends it ----------------------------------------------------------------------------- */

/* By request, or by itself: both when nobody tells any more. */
proctype owner() {
    mtype before;
    telling == 0;
#ifdef BREAK_END
    atomic {
        before = state;
        state = QUEUED
    }
    has_ended = true;
#else
    has_ended = true;
    atomic {
        before = state;
        state = QUEUED
    }
#endif
    if
    :: before != QUEUED -> PUSH()
    :: else
    fi
}

/* ---- the host -------------------------------------------------------------------------------- */

/* As needs_visit: result in needs. */
inline look() {
    ended = has_ended;
    if
    :: is_closed -> needs = ended
    :: else ->
        if
        :: tally > 0 -> needs = (credit > 0)
        :: else -> needs = ended
        fi
    fi
}

inline finish() {
    is_closed = true;
    close_asked = true;
    if
    :: has_ended ->
        QUEUE_FROM(IDLE, queued);
        if
        :: queued -> PUSH()
        :: else ->
            QUEUE_FROM(ASKED, queued);
            if
            :: queued -> PUSH()
            :: else
            fi
        fi
    :: else
    fi
}

inline pull() {
    pulls--;
    had_asked = (credit > 0);
    credit++;
    if
    :: had_asked || is_closed
    :: else ->
        atomic {
            queued = (state == IDLE);
            if
            :: queued -> state = ASKED
            :: else
            fi
        }
        if
        :: queued ->
#ifndef BREAK_ASK
            look();
            if
            :: needs ->
                QUEUE_FROM(ASKED, queued);
                if
                :: queued -> PUSH()
                :: else
                fi
            :: else
            fi
#else
            skip
#endif
        :: else
        fi
    fi
}

inline leave() {
    if
    :: credit > 0 -> next = ASKED
    :: else -> next = IDLE
    fi;
#ifdef BREAK_LEAVE
    look();
    is_visited = false;
    state = next;
#else
    atomic { /* the store hands the node over */
        is_visited = false;
        state = next
    };
    look();
#endif
    if
    :: needs ->
        QUEUE_FROM(next, queued);
        if
        :: queued -> PUSH()
        :: else
        fi
    :: else
    fi
}

inline visit() {
    atomic {
        is_pushed = false;
        is_visited = true
    };
    ended = has_ended;
    tells = (!is_closed && tally > 0);
    if
    :: tells && credit > 0 ->
        atomic {
            told_total = told_total + tally;
            tally = 0
        };
        credit--;
        if
        :: ONCE && !is_closed -> finish()
        :: else
        fi;
        leave()
    :: ended && !tells ->
        assert(!end_told);
        is_visited = false;
        end_told = true
    :: else -> leave()
    fi
}

proctype host() {
    byte pulls = PULLS;
    bool needs, queued, had_asked, ended, tells;
    mtype next;
    do
    :: end_told -> break
    :: !end_told && pulls > 0 -> pull()
    :: !end_told && is_pushed -> visit()
    :: CLOSES && !is_closed -> finish()
    :: !CLOSES && pulls == 0 && !is_pushed && timeout ->
        /* nothing moves any more: what was told is here, as far as it was asked for */
        assert(tally == 0 || credit == 0 || is_closed);
        if
        :: !is_closed -> finish()
        :: else -> assert(false) /* the end is lost */
        fi
    od;
    assert(is_closed || told_total == news_total)
}

init {
    atomic {
        run teller();
        run teller();
        run owner();
        run host()
    }
}

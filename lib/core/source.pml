/*
 * source.pml - how a source and its host find one another, see source.h, as a model for spin:
 * scripts/test_model.mjs tries every interleaving of a host that pulls, visits, closes and leaves, of
 * two threads that tell, and of the source's owner, who ends it.
 *
 *   one push        the node is never pushed while it is in an inbox or in a visit
 *   no lost news    when nothing can move any more, what was told has reached a host that asked
 *   one end         the end is told once, as the last event, or dropped once
 *   no touch after  nobody looks at a source that was let go of: it may be another's
 *   no deadlock     when nothing can move any more, the source was let go of
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
#ifndef LEAVES
#define LEAVES 0 /* whether the host may close its bridge */
#endif
#define TELLERS 2

/* bits of the state */
#define ASKED 1
#define QUEUED 2
#define ENDED 4

byte state;
byte tally;         /* what is to be told */
byte credit;        /* owner: host */
bool is_closed;     /* owner: host */
bool is_shut;       /* the inbox takes no node any more */
bool is_free;       /* the source was let go of */
bool is_pushed;     /* the node is in the inbox */
bool is_visited;    /* or in the hands of the host */
bool close_asked;   /* the owner is to end it */
byte telling = TELLERS;
byte told_total;
byte news_total;
bool end_told;

/* before, refused: local variables of whoever uses these */
#define READ_STATE()                                                                               \
    atomic {                                                                                       \
        assert(!is_free);                                                                          \
        before = state                                                                             \
    }
#define ADD_TO_STATE(bits)                                                                         \
    atomic {                                                                                       \
        assert(!is_free);                                                                          \
        before = state;                                                                            \
        state = state | (bits)                                                                     \
    }
#define TAKE_FROM_STATE(bits)                                                                      \
    atomic {                                                                                       \
        assert(!is_free);                                                                          \
        before = state;                                                                            \
        state = state & (7 - (bits))                                                               \
    }

/* As source_drop. */
inline drop() {
    TAKE_FROM_STATE(QUEUED);
#ifdef BREAK_DROP
    READ_STATE();
    if
    :: before & ENDED ->
        ADD_TO_STATE(QUEUED);
        if
        :: before & QUEUED
        :: else -> is_free = true
        fi
    :: else
    fi
#else
    if
    :: before & ENDED -> is_free = true
    :: else
    fi
#endif
}

/* Who pushes in vain drops. */
inline push() {
    atomic {
        assert(!is_pushed && !is_visited && !is_free);
        refused = is_shut;
        is_pushed = !is_shut
    };
    if
    :: refused -> drop()
    :: else
    fi
}

/* As queue of source.c, and the push. */
inline queue_and_push() {
    ADD_TO_STATE(QUEUED);
    if
    :: before & QUEUED
    :: else -> push()
    fi
}

/* ---- who tells ------------------------------------------------------------------------------- */

proctype teller() {
    byte left = TELLS;
    byte before;
    bool queued, refused;
    do
    :: left > 0 && !close_asked ->
        left--;
        atomic {
            tally++;
            news_total++
        }
        READ_STATE();
        if
        :: before == ASKED ->
            atomic {
                assert(!is_free);
                queued = (state == ASKED);
                if
                :: queued -> state = ASKED | QUEUED
                :: else
                fi
            };
            if
            :: queued -> push()
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
    byte before;
    bool refused;
    telling == 0;
#ifdef BREAK_END
    ADD_TO_STATE(ENDED);
    ADD_TO_STATE(QUEUED);
#else
    ADD_TO_STATE(ENDED | QUEUED);
#endif
    if
    :: before & QUEUED
    :: else -> push()
    fi
}

/* ---- the host -------------------------------------------------------------------------------- */

/* As needs_visit: result in needs. */
inline look() {
    READ_STATE();
    ended = (before & ENDED) != 0;
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
    READ_STATE();
    if
    :: before & ENDED -> queue_and_push()
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
        ADD_TO_STATE(ASKED);
        if
        :: before & QUEUED
        :: else ->
#ifndef BREAK_ASK
            look();
            if
            :: needs -> queue_and_push()
            :: else
            fi
#else
            skip
#endif
        fi
    fi
}

inline leave() {
    if
    :: credit > 0 -> taken = QUEUED
    :: else -> taken = QUEUED | ASKED
    fi;
#ifdef BREAK_LEAVE
    look();
    is_visited = false;
    TAKE_FROM_STATE(taken);
#else
    atomic { /* hands the node over */
        is_visited = false;
        TAKE_FROM_STATE(taken)
    };
    look();
#endif
    if
    :: needs -> queue_and_push()
    :: else
    fi
}

inline visit() {
    atomic {
        is_pushed = false;
        is_visited = true
    };
    READ_STATE();
    ended = (before & ENDED) != 0;
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
        end_told = true;
        is_free = true
    :: else -> leave()
    fi
}

/* As bridge_close. */
inline leave_bridge() {
    if
    :: !is_closed -> finish()
    :: else
    fi;
    atomic {
        is_shut = true;
        taken = is_pushed;
        is_pushed = false
    };
    if
    :: taken -> drop()
    :: else
    fi
}

proctype host() {
    byte pulls = PULLS;
    byte before, taken;
    bool needs, refused, had_asked, ended, tells;
    do
    :: end_told -> break
    :: !end_told && pulls > 0 -> pull()
    :: !end_told && is_pushed -> visit()
    :: CLOSES && !end_told && !is_closed -> finish()
    :: LEAVES && !end_told -> leave_bridge(); break
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
    };
    _nr_pr == 1; /* nobody does anything any more */
    assert(is_free)
}

/*
 * ticks.h - sources of kind TIMER. Who takes its timer out of the heap ends the source.
 */
#ifndef SIDING_CORE_TICKS_H
#define SIDING_CORE_TICKS_H

#include "source.h"

extern const struct source_kind ticks_kind;

#endif

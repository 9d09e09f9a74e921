/*
 * peek.h - copying memory that may not be there, without a word for it beforehand: whoever handles
 * the fault finds where it came from, and has the copy go on where it says that it was in vain.
 */
#ifndef SIDING_MACHINE_PEEK_H
#define SIDING_MACHINE_PEEK_H

#include <stdbool.h>
#include <stddef.h>

/** @return whether all was copied  @thread any  @blocks never */
bool machine_peek(void *to, const void *from, size_t size_bytes);

/* Its first instruction that may fault, and, behind the last one, where it is to go on then: there
   it returns false. */
extern const char machine_peek_first[];
extern const char machine_peek_lost[];

#endif

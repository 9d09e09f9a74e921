/*
 * interrupt.h - ways to make a call that blocks in C return.
 */
#ifndef SIDING_CORE_INTERRUPT_H
#define SIDING_CORE_INTERRUPT_H

#include <stdint.h>

#include "../include/siding.h"
#include "bound.h"

/* owner: whoever guards the struct that it is part of */
struct interrupt {
    uint32_t kind;       /* SIDING_INTERRUPT_... */
    struct bound *bound; /* held, of kind BOUND */
    uint64_t address;    /* of kind FLAG */
    uint32_t value;
};

/** Checks what a host asks for. @param out_interrupt holds its bound call
 *  @return SIDING_EINVALID, SIDING_ESTALE  @thread js  @blocks never */
int32_t interrupt_read(const struct siding_interrupt *options, struct interrupt *out_interrupt);
/** @return another one, with a hold of its own  @thread any  @blocks never */
struct interrupt interrupt_copy(const struct interrupt *interrupt);
/** Lets go of it and makes it none. @thread any  @blocks never */
void interrupt_clear(struct interrupt *interrupt);
/**
 * Uses it.
 * @param thread the target, from siding_thread_self
 * @return signals sent, 0 or 1
 * @thread watch  @blocks as long as the bound call does
 */
uint32_t interrupt_use(const struct interrupt *interrupt, uintptr_t thread);

#endif

/*
 * relax.h - what a spin loop tells the processor.
 */
#ifndef SIDING_BASE_RELAX_H
#define SIDING_BASE_RELAX_H

#if defined(__x86_64__) || defined(__i386__)
#define SIDING_RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__)
/* `yield` does nothing on most cores; `isb` delays like the pause of x86. */
#define SIDING_RELAX() __asm__ volatile("isb" ::: "memory")
#else
#define SIDING_RELAX() ((void)0)
#endif

#endif

/*
 * peek_aarch64.s - machine_peek of peek.h. It keeps nothing on the stack, so that it can be left at
 * any instruction.
 */
    .text
    .p2align 4
    .globl machine_peek, machine_peek_first, machine_peek_lost
    .hidden machine_peek, machine_peek_first, machine_peek_lost
    .type machine_peek, @function
machine_peek: /* x0: to, x1: from, x2: bytes */
    .cfi_startproc
    hint #34 /* bti c */
machine_peek_first:
    subs x2, x2, #8
    b.lo .Lbytes
.Lword:
    ldr x3, [x1], #8
    str x3, [x0], #8
    subs x2, x2, #8
    b.hs .Lword
.Lbytes:
    adds x2, x2, #8
    b.eq .Lall
.Lbyte:
    ldrb w3, [x1], #1
    strb w3, [x0], #1
    subs x2, x2, #1
    b.ne .Lbyte
.Lall:
    mov w0, #1
    ret
machine_peek_lost:
    mov w0, #0
    ret
    .cfi_endproc
    .size machine_peek, . - machine_peek

    .section .note.GNU-stack, "", @progbits

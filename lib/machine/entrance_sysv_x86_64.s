/*
 * entrance_sysv_x86_64.s - saves the registers that may hold arguments and calls entrance_serve; see
 * there. libffi's trampoline has pushed two words, the second of which is the closure.
 */
    .set INTEGERS_BYTES, 48
    .set RESULT_AT, 112
    .set SAVED_BYTES, 128 /* of struct saved, rounded up so that the stack is aligned */

.macro ENTER
    .cfi_startproc
    endbr64
    movq 8(%rsp), %r10
    addq $16, %rsp
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    subq $SAVED_BYTES, %rsp
    movq %rdi, 0(%rsp)
    movq %rsi, 8(%rsp)
    movq %rdx, 16(%rsp)
    movq %rcx, 24(%rsp)
    movq %r8, 32(%rsp)
    movq %r9, 40(%rsp)
.endm

.macro SERVE
    movq %r10, %rdi
    movq %rsp, %rsi
    leaq 16(%rbp), %rdx
    call entrance_serve
    movq RESULT_AT(%rsp), %rax
    movq RESULT_AT(%rsp), %xmm0
    leave
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
.endm

    .text
    .hidden entrance_serve

    .p2align 4
    .globl entrance_integers
    .hidden entrance_integers
    .type entrance_integers, @function
entrance_integers:
    ENTER
    SERVE
    .size entrance_integers, . - entrance_integers

    .p2align 4
    .globl entrance_numbers
    .hidden entrance_numbers
    .type entrance_numbers, @function
entrance_numbers:
    ENTER
    movq %xmm0, INTEGERS_BYTES(%rsp)
    movq %xmm1, INTEGERS_BYTES+8(%rsp)
    movq %xmm2, INTEGERS_BYTES+16(%rsp)
    movq %xmm3, INTEGERS_BYTES+24(%rsp)
    movq %xmm4, INTEGERS_BYTES+32(%rsp)
    movq %xmm5, INTEGERS_BYTES+40(%rsp)
    movq %xmm6, INTEGERS_BYTES+48(%rsp)
    movq %xmm7, INTEGERS_BYTES+56(%rsp)
    SERVE
    .size entrance_numbers, . - entrance_numbers

    .section .note.GNU-stack, "", @progbits

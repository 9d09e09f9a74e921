/*
 * peek_x86_64.s - machine_peek of peek.h. It keeps nothing on the stack, so that it can be left at
 * any instruction.
 */
    .text
    .p2align 4
    .globl machine_peek, machine_peek_first, machine_peek_lost
    .hidden machine_peek, machine_peek_first, machine_peek_lost
    .type machine_peek, @function
machine_peek: /* rdi: to, rsi: from, rdx: bytes */
    .cfi_startproc
    endbr64
machine_peek_first:
    subq $8, %rdx
    jb .Lbytes
.Lword:
    movq (%rsi), %rax
    addq $8, %rsi
    movq %rax, (%rdi)
    addq $8, %rdi
    subq $8, %rdx
    jae .Lword
.Lbytes:
    addq $8, %rdx
    jz .Lall
.Lbyte:
    movb (%rsi), %al
    incq %rsi
    movb %al, (%rdi)
    incq %rdi
    decq %rdx
    jnz .Lbyte
.Lall:
    movl $1, %eax
    ret
machine_peek_lost:
    xorl %eax, %eax
    ret
    .cfi_endproc
    .size machine_peek, . - machine_peek

    .section .note.GNU-stack, "", @progbits

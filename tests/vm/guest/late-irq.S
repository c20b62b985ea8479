/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Firmware that does what the driver in a guest does some time after its start: fifteen seconds later it enables
 * MSI-X of the e1000e at 00:04.0 and unmasks one vector, so that VFIO asks the host for an interrupt.
 *
 *	as --32 -o late-irq.o late-irq.S
 *	ld -m elf_i386 --oformat binary -Ttext 0 -o late-irq.rom late-irq.o
 */
	.code16
	.set	device, 0x80002000	/* 00:04.0, for port 0xcf8 */
	.set	table, 0xe0000000	/* where BAR 3 goes, which has the MSI-X table */
	.set	seconds, 15

	.macro	config_write offset, value
	movl	$(device + \offset), %eax
	mov	$0xcf8, %dx
	outl	%eax, %dx
	movl	$\value, %eax
	mov	$0xcfc, %dx
	outl	%eax, %dx
	.endm

	.org	0xf000
start:	cli
	lgdtl	%cs:gdtr
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	mov	$8, %ax			/* data, flat */
	mov	%ax, %ds

	mov	$seconds, %cx		/* the seconds of the clock change that often */
1:	call	second
	mov	%al, %bl
2:	call	second
	cmp	%al, %bl
	je	2b
	loop	1b

	config_write 0x1c, table	/* BAR 3 */
	config_write 0x04, 0x6		/* memory, bus master */
	config_write 0xa0, 0x80000011	/* MSI-X: enabled */
	movl	$table, %ebx
	movl	$0xfee00000, (%ebx)
	movl	$0, 4(%ebx)
	movl	$0x40, 8(%ebx)
	movl	$0, 12(%ebx)		/* not masked */
3:	jmp	3b

second:	xor	%al, %al
	out	%al, $0x70
	in	$0x71, %al
	ret

gdtr:	.word	15
	.long	gdt + 0xffff0000
	.balign	8
gdt:	.quad	0
	.quad	0x00cf93000000ffff

	.org	0xfff0			/* reset */
	jmp	start
	.org	0xffff
	.byte	0

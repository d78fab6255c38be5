# A 32-bit program without any library: says `ready`, then sleeps in a loop.
	.globl	_start
	.text
_start:
	mov	$4, %eax		# write(1, ready, 6)
	mov	$1, %ebx
	mov	$ready, %ecx
	mov	$6, %edx
	int	$0x80
again:
	mov	$162, %eax		# nanosleep(&nap, NULL)
	mov	$nap, %ebx
	xor	%ecx, %ecx
	int	$0x80
	jmp	again
	.data
ready:	.ascii	"ready\n"
	.align	4
nap:	.long	0, 50000000
	.section .note.GNU-stack, "", @progbits

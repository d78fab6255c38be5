import { interposedCalls } from './interposed-calls.js'
import {
  FRAME_INFO,
  FRAME_SIZE,
  FRAME_UCONTEXT,
  SI_KERNEL,
  SI_QUEUE,
  TAKEN,
  TRAP_TRACE,
  UC,
} from './kernel-constants.js'
import type { VirtualSignals } from './virtual-signals.js'

const GETPID = 39
const GETTID = 186
const RT_TGSIGQUEUEINFO = 297
const { rt_sigaction, rt_sigprocmask } = interposedCalls

/** Tables that can be published at a time, of each kind. */
export const TABLE_SLOTS = 32
const SIGSEGV = 11
const SIGTRAP = 5
/** si_value of a queued signal's siginfo. */
const VALUE_AT = 24
/** Signals from here on are stand-ins. */
const STANDARD_SIGNALS = 31
const TRAP_FLAG_BIT = 8
/** FP_XSTATE_MAGIC1 and the size behind it, in the software-reserved bytes of the vector state (asm/sigcontext.h). */
const XSTATE_MAGIC = 0x46505853
const MAGIC_AT = 464
const SIZE_AT = 468
const FXSAVE_SIZE = 512

/**
 * The handler of the resident signals and their stand-ins. The kernel calls it with rdi the signal, rsi a siginfo, rdx a
 * ucontext; every register is free, since rt_sigreturn restores them all. r12 signal, r13 siginfo, r14 ucontext.
 */
export function handlerListing({ standIn, action }: VirtualSignals): string {
  return `
handler:
  mov %edi, %r12d
  mov %rsi, %r13
  mov %rdx, %r14
  mov ${UC.rip}(%r14), %r8
  cmp $${SIGTRAP}, %edi
  je trap
  cmp $${STANDARD_SIGNALS}, %edi
  ja unblocked
  lea fixups(%rip), %r9
  call lookup
  test %rax, %rax
  je deliver
  mov %rax, ${UC.rip}(%r14)
  ret
unblocked:                    # was pending under the stand-in's number
  sub $${standIn}, %r12d
  mov %r12d, (%r13)
  jmp deliver
trap:
  mov 8(%r13), %eax           # si_code
  cmp $${TRAP_TRACE}, %eax
  je step
  cmp $${SI_KERNEL}, %eax
  jne taken
  call follow_trap
  je deliver
  ret
taken:                        # by a tracer that is gone, and may have moved the thread already
  cmp $${SI_QUEUE}, %eax
  jne deliver
  cmpl $${TAKEN.low}, ${VALUE_AT}(%r13)
  jne deliver
  cmpl $${TAKEN.high}, ${VALUE_AT + 4}(%r13)
  jne deliver
follow_trap:                  # to where its table says; the zero flag if there is none
  lea traps(%rip), %r9
  sub $1, %r8
  call lookup
  test %rax, %rax
  je not_followed
  mov %rax, ${UC.rip}(%r14)
not_followed:
  ret
${stepListing}
${deliverListing(standIn, action)}
${stackListing}
${lookupListing}
${callsListing(action)}
restorer:                     # exactly these bytes: unwinders know signal frames by them
  mov $15, %rax
  syscall`
}

/** Does what the kernel would have done with the program's own action. Buffers: 0 the action, 32 a mask. */
function deliverListing(standIn: number, action: number): string {
  return `
deliver:
  mov ${UC.rip}(%r14), %r8
  lea origins(%rip), %r9
  call lookup
  test %rax, %rax
  je origin_known
  mov %rax, ${UC.rip}(%r14)
origin_known:
  lea -64(%rsp), %rsp
  call read_action
  mov (%rsp), %rbx
  lea ${standIn - 1}(%r12), %ecx
  mov ${UC.mask}(%r14), %rax
  bt %rcx, %rax
  jnc open
  cmpl $0, 8(%r13)
  jg die                      # of a fault that is blocked: force_sig
  lea ${standIn}(%r12), %edx
  call queue                  # stays pending until the program unblocks it
  jmp leave
open:
  cmp $1, %rbx
  ja caught
  je ignored
${dieListing}
${callListing(standIn, action)}`
}

/** rsp points to the program's action. */
function callListing(standIn: number, action: number): string {
  return `
caught:
  mov 8(%rsp), %r15
  mov 24(%rsp), %rax
  bt $30, %r15                # SA_NODEFER
  jc mask_known
  lea ${standIn - 1}(%r12), %ecx
  bts %rcx, %rax
mask_known:
  mov %rax, 32(%rsp)
  bt $31, %r15                # SA_RESETHAND
  jnc action_stays
  movq $0, (%rsp)
  lea ${action}(%r12), %edi
  mov %rsp, %rsi
  xor %edx, %edx
  mov $8, %r10d
  mov $${rt_sigaction}, %eax
  syscall
action_stays:
  call block
  mov 16(%rsp), %rbp
  lea 64(%rsp), %rsp
  bt $26, %r15                # SA_RESTORER
  jnc return_known
  mov %rbp, (%rsp)
return_known:
  bt $27, %r15                # SA_ONSTACK
  jnc choose_stack
run:
  mov %r12d, %edi
  mov %r13, %rsi
  mov %r14, %rdx
  xor %eax, %eax
  jmp *%rbx`
}

const dieListing = `
die:
  cmpl $0, 8(%r13)
  jg die_now
  mov $${GETPID}, %eax
  syscall
  cmp $1, %eax                # the kernel lets nobody kill init
  je leave
die_now:                      # of the same signal, at the return from here: with the program's own registers
  movq $0, (%rsp)
  movq $0, 8(%rsp)
  movq $0, 24(%rsp)
  mov %r12d, %edi
  mov %rsp, %rsi
  xor %edx, %edx
  mov $8, %r10d
  mov $${rt_sigaction}, %eax
  syscall
  lea -1(%r12), %ecx
  xor %eax, %eax
  bts %rcx, %rax
  mov %rax, 32(%rsp)
  call block
  mov %r12d, %edx
  call queue
leave:
  lea 64(%rsp), %rsp
  ret
ignored:
  cmpl $0, 8(%r13)
  jg die_now
  jmp leave
block:                        # what 40(%rsp) says
  xor %edi, %edi
  lea 40(%rsp), %rsi
  xor %edx, %edx
  mov $8, %r10d
  mov $${rt_sigprocmask}, %eax
  syscall
  ret`

/** A step that nobody waits for: a tracer that is gone may have asked for it. */
const stepListing = `
step:
  lea traps(%rip), %r9
  mov $${TABLE_SLOTS}, %ecx
next_trap_slot:
  mov -8(%r9,%rcx,8), %rax
  test %rax, %rax
  jne armed
  sub $1, %ecx
  jne next_trap_slot
  jmp deliver
armed:
  mov ${UC.eflags}(%r14), %rax
  bt $${TRAP_FLAG_BIT}, %rax
  jnc stray_step
  lea -64(%rsp), %rsp
  call read_action
  mov (%rsp), %rbx
  lea 64(%rsp), %rsp
  cmp $1, %rbx
  ja deliver                  # the program steps itself
  andq $-257, ${UC.eflags}(%r14)
stray_step:
  ret`

function callsListing(action: number): string {
  return `
read_action:                  # the program's, to 8(%rsp)
  lea ${action}(%r12), %edi
  xor %esi, %esi
  lea 8(%rsp), %rdx
  mov $8, %r10d
  mov $${rt_sigaction}, %eax
  syscall
  ret
queue:                        # the signal in rdx, for this thread, with what came with it
  push %rdx
  mov $${GETTID}, %eax
  syscall
  mov %rax, %rsi
  mov $${GETPID}, %eax
  syscall
  mov %rax, %rdi
  pop %rdx
  mov %r13, %r10
  mov $${RT_TGSIGQUEUEINFO}, %eax
  syscall
  ret`
}

/**
 * The kernel has put the frame onto the alternate stack, as the resident handlers want it; the program's handler does not.
 * Moves the frame to where the kernel would have put it.
 */
const stackListing = `
choose_stack:
  mov ${UC.stackBase}(%r14), %rcx
  mov ${UC.stackSize}(%r14), %rdx
  mov %r14, %rax
  sub %rcx, %rax
  cmp %rdx, %rax
  jae run                     # not on the alternate stack
  mov ${UC.rsp}(%r14), %rdi
  mov %rdi, %rax
  sub %rcx, %rax
  cmp %rdx, %rax
  jb run                      # was there before
  sub $128, %rdi
  mov ${UC.fpstate}(%r14), %rsi
  mov %rsi, %r15
  test %rsi, %rsi
  je vectors_moved
  mov $${FXSAVE_SIZE}, %ecx
  cmpl $${XSTATE_MAGIC}, ${MAGIC_AT}(%rsi)
  jne size_known
  mov ${SIZE_AT}(%rsi), %ecx
size_known:
  sub %rcx, %rdi
  and $-64, %rdi
  mov %rdi, %r15
move_vectors:
  rep movsb
  mov %r15, %rdi
vectors_moved:
  sub $${FRAME_SIZE}, %rdi
  and $-16, %rdi
  sub $8, %rdi
  mov %rdi, %rbp
  lea -${FRAME_UCONTEXT}(%r14), %rsi
  mov $${FRAME_SIZE}, %ecx
move_frame:
  rep movsb
  mov %rbp, %rsp
  lea ${FRAME_UCONTEXT}(%rbp), %r14
  lea ${FRAME_INFO}(%rbp), %r13
  mov %r15, ${UC.fpstate}(%r14)
  jmp run
no_stack:                     # as the kernel does when it cannot write a frame
  mov $${SIGSEGV}, %r12d
  lea -64(%rsp), %rsp
  jmp die_now`

/** Looks r8 up in the tables whose addresses are at r9; rax is what belongs to it, or 0. A table: count, then sorted pairs. */
const lookupListing = `
lookup:
  lea ${8 * TABLE_SLOTS}(%r9), %r10
next_table:
  cmp %r10, %r9
  je nothing_found
  mov (%r9), %r11
  add $8, %r9
  test %r11, %r11
  je next_table
  xor %ecx, %ecx
  mov (%r11), %rbx
halve:
  cmp %rbx, %rcx
  jae next_table
  lea (%rcx,%rbx), %rax
  shr $1, %rax
  mov %rax, %r15
  shl $4, %r15
  mov 8(%r11,%r15), %rbp
  cmp %r8, %rbp
  je found
  ja lower_half
  lea 1(%rax), %rcx
  jmp halve
lower_half:
  mov %rax, %rbx
  jmp halve
found:
  mov 16(%r11,%r15), %rax
  ret
nothing_found:
  xor %eax, %eax
  ret`

export const handlerFixups: readonly (readonly [at: string, landing: string])[] = [
  ['move_vectors', 'no_stack'],
  ['move_frame', 'no_stack'],
]

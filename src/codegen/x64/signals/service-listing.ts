import { interposedCalls } from './interposed-calls.js'
import { sigactionListing } from './sigaction-listing.js'
import { residentMask, type VirtualSignals } from './virtual-signals.js'

const ALL = 2n ** 64n - 1n
const CALLS = interposedCalls

/**
 * What every interposed system call goes through, with rcx where to go on afterwards, which is what `syscall` leaves there.
 * All registers but rax, rcx and r11 are kept, flags too. Between `rewind_from` and `final`, the call can be made again from
 * the beginning: rbp points to the registers saved; from `forward_from` to `forward_to`, rax is the result.
 *
 * Buffers: 0 the action to set, 32 the action that was, 64 a mask, 72 a mask's address and size, 88 the result.
 */
export function serviceListing(virtual: VirtualSignals): string {
  return `
service:
  lea -128(%rsp), %rsp        # the red zone
  push %rcx
  pushfq
  ${saved.map((register) => `push %${register}`).join('\n  ')}
  mov %rsp, %rbp
rewind_from:
  lea -96(%rsp), %rsp
  mov live(%rip), %r11
  test %r11, %r11
  je final
  cmp $${CALLS.rt_sigprocmask}, %eax
  je procmask
  cmp $${CALLS.rt_sigaction}, %eax
  je sigaction
  cmp $${CALLS.rt_sigsuspend}, %eax
  je suspend
  cmp $${CALLS.ppoll}, %eax
  je ppoll
  cmp $${CALLS.pselect6}, %eax
  je pselect
${waitsListing}
${procmaskListing}
final:
  syscall
forward_from:
  jmp finish
bad_address:
  mov $-14, %rax
finish:
  mov %rbp, %rsp
forward_to:
  ${saved
    .toReversed()
    .map((register) => (register === 'rax' ? 'lea 8(%rsp), %rsp' : `pop %${register}`))
    .join('\n  ')}
  popfq
  pop %rcx
  lea 128(%rsp), %rsp
  jmp *%rcx
${sigactionListing(virtual)}
${maskListing(virtual)}`
}

/** Waits with a mask for as long as they last: a copy of it is given to the kernel. Falls into none of what follows. */
const waitsListing = `
epoll:                        # r8 mask, r9 its size
  test %r8, %r8
  je final
  cmp $8, %r9
  jne final
load_epoll:
  mov (%r8), %rax
  call to_kernel
  lea 64(%rsp), %r8
  jmp with_mask
suspend:                      # rdi mask, rsi its size
  cmp $8, %rsi
  jne final
load_suspend:
  mov (%rdi), %rax
  call to_kernel
  lea 64(%rsp), %rdi
  jmp with_mask
ppoll:                        # r10 mask, r8 its size
  test %r10, %r10
  je final
  cmp $8, %r8
  jne final
load_ppoll:
  mov (%r10), %rax
  call to_kernel
  lea 64(%rsp), %r10
  jmp with_mask
pselect:                      # r9 points to the mask's address and size
  test %r9, %r9
  je final
load_pair:
  mov (%r9), %r11
load_pair_size:
  mov 8(%r9), %rcx
  test %r11, %r11
  je final
  cmp $8, %rcx
  jne final
load_pselect:
  mov (%r11), %rax
  call to_kernel
  lea 64(%rsp), %r11
  mov %r11, 72(%rsp)
  movq $8, 80(%rsp)
  lea 72(%rsp), %r9
with_mask:
  mov %rax, 64(%rsp)
  mov 64(%rbp), %rax
  jmp final`

/** rdi how, rsi set, rdx old, r10 size. */
const procmaskListing = `
procmask:
  cmp $8, %r10
  jne final
  test %rsi, %rsi
  je query
load_set:
  mov (%rsi), %rax
  mov %rax, %rbx
  call to_kernel
  cmp $1, %edi                # SIG_UNBLOCK: also what is blocked under its own number
  jne set_made
  and $${residentMask}, %ebx
  or %rbx, %rax
set_made:
  mov %rax, 64(%rsp)
  movq $0, 88(%rsp)
  test %rdx, %rdx
  je apply
  cmp $2, %edi
  ja apply
  call read_mask              # first, so that setting it is the last thing done
store_old:
  mov %rax, (%rdx)
apply:
  lea 64(%rsp), %rsi
  xor %edx, %edx
  mov 64(%rbp), %rax
  mov 88(%rsp), %rbx
  test %rbx, %rbx
  je final
  syscall
  mov %rbx, %rax
  jmp finish
old_is_bad:
  movq $-14, 88(%rsp)         # EFAULT, though the mask is changed: as the kernel does it
  jmp apply
query:
  test %rdx, %rdx
  je final
  call read_mask
store_mask:
  mov %rax, (%rdx)
  xor %eax, %eax
  jmp finish`

/** In the order in which they are pushed: the last is at rbp, the others above it. */
const saved = ['rax', 'rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9', 'rbx', 'rbp'] as const

/** Where a thread in the service has the registers that it came with: offsets from rbp. */
export const serviceFrame = {
  registers: saved.toReversed().map((name, index) => ({ name, offset: 8 * index })),
  eflags: 8 * saved.length,
  /** Where the program goes on behind its `syscall`. */
  next: 8 * saved.length + 8,
  /** What rsp was, less rbp. */
  size: 8 * saved.length + 16 + 128,
} as const

/** Masks in rax; rcx and r11 are lost. `read_mask` keeps the arguments of rt_sigprocmask. */
function maskListing({ standIn, witness }: VirtualSignals): string {
  const stand = residentMask << BigInt(standIn)
  const others = ALL & ~(residentMask | stand)
  return `
to_kernel:
  mov %eax, %ecx
  and $${residentMask}, %ecx
  shl $${standIn}, %rcx
  movabs $${others}, %r11
  and %r11, %rax
  or %rcx, %rax
  ret
to_program:
  mov %eax, %ecx
  and $${residentMask}, %ecx
  jne meant_known             # of a mask that was not taken over yet
  mov %rax, %rcx
  shr $${standIn}, %rcx
  and $${residentMask}, %ecx
meant_known:
  movabs $${others}, %r11
  and %r11, %rax
  or %rcx, %rax
  bt $${witness - 1}, %rax
  jnc stand_ins_shown
  movabs $${stand}, %r11
  or %r11, %rax
stand_ins_shown:
  ret
read_mask:                    # of this thread
  push %rdi
  push %rsi
  push %rdx
  push %rdx
  xor %esi, %esi
  mov %rsp, %rdx
  mov $${CALLS.rt_sigprocmask}, %eax
  syscall
  pop %rax
  pop %rdx
  pop %rsi
  pop %rdi
  jmp to_program`
}

/** Where the service reads and writes the program's memory, and where it goes on if that cannot be done. */
export const serviceFixups: readonly (readonly [at: string, landing: string])[] = [
  ...[
    'load_epoll',
    'load_suspend',
    'load_ppoll',
    'load_pair',
    'load_pair_size',
    'load_pselect',
    'load_set',
    'store_mask',
    'load_handler',
    'load_flags',
    'load_restorer',
    'load_mask',
  ].map((at) => [at, 'bad_address'] as const),
  ['store_old', 'old_is_bad'],
  ...['store_action_mask', 'store_handler', 'store_flags', 'store_restorer'].map(
    (at) => [at, 'old_action_is_bad'] as const,
  ),
]

import { interposedCalls } from './interposed-calls.js'
import { RESIDENT_FLAGS, SA_RESTART } from './kernel-constants.js'
import { maskOf, residentMask, takenSignals, type VirtualSignals } from './virtual-signals.js'

const CALLS = interposedCalls

/** rdi signal, rsi action, rdx old, r10 size. The kernel checks, keeps and changes actions; only under another number. */
export function sigactionListing(virtual: VirtualSignals): string {
  return `
sigaction:
  cmp $8, %r10
  jne final
  lea -1(%rdi), %ecx
  cmp $63, %ecx
  ja final
  mov %edi, %r8d
  mov $${residentMask}, %eax
  bt %rcx, %rax
  jnc other_signal
  add $${virtual.action}, %r8d
other_signal:
  movabs $${maskOf(takenSignals(virtual))}, %rax
  bt %rcx, %rax
  jnc signal_known
  mov $${virtual.witness}, %r8d
signal_known:
  xor %r9d, %r9d
  test %rsi, %rsi
  je action_known
${copyListing}
${keepListing(virtual)}`
}

/** Copies the action there and back, with the masks translated. r8 the kernel's number of the signal. */
const copyListing = `
load_handler:
  mov (%rsi), %rax
  mov %rax, (%rsp)
load_flags:
  mov 8(%rsi), %rax
  mov %rax, 8(%rsp)
load_restorer:
  mov 16(%rsi), %rax
  mov %rax, 16(%rsp)
load_mask:
  mov 24(%rsi), %rax
  call to_kernel
  mov %rax, 24(%rsp)
  mov %rsp, %r9
action_known:
  mov %r8d, %edi
  mov %r9, %rsi
  xor %ebx, %ebx
  test %rdx, %rdx
  je old_known
  lea 32(%rsp), %rbx
old_known:
  mov %rbx, %rdx
  mov $${CALLS.rt_sigaction}, %eax
  syscall
  mov %rax, 88(%rsp)
  test %rax, %rax
  jne sigaction_done
  test %rbx, %rbx
  je keep_resident
  mov 56(%rsp), %rax
  call to_program
  mov 40(%rbp), %rdx
store_action_mask:
  mov %rax, 24(%rdx)
  mov 32(%rsp), %rax
store_handler:
  mov %rax, (%rdx)
  mov 40(%rsp), %rax
store_flags:
  mov %rax, 8(%rdx)
  mov 48(%rsp), %rax
store_restorer:
  mov %rax, 16(%rdx)
  jmp keep_resident
old_action_is_bad:
  movq $-14, 88(%rsp)`

/** The resident handler restarts system calls, or not, as the program's action does. */
function keepListing(virtual: VirtualSignals): string {
  return `
keep_resident:
  mov 56(%rbp), %edi
  lea ${virtual.action}(%rdi), %ecx
  cmp %ecx, %r8d
  jne sigaction_done
  test %r9, %r9
  je sigaction_done
  mov 8(%rsp), %eax
  and $${SA_RESTART}, %eax
  cmpq $1, (%rsp)
  ja flags_known
  mov $${SA_RESTART}, %eax
flags_known:
  or $${RESIDENT_FLAGS}, %eax
  mov %rax, 8(%rsp)
  lea handler(%rip), %rax
  mov %rax, (%rsp)
  lea restorer(%rip), %rax
  mov %rax, 16(%rsp)
  movq $0, 24(%rsp)
  mov %rsp, %rsi
  xor %edx, %edx
  mov $${CALLS.rt_sigaction}, %eax
  syscall
sigaction_done:
  mov 88(%rsp), %rax
  jmp finish`
}

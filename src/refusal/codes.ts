/**
 * Every refusal code, with what it means in general. `Refusal.because` says it for the case at hand.
 * docs/refusals.md is generated from this table.
 */
export const refusalCodes = {
  // where: the site
  'not-text': 'The address is not in an executable segment of the module.',
  'not-an-instruction': 'The address is inside an instruction, not at its beginning.',
  'unknown-boundaries': 'The instructions around the site cannot all be decoded.',
  // why a jump cannot be written there
  'window-too-short': 'The function and its padding are shorter than the jump.',
  'branch-into-window': 'A branch lands inside the bytes that the jump would overwrite.',
  'symbol-in-window': 'A symbol, landing pad or table entry names an address inside the window.',
  'return-into-window': 'A call in the window returns to an address inside it.',
  'preemptible-window':
    'Go’s scheduler may have suspended a goroutine inside the bytes that the jump would overwrite, to resume it there.',
  'restartable-sequence':
    'The jump would lead out of a restartable sequence (rseq), in which the kernel watches over the thread.',
  'jump-table-unknown': 'An indirect jump of this function may go anywhere in it.',
  'window-crosses-page': 'The jump would cross a page boundary and could be torn by a kill.',
  'window-overlap': 'The window overlaps that of another probe.',
  'not-relocatable': 'A displaced instruction cannot run at another address.',
  'not-probeable': 'The instruction must never be probed.',
  'not-stepped': 'The instruction cannot be followed by a trap without the program noticing.',
  'not-emulated': 'The instruction is not one that ring3 can execute on saved registers.',
  'area-out-of-reach': 'No free address range lies within reach of the module.',
  'entry-point': 'The entry point of the executable is what ring3 makes its remote calls from.',
  'signal-return': 'The code returns from signal handlers; debuggers, unwinders and ring3 know it by its bytes.',
  'text-changed': 'The bytes in memory differ from the file: another tool, or the program itself, has patched them.',
  ifunc: 'The symbol is an IFUNC, which only chooses the function that callers reach.',
  'no-thread-pointer': 'A thread has no thread pointer, so that counters cannot find its block.',
  'no-counter-form': 'No way of counting is exact on this processor.',
  // why a debug register cannot serve it
  'hardware-exhausted': 'A thread of the target has no debug register left; the processor has four.',
  'hardware-unavailable': 'The kernel or the processor lacks what breakpoints in debug registers need.',
  'hardware-not-permitted': 'The kernel does not allow this user to set debug registers of the process.',
  'unwatchable-access': 'The processor cannot watch for that kind of access, or not in that range.',
  'not-compiled': 'The program asks for something that ring3 has no machine code for.',
  'tail-call':
    'The function may jump to another one, which returns to the caller in its place, and the call cannot be followed there.',
  'no-return': 'No instruction of the function returns to its caller.',
  'growing-stack':
    'The code runs on a stack that is enlarged only when code of its own kind asks, and a handler does not.',
  'no-handler': 'The mechanism has no handler that holds the thread, which is needed to look at it or to change it.',
  // the module
  'malformed-elf': 'The file is no valid ELF file.',
  'unsupported-elf': 'The file is an ELF file of a kind that ring3 does not serve.',
  'file-unavailable': 'The module’s file cannot be read.',
  // the pattern
  'bad-pattern': 'The pattern cannot be read.',
  'no-match': 'Nothing in the target matches the pattern.',
  'ambiguous-module': 'More than one module has that name.',
  // the target
  'no-target': 'The script probes functions, and no process was given.',
  'no-such-process': 'There is no such process.',
  'not-permitted': 'The kernel does not allow tracing this process.',
  'already-traced': 'Another tracer is attached to the process.',
  'kernel-thread': 'A kernel thread has no user code.',
  'own-child': 'The process is a child of the one that ring3 runs in.',
  zombie: 'The process has ended; only its entry in the process table is left.',
  'unsupported-process': 'The process runs 32-bit code, or another architecture.',
  'shares-memory': 'The process shares its memory with another process.',
  'does-not-stop': 'A thread did not stop in time.',
  'sigtrap-blockable':
    'SIGTRAP may become blocked while a breakpoint is planted, and the kernel ends a program that hits one then.',
  seccomp: 'A seccomp filter forbids what ring3 would have to do.',
  busy: 'Another ring3 is at work in this process.',
  'no-stack-room': 'No dead stack memory is there for a remote call.',
  'target-gone': 'The process ended, or called exec, meanwhile.',
} as const

export type RefusalCode = keyof typeof refusalCodes

import { type Address, offsetBy } from '../bytes/address.js'
import type { KernelDoor } from '../kernel/door.js'
import { readWhole } from '../kernel/files.js'
import { PTRACE_EVENT_EXEC, PTRACE_O_EXITKILL, PTRACE_O_TRACEEXEC, ptrace, tryPtrace } from '../kernel/ptrace.js'
import { pauseBetweenLooks, poll } from '../kernel/wait.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { entryPoint } from './entry-point.js'
import { Memory } from './memory.js'
import { readThreadState } from './process-state.js'
import { readRegisters, writeRegisters } from './thread.js'

const SIGTRAP = 5
const SIGCONT = 18
const SIGSTOP = 19
const INT3 = Uint8Array.of(0xcc)

/**
 * Takes a process that has stopped itself, and is about to exec, through that exec to the entry point of its new program,
 * and leaves it stopped there, untraced. The dynamic linker has mapped the libraries that the program is linked with, and
 * their constructors have run; nothing of the program itself has. Should this process end meanwhile, so does that one.
 * @throws KernelError
 */
export function runToEntry(door: KernelDoor, pid: number): Refusal | undefined {
  for (let looks = 0; isRunning(readThreadState(door, pid, pid)); looks++) pauseBetweenLooks(door, looks)
  ptrace(door, 'PTRACE_SEIZE', pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)
  door.invoke({ name: 'kill', args: [pid, SIGCONT] })
  const isExec = runUntil(door, pid, ({ event }) => event === PTRACE_EVENT_EXEC)
  if (isRefusal(isExec)) return isExec
  const entry = entryPoint(readWhole(door, `/proc/${pid}/auxv`))
  using memory = new Memory(door, pid)
  const original = memory.read(entry, INT3.length)
  memory.write(entry, INT3)
  const isThere = goOnUntil(
    door,
    pid,
    ({ signal, event }) => signal === SIGTRAP && event === 0 && stoppedBehind(door, pid, entry),
  )
  if (isRefusal(isThere)) return isThere
  memory.write(entry, original)
  const registers = readRegisters(door, pid)
  registers.set('rip', entry)
  writeRegisters(door, pid, registers)
  ptrace(door, 'PTRACE_DETACH', pid, 0, SIGSTOP)
  return undefined
}

function isRunning(state: string | undefined): boolean {
  return state === 'R' || state === 'S'
}

interface Stop {
  readonly signal: number
  readonly event: number
}

/** Lets the process go on, and looks at its stops until one is the one that is meant. */
function goOnUntil(door: KernelDoor, pid: number, isMeant: (stop: Stop) => boolean): Refusal | true {
  tryPtrace(door, 'PTRACE_CONT', pid)
  return runUntil(door, pid, isMeant)
}

function runUntil(door: KernelDoor, pid: number, isMeant: (stop: Stop) => boolean): Refusal | true {
  for (let looks = 0; ; looks++) {
    const seen = poll(door, pid)
    if (seen.kind === 'gone') return refuse('target-gone', 'the command has ended before its first instruction')
    if (seen.kind === 'running') {
      pauseBetweenLooks(door, looks)
      continue
    }
    if (isMeant(seen)) return true
    // The stop it began with, and the signal that ended that, are ours; all else is the program's.
    const isOurs = seen.event !== 0 || seen.signal === SIGCONT
    tryPtrace(door, 'PTRACE_CONT', pid, 0, isOurs ? 0 : seen.signal)
  }
}

function stoppedBehind(door: KernelDoor, pid: number, entry: Address): boolean {
  return readRegisters(door, pid).rip === offsetBy(entry, INT3.length)
}

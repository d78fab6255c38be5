import { address, offsetBy } from '../bytes/address.js'
import { ptrace } from '../kernel/ptrace.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { remoteCallStub } from './remote-call.js'
import { frameRegisters, GREGS_SIZE, gregsOffset, UC_GREGS, UC_SIGMASK } from './signal-frame.js'
import type { TargetProcess } from './target-process.js'
import { type StoppedThread, writeRegisters } from './thread.js'
import { stopTarget } from './threads.js'

/**
 * Puts back the bytes that a killed tracer's stub covers. A thread may still stand in the stub, if the process was stopped
 * or starved: it gets the registers from the frame that it was going to return through.
 */
export function uncoverStub(target: TargetProcess, original: Uint8Array): Refusal | undefined {
  const stop = stopTarget(target.door, target.pid)
  if (isRefusal(stop)) return stop
  using held = stop
  if (!target.hasSameMemory()) return refuse('target-gone', `process ${target.pid} has ended or called exec`)
  for (const thread of held.threads) if (isInStub(target, thread)) returnThroughFrame(target, thread)
  target.memory.write(target.entry, original)
  return undefined
}

function isInStub({ entry }: TargetProcess, { registers }: StoppedThread): boolean {
  return entry <= registers.rip && registers.rip < offsetBy(entry, remoteCallStub.length)
}

/** What rt_sigreturn would do. Vector state needs nothing: the stub has not touched it. */
function returnThroughFrame(target: TargetProcess, { tid, registers }: StoppedThread): void {
  const ucontext = address(registers.get('rsp'))
  const gregs = target.memory.read(offsetBy(ucontext, UC_GREGS), GREGS_SIZE)
  for (const name of frameRegisters) registers.set(name, gregs.readBigUInt64LE(gregsOffset(name)))
  registers.set('orig_rax', -1n)
  ptrace(target.door, 'PTRACE_SETSIGMASK', tid, 8, target.memory.read(offsetBy(ucontext, UC_SIGMASK), 8))
  writeRegisters(target.door, tid, registers)
}

import { TRAP_TRACE } from '../codegen/x64/signals/kernel-constants.js'
import type { KernelDoor } from '../kernel/door.js'
import { PTRACE_EVENT_STOP, tryPtrace } from '../kernel/ptrace.js'
import { pauseBetweenLooks, poll, type WaitResult, yieldProcessor } from '../kernel/wait.js'
import { Siginfo } from './siginfo.js'
import type { TracedThread } from './traced-thread.js'

const SIGTRAP = 5
const STEP_TIMEOUT_NS = 1_000_000_000n

/**
 * Has a stopped thread execute one instruction, and waits for it. @returns whether it has; if not, something came first,
 * and the thread stands in that stop. @throws KernelError
 */
export function stepOnce(door: KernelDoor, thread: TracedThread): boolean {
  thread.commit()
  for (;;) {
    if (tryPtrace(door, 'PTRACE_SINGLESTEP', thread.tid) < 0) return false
    const seen = awaitStop(door, thread.tid)
    if (seen.kind !== 'stopped') return false
    // An interrupt that was sent before comes first, and is over with that.
    if (seen.event === PTRACE_EVENT_STOP && seen.signal === SIGTRAP) continue
    return seen.event === 0 && seen.signal === SIGTRAP && Siginfo.of(door, thread.tid)?.code === TRAP_TRACE
  }
}

/** How often a processor is offered before the wait begins to sleep. */
const YIELDS = 2000

function awaitStop(door: KernelDoor, tid: number): WaitResult {
  const deadline = process.hrtime.bigint() + STEP_TIMEOUT_NS
  for (let looks = 0; ; looks++) {
    const seen = poll(door, tid)
    if (seen.kind !== 'running' || process.hrtime.bigint() > deadline) return seen
    // It mostly wants the very processor that the tracer has followed it to.
    if (looks < YIELDS) yieldProcessor(door)
    else pauseBetweenLooks(door, looks)
  }
}

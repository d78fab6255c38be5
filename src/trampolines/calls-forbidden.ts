import { asksKernel } from '../codegen/x64/program/asks-kernel.js'
import type { ProgramCode } from '../probe/program-plan.js'
import { type Refusal, refuse } from '../refusal/refusal.js'
import { listThreads } from '../target/process-state.js'
import type { TargetProcess } from '../target/target-process.js'

/** Why a program's handlers must not run in a target: they make system calls, and a filter may end it for these. */
export function callsForbidden(target: TargetProcess, { program }: ProgramCode): Refusal | undefined {
  if (!program.handlers.some(asksKernel)) return undefined
  if (!listThreads(target.door, target.pid).some((tid) => target.isFiltered(tid))) return undefined
  return refuse(
    'seccomp',
    'tid, comm and signal() make system calls, which the seccomp filter of the target may forbid',
  )
}

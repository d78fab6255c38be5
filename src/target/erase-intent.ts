import type { Address } from '../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { isInDeadStack } from './dead-stack.js'
import { INTENT_ROOM } from './intent.js'
import type { TargetProcess } from './target-process.js'
import { stopTarget } from './threads.js'

/** Zeroes an intent that a killed tracer has left, unless the program has come to use its place meanwhile. */
export function eraseIntent(target: TargetProcess, at: Address): Refusal | undefined {
  const stop = stopTarget(target.door, target.pid, { only: target.tid })
  if (isRefusal(stop)) return stop
  using held = stop
  if (!target.hasSameMemory()) return refuse('target-gone', `process ${target.pid} has ended or called exec`)
  if (isInDeadStack(target, held.threads, at)) target.memory.write(at, Buffer.alloc(INTENT_ROOM))
  return undefined
}

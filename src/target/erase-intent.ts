import { type Address, offsetBy } from '../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import { INTENT_ROOM } from './intent.js'
import { mappingAt } from './memory-map.js'
import { INTENT_OFFSET, RED_ZONE } from './remote-session.js'
import type { TargetProcess } from './target-process.js'
import { stopTarget } from './threads.js'

/**
 * Zeroes an intent that a killed tracer has left in the main thread's stack, if the memory is dead: below what the thread
 * uses now, or where the stack ends. Anywhere else it is data of the program, which looks like an intent or has come to
 * lie around one; it is left alone.
 */
export function eraseIntent(target: TargetProcess, at: Address): Refusal | undefined {
  const stop = stopTarget(target.door, target.pid, target.tid)
  if (isRefusal(stop)) return stop
  using held = stop
  if (!target.hasSameMemory()) return refuse('target-gone', `process ${target.pid} has ended or called exec`)
  const stack = mappingAt(target.maps(), at)
  const rsp = held.threads[0]?.registers.get('rsp') ?? 0n
  const isUsed = stack !== undefined && stack.start <= rsp && rsp < stack.end
  const isDead = isUsed
    ? offsetBy(at, INTENT_ROOM) <= rsp - RED_ZONE
    : at === offsetBy(stack?.start ?? at, INTENT_OFFSET)
  if (isDead) target.memory.write(at, Buffer.alloc(INTENT_ROOM))
  return undefined
}

import { type Address, offsetBy } from '../bytes/address.js'
import { INTENT_ROOM } from './intent.js'
import { mappingAt } from './memory-map.js'
import { INTENT_OFFSET, RED_ZONE } from './remote-session.js'
import type { TargetProcess } from './target-process.js'
import type { StoppedThread } from './thread.js'

/**
 * Whether an intent lies where ring3 puts one: in the main thread's stack, below what that thread uses, or where the stack
 * ends. Anywhere else it is data of the program, which looks like an intent or has come to lie around an old one.
 */
export function isInDeadStack(target: TargetProcess, threads: readonly StoppedThread[], at: Address): boolean {
  const stack = mappingAt(target.maps(), at)
  if (stack === undefined || threads.length === 0) return false
  const used = threads.map(({ registers }) => registers.get('rsp')).find((rsp) => stack.start <= rsp && rsp < stack.end)
  return used === undefined ? at === offsetBy(stack.start, INTENT_OFFSET) : offsetBy(at, INTENT_ROOM) <= used - RED_ZONE
}

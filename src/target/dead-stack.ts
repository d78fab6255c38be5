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
export function isInDeadStack(target: TargetProcess, [thread]: readonly StoppedThread[], at: Address): boolean {
  const stack = mappingAt(target.maps(), at)
  if (stack === undefined || thread === undefined) return false
  const rsp = thread.registers.get('rsp')
  const isUsed = stack.start <= rsp && rsp < stack.end
  return isUsed ? offsetBy(at, INTENT_ROOM) <= rsp - RED_ZONE : at === offsetBy(stack.start, INTENT_OFFSET)
}

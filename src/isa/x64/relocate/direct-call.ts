import { offsetBy } from '../../../bytes/address.js'
import { isRefusal } from '../../../refusal/refusal.js'
import { jump } from '../machine-code.js'
import { branchDestination } from './branch-destination.js'
import type { RelocationCase } from './relocation-case.js'
import { RETURN_PUSH_LENGTH, withReturnPush } from './return-push.js'

/** `call rel32` → push of the original return address, jump. */
export const directCall: RelocationCase = {
  name: 'call',
  applies: (instruction) => instruction.isCallNear,
  encode(relocation) {
    const target = branchDestination(relocation)
    if (isRefusal(target)) return target
    return withReturnPush(relocation, jump(offsetBy(relocation.to, RETURN_PUSH_LENGTH), target))
  },
}

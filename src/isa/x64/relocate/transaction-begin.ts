import { hex, offsetBy } from '../../../bytes/address.js'
import { isRefusal, refuse } from '../../../refusal/refusal.js'
import { Code } from '../iced.js'
import { int32Bytes, relative32 } from '../machine-code.js'
import { branchDestination } from './branch-destination.js'
import type { RelocationCase } from './relocation-case.js'

/** `xbegin rel32`: an abort leads to the same place. It has no longer form. */
export const transactionBegin: RelocationCase = {
  name: 'xbegin',
  applies: ({ code }) => code === Code.Xbegin_rel16 || code === Code.Xbegin_rel32,
  encode(relocation) {
    const target = branchDestination(relocation)
    if (isRefusal(target)) return target
    const { bytes, from, to } = relocation
    const relative = relative32(offsetBy(to, bytes.length), target)
    if (relative === undefined) return refuse('not-relocatable', `the abort handler of ${hex(from)} is out of reach`)
    return [{ bytes: [...bytes.subarray(0, -4), ...int32Bytes(relative)] }]
  },
}

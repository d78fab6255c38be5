import { type Address, address, hex, offsetBy } from '../../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../../refusal/refusal.js'
import { Register } from '../iced.js'
import { int32Bytes, relative32 } from '../machine-code.js'
import { withFarOperand } from './far-operand.js'
import type { Relocation, RelocationCase } from './relocation-case.js'

/**
 * Any instruction with a `[rip + disp32]` operand, whatever its encoding: the same bytes with another displacement, or
 * beyond its reach, or where it is relative to eip, with the operand's address in a register.
 */
export const ripRelative: RelocationCase = {
  name: 'rip-relative',
  applies: (instruction) => instruction.isIpRelMemoryOperand,
  encode(relocation) {
    const moved = ripRelativeBytes(relocation, relocation.to)
    return isRefusal(moved) ? withFarOperand(relocation) : [{ bytes: [...moved] }]
  },
}

/** The instruction's bytes with the displacement that they need at `to`; with an address size prefix none can be given. Immediates behind it stay (SDM vol. 2, 2.2.1.6). */
export function ripRelativeBytes(relocation: Relocation, to: Address): Uint8Array | Refusal {
  if (relocation.instruction.memoryBase === Register.EIP) {
    return refuse('not-relocatable', `${hex(relocation.from)} has an operand relative to the low half of rip`)
  }
  const operand = address(relocation.instruction.ipRelMemoryAddress)
  const displacement = relative32(offsetBy(to, relocation.bytes.length), operand)
  if (displacement === undefined) {
    const because = `${hex(relocation.from)} uses ${hex(operand)}, more than 2 GiB away from ${hex(to)}`
    return refuse('not-relocatable', `the instruction at ${because}`)
  }
  const moved = Uint8Array.from(relocation.bytes)
  moved.set(int32Bytes(displacement), relocation.displacementOffset())
  return moved
}

import { type Address, hex } from '../../bytes/address.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import type { JumpLength } from '../site-analysis.js'
import { FAR_JUMP_LENGTH, farJump, nearJump } from './machine-code.js'

/** The jump that a window carries: 5 bytes `jmp rel32`, or 14 bytes `jmp *0(%rip); .quad to`, which reaches everywhere. */
export function encodeJump(from: Address, to: Address, length: JumpLength): Uint8Array | Refusal {
  if (length === FAR_JUMP_LENGTH) return Uint8Array.from(farJump(to))
  const near = nearJump(from, to)
  return near === undefined
    ? refuse('area-out-of-reach', `a 5-byte jump at ${hex(from)} does not reach ${hex(to)}`)
    : Uint8Array.from(near)
}

import { type Address, offsetBy } from '../../../bytes/address.js'
import { int32Bytes, quadBytes } from '../machine-code.js'
import type { Relocation, Step } from './relocation-case.js'

/** Bytes of `push qword [rip + disp32]`. */
export const RETURN_PUSH_LENGTH = 6
/** What it moves the stack pointer by. */
export const PUSHED = 8

/**
 * Turns a call into a push of the return address and a jump. The pushed address is the original one, behind the call in
 * the program's own code, so no address of the area is ever on a stack: backtraces, unwinding and leaving need nothing.
 *
 * The address is a constant behind the jump, which leaves: `push [rip + jump]; jump; .quad return`. One push of eight
 * bytes: a signal sees the call not begun, or the return address complete; and the `ret` reads what one store wrote
 * (two narrower stores would stall it). A shadow stack would not be served, and Linux arms none unless the program asks.
 */
export function withReturnPush({ bytes, from }: Relocation, leaving: readonly number[]): readonly Step[] {
  const returnAddress: Address = offsetBy(from, bytes.length)
  return [
    { bytes: [0xff, 0x35, ...int32Bytes(leaving.length)] },
    { bytes: leaving, exit: { resumesAt: from, stackDelta: PUSHED } },
    { bytes: quadBytes(returnAddress) },
  ]
}

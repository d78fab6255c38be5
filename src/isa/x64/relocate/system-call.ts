import { offsetBy } from '../../../bytes/address.js'
import { Code } from '../iced.js'
import { int32Bytes, quadBytes, relative32 } from '../machine-code.js'
import { RCX } from '../registers.js'
import type { RelocationCase } from './relocation-case.js'

/** Bytes of `lea rcx, [rip + disp32]`. */
const LOAD_ADDRESS_LENGTH = 7

/**
 * `syscall`: the same bytes, whose restart steps back over themselves; then rcx gets the original next address, which
 * the instruction leaves there (SDM vol. 2, SYSCALL), instead of the copy's. No flag is touched.
 */
export const systemCall: RelocationCase = {
  name: 'syscall',
  applies: ({ code }) => code === Code.Syscall,
  encode({ bytes, from, to }) {
    const next = offsetBy(from, bytes.length)
    const relative = relative32(offsetBy(to, bytes.length + LOAD_ADDRESS_LENGTH), next)
    const load = relative === undefined ? [0x48, 0xb9, ...quadBytes(next)] : [0x48, 0x8d, 0x0d, ...int32Bytes(relative)]
    const exit = { resumesAt: next, stackDelta: 0, restored: { register: RCX, address: next } }
    return [{ bytes: [...bytes] }, { bytes: load, exit }]
  },
}

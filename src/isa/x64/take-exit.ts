import { type Address, address, offsetBy } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import type { ResumeExit } from '../site-analysis.js'
import type { GeneralRegisterName } from './emulate/cpu-state.js'
import { registerNames } from './registers.js'

/** A stopped thread in the middle of a moved instruction. */
export interface LeavingThread {
  get(register: GeneralRegisterName): bigint
  set(register: GeneralRegisterName, value: bigint): void
  /** Eight bytes of its memory. */
  readWord(at: Address): bigint
}

/**
 * Gives a thread the registers that it needs to go on in the original code.
 * @param site where the displaced instructions are
 * @returns where it goes on
 */
export function takeExit(
  { original, stackDelta, restored }: ResumeExit,
  site: Address,
  thread: LeavingThread,
): Address {
  const rsp = thread.get('rsp')
  if (restored !== undefined) {
    const { register, from, offset } = restored
    const name = registerNames[register]
    assert(name !== undefined, `there is no register ${register}`)
    thread.set(name, from === 'site' ? offsetBy(site, offset) : thread.readWord(offsetBy(address(rsp), offset)))
  }
  thread.set('rsp', BigInt.asUintN(64, rsp + BigInt(stackDelta)))
  return offsetBy(site, original)
}

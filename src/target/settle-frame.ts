import { type Address, address } from '../bytes/address.js'
import type { Frame } from '../stacks/frame.js'
import type { EditSet } from './edit-set.js'
import type { Memory } from './memory.js'
import type { RegisterName } from './registers.js'
import { outOfTrampoline } from './thread-moves.js'

/**
 * A frame that was interrupted in a trampoline as it would be without: at the program's own instruction. Undefined for
 * one that was not, and where what the trampoline has done is not known.
 */
export function settleFrame(memory: Memory, edits: EditSet, frame: Frame): Frame | undefined {
  if (!edits.inArea(frame.pc)) return undefined
  const registers = new Map<RegisterName, bigint | undefined>([
    ['rsp', frame.sp],
    ['rbp', frame.fp],
    ['r10', frame.r10],
  ])
  const state = {
    resumesAt: frame.pc,
    // Other registers do not matter to a stack.
    get: (name: RegisterName) => registers.get(name) ?? 0n,
    set: (name: RegisterName, value: bigint) => registers.set(name, value),
  }
  const pc = outOfTrampoline(memory, state, edits)
  if (pc === undefined) return undefined
  const settled = (name: RegisterName): Address | undefined => {
    const value = registers.get(name)
    return value === undefined ? undefined : address(value)
  }
  return { ...frame, pc, sp: settled('rsp') ?? frame.sp, fp: settled('rbp'), r10: settled('r10') }
}

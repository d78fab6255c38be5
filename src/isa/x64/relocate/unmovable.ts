import { hex } from '../../../bytes/address.js'
import { refuse } from '../../../refusal/refusal.js'
import { type Instruction, Register } from '../iced.js'
import { tiedToItsAddress } from '../never-probed.js'
import type { RelocationCase } from './relocation-case.js'

/** Refused: instructions whose meaning is tied to their address in a way that no encoding elsewhere keeps. */
export const unmovable: RelocationCase = {
  name: 'unmovable',
  applies: (instruction) => reasonToStay(instruction) !== undefined,
  encode: ({ instruction, from }) =>
    refuse('not-relocatable', `the instruction at ${hex(from)} cannot be moved: ${reasonToStay(instruction)}`),
}

function reasonToStay(instruction: Instruction): string | undefined {
  return tiedToItsAddress(instruction) ?? callThroughStackPointer(instruction)
}

function callThroughStackPointer({ isCallNearIndirect, op0Register }: Instruction): string | undefined {
  return isCallNearIndirect && op0Register === Register.RSP
    ? 'it calls through the stack pointer that it moves'
    : undefined
}

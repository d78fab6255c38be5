import { Code, type Instruction, Register } from 'iced-x86'
import { hex } from '../../../bytes/address.js'
import { refuse } from '../../../refusal/refusal.js'
import type { RelocationCase } from './relocation-case.js'

/** What must stay where it is, and why. */
const reasons: readonly [applies: (instruction: Instruction) => boolean, because: string][] = [
  [
    ({ code }) => code === Code.Int3 || code === Code.Int1,
    'a debugger or the program itself has put it there, and expects the trap at its address',
  ],
  [isFar, 'it changes the code segment'],
  [
    ({ code }) => code === Code.Sysenter || code === Code.Sysexitd || code === Code.Sysexitq,
    'the kernel returns from it to a fixed address',
  ],
  [callsThroughStackPointer, 'it calls through the stack pointer that it moves'],
]

function isFar(instruction: Instruction): boolean {
  return instruction.isCallFarIndirect || instruction.isJmpFarIndirect || farReturns.has(instruction.code)
}

const farReturns: ReadonlySet<Code> = new Set([
  ...[Code.Retfw, Code.Retfd, Code.Retfq, Code.Retfw_imm16, Code.Retfd_imm16, Code.Retfq_imm16],
  ...[Code.Iretw, Code.Iretd, Code.Iretq, Code.Sysretd, Code.Sysretq],
])

function callsThroughStackPointer(instruction: Instruction): boolean {
  return instruction.isCallNearIndirect && instruction.op0Register === Register.RSP
}

/** Refused: instructions whose meaning is tied to their address in a way that no encoding elsewhere keeps. */
export const unmovable: RelocationCase = {
  name: 'unmovable',
  applies: (instruction) => reasons.some(([applies]) => applies(instruction)),
  encode({ instruction, from }) {
    const because = reasons.find(([applies]) => applies(instruction))?.[1] ?? ''
    return refuse('not-relocatable', `the instruction at ${hex(from)} cannot be moved: ${because}`)
  },
}

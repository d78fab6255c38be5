import { hex } from '../../../bytes/address.js'
import { isRefusal, type Refusal, refuse } from '../../../refusal/refusal.js'
import { Code, type Instruction, Mnemonic, RegisterExt } from '../iced.js'
import { quadBytes } from '../machine-code.js'
import { RSP, registerNames } from '../registers.js'
import { usedGeneralRegisters } from '../used-registers.js'
import {
  borrow,
  giveBack,
  givenBack,
  moveStack,
  popRegister,
  RED_ZONE,
  stackForm,
  undone,
  WORD,
} from './borrowed-register.js'
import { hasNarrowOperand } from './prefixes.js'
import type { Relocation, Step } from './relocation-case.js'
import { withReturnPush } from './return-push.js'
import { type ScratchOperand, scratchOperand } from './scratch-operand.js'

/** A way of reaching a rip-relative operand beyond ±2 GiB. */
interface FarForm {
  applies(instruction: Instruction): boolean
  encode(relocation: Relocation, operand: ScratchOperand): readonly Step[] | Refusal
}

/** `lea r64, [rip + x]` → `movabs r64, x`. */
const loadAddress: FarForm = {
  applies: ({ code }) => code === Code.Lea_r64_m,
  encode({ instruction }) {
    const register = RegisterExt.number(instruction.op0Register)
    const rex = 0x48 | (register >> 3)
    return [{ bytes: [rex, 0xb8 | (register & 7), ...quadBytes(instruction.ipRelMemoryAddress)] }]
  },
}

/** Two bytes for the 16-bit forms of push and pop. */
function operandSize({ bytes }: Relocation): number {
  return hasNarrowOperand(bytes) ? 2 : WORD
}

function sizePrefix(size: number): number[] {
  return size === WORD ? [] : [0x66]
}

/** `push [rip + x]`: pushed below the borrowed register, and popped to where it belongs. */
const push: FarForm = {
  applies: ({ mnemonic }) => mnemonic === Mnemonic.Push,
  encode(relocation, operand) {
    const { scratch, bytes } = operand
    const below = RED_ZONE + WORD
    const size = operandSize(relocation)
    return [
      ...borrow(relocation, operand, below),
      { bytes, exit: givenBack(relocation, scratch, below + WORD) },
      {
        bytes: stackForm(sizePrefix(size), 0x8f, 0, below + WORD - size),
        exit: givenBack(relocation, scratch, below + WORD + size, size),
      },
      ...giveBack(relocation, scratch, below - size),
    ]
  },
}

/** `pop [rip + x]`: the word is pushed again on top of the borrowed register, and popped from there. */
const pop: FarForm = {
  applies: ({ mnemonic }) => mnemonic === Mnemonic.Pop,
  encode(relocation, operand) {
    const { scratch, bytes } = operand
    const size = operandSize(relocation)
    const down = RED_ZONE + WORD
    return [
      ...borrow(relocation, operand, RED_ZONE),
      { bytes: stackForm(sizePrefix(size), 0xff, 6, down), exit: givenBack(relocation, scratch, down) },
      { bytes, exit: givenBack(relocation, scratch, down + size, size) },
      ...giveBack(relocation, scratch, RED_ZONE + size),
    ]
  },
}

/** Steps after which the branch's target is in the word at the stack pointer, which is 136 bytes further down. */
function targetBelowRedZone(relocation: Relocation, operand: ScratchOperand): Step[] {
  const { scratch } = operand
  const { instruction } = relocation
  const below = RED_ZONE + WORD
  const exit = givenBack(relocation, scratch, below + WORD)
  const segment = instruction.hasSegmentPrefix ? segmentPrefix(relocation) : []
  return [
    ...borrow(relocation, operand, below),
    { bytes: [...segment, 0x48, 0x8b, (scratch << 3) | scratch], exit },
    { bytes: [0x48, 0x89, 0x44 | (scratch << 3), 0x24, WORD], exit },
    { bytes: popRegister(scratch), exit },
  ]
}

/** The last of `fs` and `gs` counts; the others mean nothing in 64-bit code. */
function segmentPrefix({ bytes }: Relocation): number[] {
  const last = bytes.findLast((byte, at) => at < bytes.length - 5 && (byte === 0x64 || byte === 0x65))
  return last === undefined ? [] : [last]
}

/** `jmp [rip + x]`: a `ret` that pops the target from below the red zone, and the red zone too. */
const jump: FarForm = {
  applies: ({ isJmpNearIndirect }) => isJmpNearIndirect,
  encode(relocation, operand) {
    return [
      ...targetBelowRedZone(relocation, operand),
      { bytes: [0xc2, RED_ZONE, 0], exit: undone(relocation, RED_ZONE + WORD) },
    ]
  },
}

/** `call [rip + x]`: with the return address pushed, the target is still in the last of the 128 bytes that signals spare. */
const call: FarForm = {
  applies: ({ isCallNearIndirect }) => isCallNearIndirect,
  encode(relocation, operand) {
    const [push, ...rest] = withReturnPush(relocation, [0xff, 0x64, 0x24, -RED_ZONE & 0xff])
    return [
      ...targetBelowRedZone(relocation, operand),
      { bytes: moveStack(RED_ZONE + WORD), exit: undone(relocation, RED_ZONE + WORD) },
      { bytes: push?.bytes ?? [], exit: undone(relocation, 0) },
      ...rest,
    ]
  },
}

/** Everything else: the instruction itself with the address in a register. */
const plain: FarForm = {
  applies: () => true,
  encode(relocation, operand) {
    if (usedGeneralRegisters(relocation.instruction).has(RSP)) {
      const because = `uses ${registerNames[RSP]} and an operand more than 2 GiB away from where it would run`
      return refuse('not-relocatable', `the instruction at ${hex(relocation.from)} ${because}`)
    }
    const { scratch, bytes } = operand
    return [
      ...borrow(relocation, operand, RED_ZONE),
      { bytes, exit: givenBack(relocation, scratch, RED_ZONE + WORD) },
      ...giveBack(relocation, scratch, RED_ZONE),
    ]
  },
}

const forms: readonly FarForm[] = [loadAddress, push, pop, jump, call, plain]

/** What an instruction becomes whose rip-relative operand is more than 2 GiB away from where it will run. */
export function withFarOperand(relocation: Relocation): readonly Step[] | Refusal {
  const { instruction, bytes, from } = relocation
  const form = forms.find(({ applies }) => applies(instruction)) ?? plain
  if ((form === jump || form === call) && hasNarrowOperand(bytes)) {
    return refuse('not-relocatable', `the branch at ${hex(from)} has a 16-bit operand`)
  }
  const operand = scratchOperand(relocation)
  return isRefusal(operand) ? operand : form.encode(relocation, operand)
}

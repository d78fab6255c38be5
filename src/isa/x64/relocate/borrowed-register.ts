import { type Address, address, offsetBy } from '../../../bytes/address.js'
import { int32Bytes, quadBytes } from '../machine-code.js'
import { RSP } from '../registers.js'
import type { Relocation, Step, StepExit } from './relocation-case.js'
import type { ScratchOperand } from './scratch-operand.js'

/**
 * Code that borrows a register for the address of a far operand. The register is saved on the stack below the red zone
 * (System V ABI, 3.2.2), so that a signal may arrive anywhere, and every step says how a thread gets out before it.
 */

export const RED_ZONE = 128
export const WORD = 8

/** `lea rsp, [rsp + delta]`: moves the stack pointer without touching flags. */
export function moveStack(delta: number): number[] {
  if (delta >= -128 && delta < 128) return [0x48, 0x8d, 0x64, 0x24, delta & 0xff]
  return [0x48, 0x8d, 0xa4, 0x24, ...int32Bytes(delta)]
}

export function popRegister(register: number): number[] {
  return [0x58 | register]
}

/** Steps after which `scratch` holds the operand's address and the stack pointer is `below + 8` bytes further down. */
export function borrow(relocation: Relocation, { scratch }: ScratchOperand, below: number): Step[] {
  const operand: Address = address(relocation.instruction.ipRelMemoryAddress)
  return [
    { bytes: moveStack(-below) },
    { bytes: [0x50 | scratch], exit: undone(relocation, below) },
    { bytes: [0x48, 0xb8 | scratch, ...quadBytes(operand)], exit: undone(relocation, below + WORD) },
  ]
}

/** Back to the instruction itself. */
export function undone({ from }: Relocation, stackDelta: number): StepExit {
  return { resumesAt: from, stackDelta }
}

/** Back to the instruction itself, the borrowed register given back from `stackOffset`. */
export function givenBack(relocation: Relocation, scratch: number, stackDelta: number, stackOffset = 0): StepExit {
  return { ...undone(relocation, stackDelta), restored: { register: scratch, stackOffset } }
}

/** `pop scratch; lea rsp, [rsp + above]`, behind the instruction's own work. */
export function giveBack({ bytes, from }: Relocation, scratch: number, above: number): Step[] {
  const resumesAt = offsetBy(from, bytes.length)
  return [
    {
      bytes: popRegister(scratch),
      exit: { resumesAt, stackDelta: above + WORD, restored: { register: scratch, stackOffset: 0 } },
    },
    { bytes: moveStack(above), exit: { resumesAt, stackDelta: above } },
  ]
}

/** `[prefixes] opcode /extension [rsp + displacement]`. */
export function stackForm(
  prefixes: readonly number[],
  opcode: number,
  extension: number,
  displacement: number,
): number[] {
  return [...prefixes, opcode, 0x80 | (extension << 3) | RSP, 0x24, ...int32Bytes(displacement)]
}

import { type Instruction, Mnemonic, OpKind, Register, RegisterExt } from './iced.js'

/**
 * Code may make an address out of another one and a number: Go has goroutines return to the address of `goexit` plus 1
 * (newproc1, src/runtime/proc.go). Such an address stands nowhere, so it is computed here as it is there.
 */

/** Bytes behind a lea in which an addition is looked for. */
const NEAR = 32

/** Numbers of the operand in ModRM, for additions and subtractions of a register: 0xc0 + 8 * operation + register. */
const ADD = 0xc0
const DECREMENT = 0xc8
const SUBTRACT = 0xe8
const WITH_DISPLACEMENT8 = 0x40
const WITH_DISPLACEMENT32 = 0x80
/** Its number in ModRM stands for a SIB byte, which is this one where there is no index. */
const SIB_REGISTER = 4
const PLAIN_SIB = 0x24

/**
 * What the bytes behind a lea may add to its register, told by `ModRM.reg` alone: a superset, whatever the bytes mean.
 * `end`: where the lea ends.
 */
export function likelyAddends(bytes: Uint8Array, end: number, register: number): number[] {
  const found: number[] = []
  const last = Math.min(end + NEAR, bytes.length)
  for (let at = end; at < last; at++) {
    const addend = addendAt(bytes, at, register)
    if (addend !== undefined) found.push(addend)
  }
  return found
}

function addendAt(bytes: Uint8Array, at: number, register: number): number | undefined {
  const operand = bytes[at + 1] ?? 0
  switch (bytes[at]) {
    case 0xff:
      return operand === ADD + register ? 1 : operand === DECREMENT + register ? -1 : undefined
    case 0x83:
      return signed(operand, register, byteAt(bytes, at + 2))
    case 0x81:
      return signed(operand, register, wordAt(bytes, at + 2))
    case 0x05:
      return register === 0 ? wordAt(bytes, at + 1) : undefined
    case 0x2d:
      return register === 0 ? -wordAt(bytes, at + 1) : undefined
    case 0x8d:
      return displacement(bytes, at + 1, register)
    default:
      return undefined
  }
}

function signed(operand: number, register: number, value: number): number | undefined {
  if (operand === ADD + register) return value
  return operand === SUBTRACT + register ? -value : undefined
}

/** Of a lea with the register as its base. */
function displacement(bytes: Uint8Array, at: number, register: number): number | undefined {
  const operand = bytes[at] ?? 0
  if ((operand & 7) !== register) return undefined
  const hasSib = register === SIB_REGISTER
  if (hasSib && bytes[at + 1] !== PLAIN_SIB) return undefined
  const next = hasSib ? at + 2 : at + 1
  const mode = operand & 0xc0
  if (mode === WITH_DISPLACEMENT8) return byteAt(bytes, next)
  return mode === WITH_DISPLACEMENT32 ? wordAt(bytes, next) : undefined
}

function byteAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) >> 24
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}

/** Follows the addresses that the registers of a function hold, from one instruction to the next in its bytes. */
export class AddressSums {
  readonly #held = new Map<number, number>()

  /** Takes in an instruction. @returns the sum that it makes of an address, if it does. */
  step(instruction: Instruction): number | undefined {
    const to = instruction.opCount > 0 ? registerOf(instruction, 0) : undefined
    if (to === undefined) return undefined
    if (instruction.mnemonic === Mnemonic.Lea && instruction.isIpRelMemoryOperand) {
      this.#held.set(to, Number(instruction.ipRelMemoryAddress))
      return undefined
    }
    if (onlyLooks.has(instruction.mnemonic)) return undefined
    const sum = this.#sum(instruction, to)
    if (sum === undefined) this.#held.delete(to)
    else this.#held.set(to, sum)
    return sum
  }

  #sum(instruction: Instruction, to: number): number | undefined {
    switch (instruction.mnemonic) {
      case Mnemonic.Inc:
        return this.#plus(to, 1)
      case Mnemonic.Dec:
        return this.#plus(to, -1)
      case Mnemonic.Add:
        return this.#plus(to, immediateOf(instruction))
      case Mnemonic.Sub:
        return this.#plus(to, negative(immediateOf(instruction)))
      case Mnemonic.Lea:
        return instruction.memoryIndex === Register.None
          ? this.#plus(numberOf(instruction.memoryBase), Number(BigInt.asIntN(64, instruction.memoryDisplacementU64)))
          : undefined
      default:
        return undefined
    }
  }

  #plus(register: number | undefined, addend: number | undefined): number | undefined {
    const held = register === undefined ? undefined : this.#held.get(register)
    return held === undefined || addend === undefined ? undefined : held + addend
  }
}

const onlyLooks: ReadonlySet<Mnemonic> = new Set([Mnemonic.Cmp, Mnemonic.Test])

function registerOf(instruction: Instruction, operand: number): number | undefined {
  return instruction.opKind(operand) === OpKind.Register ? numberOf(instruction.opRegister(operand)) : undefined
}

function numberOf(register: Register): number | undefined {
  return RegisterExt.isGPR(register) ? RegisterExt.number(register) : undefined
}

function immediateOf(instruction: Instruction): number | undefined {
  switch (instruction.opKind(1)) {
    case OpKind.Immediate8to64:
    case OpKind.Immediate32to64:
      return Number(BigInt.asIntN(64, instruction.immediate(1)))
    default:
      return undefined
  }
}

function negative(value: number | undefined): number | undefined {
  return value === undefined ? undefined : -value
}

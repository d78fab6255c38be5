import { assert } from '../../bytes/assert.js'
import type { MemoryOperand, Operand, RegisterOperand, RelativeOperand } from './listing-operand.js'

/** An encoded instruction; `reference` is where it holds the distance to a label. */
export interface EncodedInstruction {
  readonly code: readonly number[]
  readonly reference?: { readonly at: number; readonly size: 1 | 4; readonly label: string } | undefined
}

type Place = RegisterOperand | MemoryOperand | RelativeOperand

const RSP = 4
const RBP = 5

const plain: ReadonlyMap<string, readonly number[]> = new Map([
  ['syscall', [0x0f, 0x05]],
  ['ret', [0xc3]],
  ['pushfq', [0x9c]],
  ['popfq', [0x9d]],
  ['rep movsb', [0xf3, 0xa4]],
])

/** Operations of the first eight opcode rows: number in ModRM.reg, opcode 8 × number + 1 (SDM vol. 2, table A-2). */
const arithmetic = ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp']

/** Condition codes (SDM vol. 2, table B-10). */
const conditions: ReadonlyMap<string, number> = new Map([
  ['b', 2],
  ['c', 2],
  ['ae', 3],
  ['nc', 3],
  ['e', 4],
  ['ne', 5],
  ['be', 6],
  ['a', 7],
  ['g', 15],
])

/** Encodes one instruction of a listing. Opcodes from the SDM, volume 2. */
export function encodeInstruction(mnemonic: string, operands: readonly Operand[], line: string): EncodedInstruction {
  const fixed = plain.get(mnemonic)
  if (fixed !== undefined) return { code: fixed }
  const [first, second] = operands
  assert(first !== undefined, `${line}: an operand is missing`)
  const code = second === undefined ? withOne(mnemonic, first) : withTwo(mnemonic, first, second)
  assert(code !== undefined, `${line}: no such instruction in ring3's listings`)
  return code
}

function withOne(mnemonic: string, operand: Operand): EncodedInstruction | undefined {
  if (mnemonic === '.quad' && operand.kind === 'label') return { code: little(BigInt(operand.label), 8) }
  if (operand.kind === 'label') return branch(mnemonic, operand.label)
  if (operand.kind === 'indirect')
    return mnemonic === 'jmp'
      ? form([0xff], 4, { kind: 'register', number: operand.number, wide: false }, false)
      : undefined
  if (operand.kind !== 'register') return undefined
  if (mnemonic === 'push') return { code: [...rex(false, 0, 0, operand.number), 0x50 | (operand.number & 7)] }
  if (mnemonic === 'pop') return { code: [...rex(false, 0, 0, operand.number), 0x58 | (operand.number & 7)] }
  return undefined
}

function branch(mnemonic: string, label: string): EncodedInstruction | undefined {
  if (mnemonic === 'jecxz') return { code: [0x67, 0xe3, 0], reference: { at: 2, size: 1, label } }
  if (mnemonic === 'jmp') return { code: [0xe9, 0, 0, 0, 0], reference: { at: 1, size: 4, label } }
  if (mnemonic === 'call') return { code: [0xe8, 0, 0, 0, 0], reference: { at: 1, size: 4, label } }
  const condition = mnemonic.startsWith('j') ? conditions.get(mnemonic.slice(1)) : undefined
  if (condition === undefined) return undefined
  return { code: [0x0f, 0x80 | condition, 0, 0, 0, 0], reference: { at: 2, size: 4, label } }
}

function withTwo(mnemonic: string, from: Operand, to: Operand): EncodedInstruction | undefined {
  if (from.kind === 'immediate') return withImmediate(mnemonic, from.value, to)
  if (from.kind === 'register' && isPlace(to)) return withPlaces(mnemonic, from, to)
  if (isPlace(from) && to.kind === 'register') return load(mnemonic, from, to)
  return undefined
}

function withPlaces(mnemonic: string, from: RegisterOperand, to: Place): EncodedInstruction | undefined {
  const opcodes: ReadonlyMap<string, readonly number[]> = new Map([
    ['mov', [0x89]],
    ['test', [0x85]],
    ['bt', [0x0f, 0xa3]],
    ['bts', [0x0f, 0xab]],
  ])
  const row = arithmetic.indexOf(mnemonic)
  const opcode = row >= 0 ? [8 * row + 1] : opcodes.get(mnemonic)
  return opcode && form(opcode, from.number, to, from.wide)
}

function load(mnemonic: string, from: Place, to: RegisterOperand): EncodedInstruction | undefined {
  const row = arithmetic.indexOf(mnemonic)
  if (row >= 0) return form([8 * row + 3], to.number, from, to.wide)
  if (mnemonic === 'mov') return form([0x8b], to.number, from, to.wide)
  return mnemonic === 'lea' ? form([0x8d], to.number, from, to.wide) : undefined
}

function withImmediate(mnemonic: string, value: bigint, to: Operand): EncodedInstruction | undefined {
  if (!isPlace(to)) return undefined
  const wide = to.kind === 'register' ? to.wide : mnemonic.endsWith('q')
  const name = to.kind === 'register' ? mnemonic : mnemonic.slice(0, -1)
  if (name === 'mov') return moveImmediate(value, to, wide)
  if (name === 'movabs' && to.kind === 'register')
    return { code: [...rex(true, 0, 0, to.number), 0xb8 | (to.number & 7), ...little(value, 8)] }
  if (name === 'shl') return form([0xc1], 4, to, wide, little(value, 1))
  if (name === 'shr') return value === 1n ? form([0xd1], 5, to, wide) : form([0xc1], 5, to, wide, little(value, 1))
  if (name === 'bt') return form([0x0f, 0xba], 4, to, wide, little(value, 1))
  const row = arithmetic.indexOf(name)
  if (row < 0) return undefined
  if (isByte(value)) return form([0x83], row, to, wide, little(value, 1))
  if (to.kind === 'register' && to.number === 0)
    return { code: [...rex(wide, 0, 0, 0), 8 * row + 5, ...little(value, 4)] }
  return form([0x81], row, to, wide, little(value, 4))
}

function moveImmediate(value: bigint, to: Place, wide: boolean): EncodedInstruction {
  if (to.kind === 'register' && !wide)
    return { code: [...rex(false, 0, 0, to.number), 0xb8 | (to.number & 7), ...little(value, 4)] }
  return form([0xc7], 0, to, wide, little(value, 4))
}

/** `[REX] opcode ModRM [SIB] [displacement] [immediate]` */
function form(
  opcode: readonly number[],
  reg: number,
  place: Place,
  wide: boolean,
  immediate: readonly number[] = [],
): EncodedInstruction {
  const field = (reg & 7) << 3
  switch (place.kind) {
    case 'register':
      return {
        code: [...rex(wide, reg, 0, place.number), ...opcode, 0xc0 | field | (place.number & 7), ...immediate],
      }
    case 'relative': {
      assert(immediate.length === 0, 'the distance to a label counts from the end of the instruction')
      const head = [...rex(wide, reg, 0, 0), ...opcode, 0x05 | field]
      return { code: [...head, 0, 0, 0, 0], reference: { at: head.length, size: 4, label: place.label } }
    }
    case 'memory':
      return {
        code: [
          ...rex(wide, reg, place.index?.register ?? 0, place.base),
          ...opcode,
          ...memory(field, place),
          ...immediate,
        ],
      }
  }
}

function memory(field: number, { base, index, displacement }: MemoryOperand): number[] {
  const low = base & 7
  const size = displacement === 0 && low !== RBP ? 0 : isByte(BigInt(displacement)) ? 1 : 4
  const mode = size === 0 ? 0 : size === 1 ? 0x40 : 0x80
  const tail = size === 0 ? [] : little(BigInt(displacement), size)
  if (index === undefined && low !== RSP) return [mode | field | low, ...tail]
  const scale = Math.log2(index?.scale ?? 1) << 6
  return [mode | field | RSP, scale | (((index?.register ?? RSP) & 7) << 3) | low, ...tail]
}

function rex(wide: boolean, reg: number, index: number, base: number): number[] {
  const prefix = 0x40 | (wide ? 8 : 0) | (reg > 7 ? 4 : 0) | (index > 7 ? 2 : 0) | (base > 7 ? 1 : 0)
  return prefix === 0x40 ? [] : [prefix]
}

function isPlace(operand: Operand): operand is Place {
  return operand.kind === 'register' || operand.kind === 'memory' || operand.kind === 'relative'
}

function isByte(value: bigint): boolean {
  return value >= -128n && value <= 127n
}

function little(value: bigint, length: number): number[] {
  return Array.from({ length }, (_, index) => Number((BigInt.asUintN(64, value) >> BigInt(8 * index)) & 0xffn))
}

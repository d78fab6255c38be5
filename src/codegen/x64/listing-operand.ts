import { assert } from '../../bytes/assert.js'

export interface RegisterOperand {
  readonly kind: 'register'
  readonly number: number
  readonly wide: boolean
}

export interface ImmediateOperand {
  readonly kind: 'immediate'
  readonly value: bigint
}

export interface MemoryOperand {
  readonly kind: 'memory'
  readonly base: number
  readonly index: { readonly register: number; readonly scale: number } | undefined
  readonly displacement: number
}

/** `label(%rip)` */
export interface RelativeOperand {
  readonly kind: 'relative'
  readonly label: string
}

/** `label`, of a branch. */
export interface LabelOperand {
  readonly kind: 'label'
  readonly label: string
}

/** `*%reg`, of a jump. */
export interface IndirectOperand {
  readonly kind: 'indirect'
  readonly number: number
}

export type Operand =
  | RegisterOperand
  | ImmediateOperand
  | MemoryOperand
  | RelativeOperand
  | LabelOperand
  | IndirectOperand

const low = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di']

function registerNumber(name: string): number {
  const extended = /^r(\d+)d?$/.exec(name)?.[1]
  return extended === undefined ? low.indexOf(name.slice(1)) : Number(extended)
}

function parseRegister(text: string): RegisterOperand {
  const name = text.slice(1)
  const number = registerNumber(name)
  assert(text.startsWith('%') && number >= 0, `${text} is a register`)
  return { kind: 'register', number, wide: name.startsWith('r') && !/^r\d+d$/.test(name) }
}

/** One operand in AT&T syntax. Asserts that it is one. */
export function parseOperand(text: string): Operand {
  if (text.startsWith('$')) return { kind: 'immediate', value: parseNumber(text.slice(1)) }
  if (text.startsWith('*')) return { kind: 'indirect', number: parseRegister(text.slice(1)).number }
  if (text.startsWith('%')) return parseRegister(text)
  const relative = /^(\w+)\(%rip\)$/.exec(text)?.[1]
  if (relative !== undefined) return { kind: 'relative', label: relative }
  return text.includes('(') ? parseMemory(text) : { kind: 'label', label: text }
}

function parseMemory(text: string): MemoryOperand {
  const [, displacement = '', inside = ''] = /^([^(]*)\((.*)\)$/.exec(text) ?? []
  const [base = '', index, scale = '1'] = inside.split(',').map((part) => part.trim())
  return {
    kind: 'memory',
    base: parseRegister(base).number,
    index: index === undefined ? undefined : { register: parseRegister(index).number, scale: Number(scale) },
    displacement: displacement === '' ? 0 : Number(parseNumber(displacement)),
  }
}

function parseNumber(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)
}

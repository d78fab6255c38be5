import type { Label, Register } from '../assembler.js'

/** Bytes that an instruction works on. */
export type Width = 1 | 2 | 4 | 8

/** `displacement(base, index, scale)` */
export interface Memory {
  readonly kind: 'memory'
  readonly base: Register
  readonly displacement: number
  readonly index?: { readonly register: Register; readonly scale: Width }
}

/** `label + displacement(%rip)`: only for what lies in the code. */
export interface Relative {
  readonly kind: 'relative'
  readonly label: Label
  readonly displacement: number
}

export type Place = Memory | Relative

/** What ModRM can name. */
export type RegisterOrPlace = Register | Place

export function memory(base: Register, displacement = 0): Memory {
  return { kind: 'memory', base, displacement }
}

export function indexed(base: Register, register: Register, scale: Width, displacement = 0): Memory {
  return { kind: 'memory', base, displacement, index: { register, scale } }
}

export function relative(label: Label): Relative {
  return { kind: 'relative', label, displacement: 0 }
}

/** The place some bytes further on. */
export function behind<T extends Place>(place: T, bytes: number): T {
  return { ...place, displacement: place.displacement + bytes }
}

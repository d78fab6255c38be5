import type { PseudoRandom } from '../../robustness/pseudo-random.js'
import type { InstructionForm } from './instruction-forms.js'

function byte(random: PseudoRandom): number {
  return Math.floor(random.below(256))
}

function chance(random: PseudoRandom, probability: number): boolean {
  return random.below(1) < probability
}

const ignoredSegments = [0x2e, 0x36, 0x3e, 0x26] as const
const GS = 0x65
const LONGEST = 15

/** Bytes that are probably the form, with random operands, and then some. The caller asks the decoder. */
export function randomBytes(form: InstructionForm, random: PseudoRandom): Uint8Array {
  const head = [...outerPrefixes(form, random), ...encodings[form.encoding](form, random)]
  const bytes = [...head, ...operandBytes(form, random)]
  while (bytes.length < LONGEST) bytes.push(byte(random))
  return Uint8Array.from(bytes.slice(0, LONGEST))
}

function outerPrefixes(form: InstructionForm, random: PseudoRandom): number[] {
  const prefixes: number[] = []
  if (form.addressSize === 32 || (form.memory !== 'never' && chance(random, 0.05))) prefixes.push(0x67)
  if (form.memory !== 'never' && chance(random, 0.05)) prefixes.push(GS)
  if (chance(random, 0.03)) prefixes.push(random.pick(ignoredSegments))
  return prefixes
}

type Encode = (form: InstructionForm, random: PseudoRandom) => number[]

const encodings: Readonly<Record<InstructionForm['encoding'], Encode>> = { legacy, vex, evex, xop }

const escapes: readonly (readonly number[])[] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]]

function legacy(form: InstructionForm, random: PseudoRandom): number[] {
  const bytes: number[] = []
  if (form.operandSize === 16) bytes.push(0x66)
  if (form.lockable && chance(random, 0.2)) bytes.push(0xf0)
  if (form.repeatable && chance(random, 0.5)) bytes.push(chance(random, 0.5) ? 0xf3 : 0xf2)
  // A REX that is not right before the opcode is ignored.
  if (chance(random, 0.02)) bytes.unshift(0x40 | (byte(random) % 16))
  if (form.mandatoryPrefix !== undefined) bytes.push(form.mandatoryPrefix)
  const wide = form.operandSize === 64 ? 8 : 0
  if (wide !== 0 || chance(random, 0.5)) bytes.push(0x40 | wide | (byte(random) % 8))
  return [...bytes, ...(escapes[form.map] ?? []), ...opcodeOf(form, random)]
}

function opcodeOf({ opcode, registerInOpcode }: InstructionForm, random: PseudoRandom): number[] {
  const last = (opcode.at(-1) ?? 0) | (registerInOpcode ? byte(random) % 8 : 0)
  return [...opcode.slice(0, -1), last]
}

/** By mandatory prefix: the pp field. */
function ppOf({ mandatoryPrefix }: InstructionForm): number {
  return mandatoryPrefix === undefined ? 0 : [0x66, 0xf3, 0xf2].indexOf(mandatoryPrefix) + 1
}

function widthOf({ w }: InstructionForm, random: PseudoRandom): number {
  return (w ?? byte(random) & 1) << 7
}

/** Inverted; all ones where no operand is there. */
function vvvvOf({ usesVvvv }: InstructionForm, random: PseudoRandom): number {
  return (usesVvvv ? byte(random) & 15 : 15) << 3
}

function vex(form: InstructionForm, random: PseudoRandom): number[] {
  const l = (form.l ?? byte(random) & 1) << 2
  const low = vvvvOf(form, random) | l | ppOf(form)
  const w = widthOf(form, random)
  if (form.map === 1 && w === 0 && chance(random, 0.5)) return [0xc5, (byte(random) & 0x80) | low, ...form.opcode]
  return [0xc4, (byte(random) & 0xe0) | form.map, w | low, ...form.opcode]
}

function xop(form: InstructionForm, random: PseudoRandom): number[] {
  const l = (form.l ?? byte(random) & 1) << 2
  return [
    0x8f,
    (byte(random) & 0xe0) | form.map,
    widthOf(form, random) | vvvvOf(form, random) | l | ppOf(form),
    ...form.opcode,
  ]
}

function evex(form: InstructionForm, random: PseudoRandom): number[] {
  const mask = form.masked || form.vectorIndex ? byte(random) & 7 : 0
  const zeroing = form.zeroing && mask !== 0 && chance(random, 0.4) ? 0x80 : 0
  const b = form.b && chance(random, 0.3) ? 0x10 : 0
  const l = (form.l ?? byte(random) % 3) << 5
  const v = form.usesVvvv || form.vectorIndex ? byte(random) & 8 : 8
  return [
    0x62,
    (byte(random) & 0xf0) | form.map,
    widthOf(form, random) | vvvvOf(form, random) | 4 | ppOf(form),
    zeroing | l | b | v | mask,
    ...form.opcode,
  ]
}

const SIB = 4
const RIP_RELATIVE = 5
/** A SIB byte with rsp as base and no index. */
const STACK_POINTER = 0x24

/** ModRM and random bytes behind it; harmless where there is none. */
function operandBytes(form: InstructionForm, random: PseudoRandom): number[] {
  const reg = form.regField ?? byte(random) % 8
  const isMemory = form.memory === 'always' || (form.memory === 'either' && chance(random, 0.65))
  if (!isMemory) return [0xc0 | (reg << 3) | (form.rmField ?? byte(random) % 8)]
  if (form.vectorIndex) return [((byte(random) % 3) << 6) | (reg << 3) | SIB]
  if (chance(random, 0.1)) return [0x40 | (reg << 3) | SIB, STACK_POINTER]
  if (chance(random, 0.35)) return [(reg << 3) | RIP_RELATIVE]
  return [((byte(random) % 3) << 6) | (reg << 3) | (byte(random) % 8)]
}

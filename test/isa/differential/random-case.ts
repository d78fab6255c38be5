import type { Address } from '../../../src/bytes/address.js'
import { assert } from '../../../src/bytes/assert.js'
import {
  Code,
  type ConstantOffsets,
  Decoder,
  DecoderOptions,
  FlowControl,
  type Instruction,
  Mnemonic,
  OpKind,
  Register,
  RegisterExt,
} from '../../../src/isa/x64/iced.js'
import type { PseudoRandom } from '../../robustness/pseudo-random.js'
import type { InstructionForm } from './instruction-forms.js'
import { codePointer, DATA, GS_BASE, LOW, READ_ONLY, type Region, random64, STACK } from './machine-memory.js'
import { randomBytes } from './random-bytes.js'
import { anyState, smallIndexState } from './vector-states.js'

/** One instruction with a state to execute it from. */
export interface Case {
  readonly number: number
  readonly form: InstructionForm
  readonly bytes: Uint8Array
  /** Where it stands: distances in it are counted from here. */
  readonly at: Address
  /** By hardware number. */
  readonly registers: readonly bigint[]
  readonly flags: bigint
  readonly vectors: number
  /** Arithmetic flags that the instruction leaves undefined, as iced's RflagsBits. */
  readonly undefinedFlags: number
}

const ATTEMPTS = 12

/** The case of that number, to stand at an address; undefined where chance did not find an encoding. */
export function randomCase(form: InstructionForm, number: number, random: PseudoRandom, at: Address): Case | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const made = attemptCase(form, number, random, at)
    if (made !== undefined) return made
  }
  return undefined
}

function attemptCase(form: InstructionForm, number: number, random: PseudoRandom, at: Address): Case | undefined {
  const bytes = randomBytes(form, random)
  const rough = decoded(bytes, at)
  try {
    if (rough.instruction.code !== form.code) return undefined
    placeConstants(rough.instruction, rough.offsets, bytes, random)
  } finally {
    release(rough)
  }
  const final = decoded(bytes, at)
  try {
    const { instruction } = final
    if (instruction.code !== form.code || loops(instruction)) return undefined
    const registers = randomRegisters(instruction, random)
    aimMemory(instruction, registers, random)
    return {
      number,
      form,
      bytes: bytes.slice(0, instruction.length),
      at,
      registers: registers.map((value) => BigInt.asUintN(64, value)),
      flags: randomFlags(random),
      vectors: form.vectorIndex ? smallIndexState(random) : anyState(random),
      undefinedFlags: instruction.rflagsUndefined,
    }
  } finally {
    release(final)
  }
}

interface Decoded {
  readonly instruction: Instruction
  readonly offsets: ConstantOffsets
}

function decoded(bytes: Uint8Array, at: Address): Decoded {
  const decoder = new Decoder(64, bytes, DecoderOptions.None)
  decoder.ip = at
  const instruction = decoder.decode()
  const offsets = decoder.getConstantOffsets(instruction)
  decoder.free()
  return { instruction, offsets }
}

function release({ instruction, offsets }: Decoded): void {
  instruction.free()
  offsets.free()
}

/** A branch into its own bytes has no end, or none that could be compared. */
function loops(instruction: Instruction): boolean {
  const kind = instruction.op0Kind
  if (kind !== OpKind.NearBranch64 && kind !== OpKind.NearBranch32) return false
  const target = instruction.nearBranchTarget
  return target >= instruction.ip && target < instruction.nextIP
}

/** Gives displacements and branch distances values that lead somewhere. */
function placeConstants(
  instruction: Instruction,
  offsets: ConstantOffsets,
  bytes: Uint8Array,
  random: PseudoRandom,
): void {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const next = instruction.nextIP
  if (instruction.op0Kind === OpKind.NearBranch64 && offsets.immediateSize === 4) {
    view.writeInt32LE(Number(codePointer(random) - next), offsets.immediateOffset)
  }
  if (offsets.displacementSize === 8) view.writeBigUInt64LE(operandAddress(random, DATA), offsets.displacementOffset)
  if (offsets.displacementSize === 1 && instruction.memoryBase === Register.RSP && random.below(1) < 0.4) {
    view.writeInt8(Math.floor(random.below(32)) - 16, offsets.displacementOffset)
  }
  if (offsets.displacementSize !== 4) return
  view.writeInt32LE(displacementFor(instruction, next, random), offsets.displacementOffset)
}

function displacementFor(instruction: Instruction, next: bigint, random: PseudoRandom): number {
  if (instruction.isIpRelMemoryOperand) return Number(BigInt.asIntN(32, operandAddress(random, DATA) - next))
  if (instruction.memoryBase !== Register.None) return Math.floor(random.below(0x1000)) - 0x800
  return instruction.memorySegment === Register.GS
    ? Math.floor(random.below(0x1000))
    : Number(operandAddress(random, LOW))
}

/** Mostly in the middle of a region and aligned; sometimes not, at the edge, read-only or nowhere. */
function operandAddress(random: PseudoRandom, region: Region): bigint {
  const kind = random.below(1)
  const inside = region.at + 0x1000n + BigInt(Math.floor(random.below(0x1000)))
  if (kind < 0.7) return inside & ~63n
  if (kind < 0.86) return inside
  if (kind < 0.92) return region.at + BigInt(region.size) - BigInt(Math.floor(random.below(32)))
  if (kind < 0.96 && region === DATA) return READ_ONLY.at + BigInt(Math.floor(random.below(0x800)))
  return region.at + BigInt(region.size) + BigInt(Math.floor(random.below(0x1000)))
}

const RCX = 1
const RSP = 4
const boundaries = [
  0n,
  1n,
  -1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  1n << 63n,
]

function randomValue(random: PseudoRandom): bigint {
  const kind = random.below(1)
  if (kind < 0.3) return operandAddress(random, DATA)
  if (kind < 0.4) return codePointer(random)
  if (kind < 0.6) return BigInt(Math.floor(random.below(64)))
  return kind < 0.8 ? random.pick(boundaries) : random64(random)
}

/** Numbers of system calls without effect, and one that there is none of. */
const harmlessCalls = [24n, 102n, 104n, 107n, 110n, 1000n] as const

function randomRegisters(instruction: Instruction, random: PseudoRandom): bigint[] {
  const registers = Array.from({ length: 16 }, () => randomValue(random))
  const misalignment = random.below(1) < 0.1 && !popsFlags(instruction) ? random.below(8) : 0
  registers[RSP] = STACK.at + 0x2000n + BigInt(Math.floor(random.below(0x100)) * 8 + Math.floor(misalignment))
  if (countsDown(instruction) || random.below(1) < 0.3) registers[RCX] = BigInt(Math.floor(random.below(4)))
  if (instruction.flowControl === FlowControl.Call && !instruction.isCallNear) registers[0] = random.pick(harmlessCalls)
  if (instruction.mnemonic === Mnemonic.Int) registers[0] = 20n
  for (const index of [0, 3, 6, 7]) {
    const isStrings = usesImpliedPointer(instruction)
    if (isStrings && random.below(1) < 0.8) registers[index] = operandAddress(random, DATA)
  }
  return registers
}

function popsFlags({ code }: Instruction): boolean {
  return code === Code.Popfq || code === Code.Popfw
}

function countsDown(instruction: Instruction): boolean {
  return (
    instruction.hasRepPrefix ||
    instruction.hasRepnePrefix ||
    instruction.isLoop ||
    instruction.isLoopcc ||
    instruction.isJcxShort
  )
}

/** String instructions, xlat, masked moves. */
function usesImpliedPointer(instruction: Instruction): boolean {
  return (
    instruction.isStringInstruction ||
    instruction.mnemonic === Mnemonic.Xlatb ||
    instruction.op0Kind === OpKind.MemorySegRDI ||
    instruction.op0Kind === OpKind.MemorySegEDI
  )
}

/** Sets base and index so that the operand lies somewhere. */
function aimMemory(instruction: Instruction, registers: bigint[], random: PseudoRandom): void {
  const { memoryBase: base, memoryIndex: index } = instruction
  if (base === Register.None || instruction.isIpRelMemoryOperand || !hasMemory(instruction)) {
    if (index !== Register.None && RegisterExt.isGPR(index))
      registers[numberOf(index)] = BigInt(Math.floor(random.below(16)))
    return
  }
  const narrow = RegisterExt.size(base) === 4
  let indexed = 0n
  if (index !== Register.None && RegisterExt.isGPR(index) && numberOf(index) !== RSP) {
    const value = BigInt(Math.floor(random.below(16)))
    registers[numberOf(index)] = value
    indexed = value * BigInt(instruction.memoryIndexScale)
  }
  if (numberOf(base) === RSP && !narrow) return
  const segment = instruction.memorySegment === Register.GS ? GS_BASE : 0n
  const operand = narrow ? narrowAddress(segment, random) : operandAddress(random, DATA) - segment
  registers[numberOf(base)] = aimed(operand - indexed - instruction.memoryDisplacement, narrow, random)
}

function narrowAddress(segment: bigint, random: PseudoRandom): bigint {
  return segment === 0n ? operandAddress(random, LOW) : BigInt(Math.floor(random.below(0x1800)))
}

/** The upper half of a register that is used as a 32-bit address does not count. */
function aimed(value: bigint, narrow: boolean, random: PseudoRandom): bigint {
  return narrow ? BigInt.asUintN(32, value) | ((random64(random) >> 32n) << 32n) : value
}

function hasMemory(instruction: Instruction): boolean {
  return Array.from({ length: instruction.opCount }, (_, at) => instruction.opKind(at)).includes(OpKind.Memory)
}

function numberOf(register: Register): number {
  assert(RegisterExt.isGPR(register), 'a general register')
  return RegisterExt.number(RegisterExt.fullRegister(register))
}

/** Arithmetic flags, sometimes the direction flag; interrupts are always on. */
function randomFlags(random: PseudoRandom): bigint {
  const arithmetic = BigInt(Math.floor(random.below(0x1000))) & 0x8d5n
  return 0x202n | arithmetic | (random.below(1) < 0.15 ? 0x400n : 0n)
}

import {
  Code,
  FlowControl,
  type Instruction,
  InstructionInfoFactory,
  Mnemonic,
  OpAccess,
  RegisterExt,
  RflagsBits,
  type UsedRegister,
} from './iced.js'
import { RSP } from './registers.js'

/** One bit per general register (0–15) and, from `FLAG_SHIFT` on, per arithmetic flag. */
export type StateBits = number

const FLAG_SHIFT = 16
const arithmeticFlags = [RflagsBits.CF, RflagsBits.PF, RflagsBits.AF, RflagsBits.ZF, RflagsBits.SF, RflagsBits.OF]
export const ALL_REGISTERS: StateBits = 0xffff
export const ALL_FLAGS: StateBits = 0x3f << FLAG_SHIFT

/** What one instruction does with registers and flags. */
export interface Effects {
  readonly reads: StateBits
  /** Overwritten whole, whatever the state before. A partial or conditional write is not among them. */
  readonly kills: StateBits
}

const factory = new InstructionInfoFactory()

/** Effects by the bytes that determine them. Function entries are made of few different instructions. */
const known = new Map<number, Effects>()

/** Numbers beyond this many bytes would lose bits: such instructions are not remembered. */
const KEY_BYTES = 6

/**
 * Effects of the instruction at `bytes[start]` … `bytes[end - 1]`. The bytes up to and with ModRM and SIB determine them,
 * except that the count matters for shifts by an immediate.
 */
export function effectsOf(instruction: Instruction, bytes: Uint8Array, start: number, end: number): Effects {
  const key = effectsKey(bytes, start, end)
  if (key === undefined) return computeEffects(instruction)
  const remembered = known.get(key)
  if (remembered !== undefined) return remembered
  const effects = computeEffects(instruction)
  known.set(key, effects)
  return effects
}

function effectsKey(bytes: Uint8Array, start: number, end: number): number | undefined {
  const length = Math.min(operandBytesStart(bytes, start, end), end) - start
  if (length > KEY_BYTES) return undefined
  let key = length
  for (let at = start; at < start + length; at++) key = key * 256 + (bytes[at] ?? 0)
  return key
}

/** Where displacement and immediate begin, or later: too long a key only costs memory. */
function operandBytesStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (isPrefix(bytes[at] ?? 0)) at++
  const opcode = bytes[at] ?? 0
  if (opcode === 0xc5 || opcode === 0xc4 || opcode === 0x62) return end
  if (opcode === 0x0f) return escapedOperandStart(bytes[at + 1] ?? 0, at, end)
  if (hasNoModrm(opcode)) return at + 1
  return opcode === 0xc0 || opcode === 0xc1 ? end : at + 3
}

/** Legacy prefixes and REX (SDM vol. 2, 2.1.1 and 2.2.1). */
function isPrefix(byte: number): boolean {
  return (
    (byte & 0xf0) === 0x40 ||
    byte === 0x66 ||
    byte === 0x67 ||
    byte === 0xf2 ||
    byte === 0xf3 ||
    byte === 0xf0 ||
    isSegment(byte)
  )
}

function isSegment(byte: number): boolean {
  return byte === 0x64 || byte === 0x65 || byte === 0x2e || byte === 0x36 || byte === 0x3e || byte === 0x26
}

/** push, pop; jcc rel8; mov reg, imm; jumps and calls: the opcode says it all. */
function hasNoModrm(opcode: number): boolean {
  const row = opcode & 0xf0
  return row === 0x50 || row === 0x70 || row === 0xb0 || row === 0xe0
}

/** Three-byte opcodes, and double shifts by an immediate count, are kept whole; `jcc rel32` has no ModRM. */
function escapedOperandStart(second: number, at: number, end: number): number {
  if (second === 0x38 || second === 0x3a || second === 0xa4 || second === 0xac) return end
  return (second & 0xf0) === 0x80 ? at + 2 : at + 4
}

function computeEffects(instruction: Instruction): Effects {
  const info = factory.info(instruction)
  let reads = flagBits(instruction.rflagsRead)
  let kills = writesFlagsAlways(instruction) ? flagBits(instruction.rflagsModified) : 0
  const registers: UsedRegister[] = info.usedRegisters()
  for (const used of registers) {
    const bit = generalRegisterBit(used)
    if (bit !== 0 && mayRead(used.access)) reads |= bit
    if (bit !== 0 && killsWhole(used)) kills |= bit
    used.free()
  }
  info.free()
  if (keepsDestination(instruction)) kills &= ~ALL_REGISTERS
  return { reads, kills: kills & ~reads & ~(1 << RSP) }
}

function flagBits(iced: number): StateBits {
  let bits = 0
  arithmeticFlags.forEach((flag, index) => {
    if ((iced & flag) !== 0) bits |= 1 << (FLAG_SHIFT + index)
  })
  return bits
}

function generalRegisterBit(used: UsedRegister): StateBits {
  const register = used.register
  return RegisterExt.isGPR(register) ? 1 << RegisterExt.number(RegisterExt.fullRegister(register)) : 0
}

function mayRead(access: OpAccess): boolean {
  return (
    access === OpAccess.Read ||
    access === OpAccess.CondRead ||
    access === OpAccess.ReadWrite ||
    access === OpAccess.ReadCondWrite
  )
}

/** 32-bit writes clear the upper half (SDM vol. 1, 3.4.1.1); 8- and 16-bit writes keep the rest. */
function killsWhole(used: UsedRegister): boolean {
  return used.access === OpAccess.Write && RegisterExt.size(used.register) >= 4
}

/** A shift by CL and a repeated string instruction leave the flags alone when the count is 0. */
function writesFlagsAlways(instruction: Instruction): boolean {
  return !instruction.hasRepPrefix && !instruction.hasRepnePrefix && !shiftsByRegister.has(instruction.code)
}

const shiftsByRegister: ReadonlySet<Code> = new Set([
  ...[Code.Rol_rm8_CL, Code.Ror_rm8_CL, Code.Rcl_rm8_CL, Code.Rcr_rm8_CL],
  ...[Code.Shl_rm8_CL, Code.Shr_rm8_CL, Code.Sal_rm8_CL, Code.Sar_rm8_CL],
  ...[Code.Rol_rm16_CL, Code.Ror_rm16_CL, Code.Rcl_rm16_CL, Code.Rcr_rm16_CL],
  ...[Code.Shl_rm16_CL, Code.Shr_rm16_CL, Code.Sal_rm16_CL, Code.Sar_rm16_CL],
  ...[Code.Rol_rm32_CL, Code.Ror_rm32_CL, Code.Rcl_rm32_CL, Code.Rcr_rm32_CL],
  ...[Code.Shl_rm32_CL, Code.Shr_rm32_CL, Code.Sal_rm32_CL, Code.Sar_rm32_CL],
  ...[Code.Rol_rm64_CL, Code.Ror_rm64_CL, Code.Rcl_rm64_CL, Code.Rcr_rm64_CL],
  ...[Code.Shl_rm64_CL, Code.Shr_rm64_CL, Code.Sal_rm64_CL, Code.Sar_rm64_CL],
  ...[Code.Shld_rm16_r16_CL, Code.Shld_rm32_r32_CL, Code.Shld_rm64_r64_CL],
  ...[Code.Shrd_rm16_r16_CL, Code.Shrd_rm32_r32_CL, Code.Shrd_rm64_r64_CL],
])

/** What leaves its destination alone, in whole or in part, more often than the tables say. */
function keepsDestination({ mnemonic }: Instruction): boolean {
  return keeping.has(mnemonic)
}

/**
 * `bsf` and `bsr` of zero keep the destination on every processor there is, and programs rely on it. `rdssp` is a nop
 * where no shadow stack is armed. The others are emulated by Linux where UMIP forbids them, which keeps the upper half
 * of a 32-bit destination (arch/x86/kernel/umip.c).
 */
const keeping: ReadonlySet<Mnemonic> = new Set([
  ...[Mnemonic.Bsf, Mnemonic.Bsr, Mnemonic.Rdsspd, Mnemonic.Rdsspq],
  ...[Mnemonic.Sldt, Mnemonic.Smsw, Mnemonic.Str],
])

/** `f3 90` is pause; with REX.B in between it is `xchg r8, rax` to the processor, and still pause to the decoder. */
export function isNoPause({ code, length }: Instruction): boolean {
  return code === Code.Pause && length !== 2
}

/** Instructions behind which nothing is known: calls (iced counts system calls among them), returns, indirect jumps, traps, transactions. */
export function endsKnowledge(instruction: Instruction): boolean {
  if (isNoPause(instruction)) return true
  switch (instruction.flowControl) {
    case FlowControl.Next:
    case FlowControl.UnconditionalBranch:
    case FlowControl.ConditionalBranch:
      return false
    default:
      return true
  }
}

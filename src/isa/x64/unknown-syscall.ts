import { fallsThrough } from './direct-target.js'
import { FlowControl, Mnemonic } from './iced.js'
import { InstructionCursor } from './instruction-cursor.js'
import { type ModuleCode, textBytes } from './module-code.js'

/** How far what decides about the bytes `0F 05` may be from them. */
const REACH = 64
/** Instructions that end an ordinary program (SDM vol. 3, 6.15, #GP): no code goes on with them. */
const privileged: ReadonlySet<Mnemonic> = new Set([
  Mnemonic.In,
  Mnemonic.Out,
  Mnemonic.Insb,
  Mnemonic.Insd,
  Mnemonic.Outsb,
  Mnemonic.Outsd,
  Mnemonic.Hlt,
  Mnemonic.Cli,
  Mnemonic.Sti,
  Mnemonic.Iretd,
  Mnemonic.Retf,
])

/**
 * Whether the bytes `0F 05` outside of all known functions may be a `syscall`: code goes on behind them, and in front of
 * them something sets eax. Hand-written libraries have tables in their text, which do not look like that.
 */
export function mayBeSyscall(code: ModuleCode, at: number): boolean {
  return goesOn(textBytes(code, at, REACH), at) && setsNumber(bytesBefore(code, at))
}

/** Fewer at the beginning of the text. */
function bytesBefore(code: ModuleCode, at: number): Uint8Array {
  for (let length = REACH; length > 0; length--) {
    const bytes = textBytes(code, at - length, length)
    if (bytes.length > 0) return bytes
  }
  return new Uint8Array(0)
}

/** Valid instructions up to one that does not fall through. */
function goesOn(bytes: Uint8Array, at: number): boolean {
  using cursor = new InstructionCursor(bytes, at)
  while (cursor.next()) {
    const { instruction } = cursor
    if (privileged.has(instruction.mnemonic) || instruction.flowControl === FlowControl.Exception) return false
    if (!fallsThrough(instruction)) return true
  }
  return cursor.offset > bytes.length - 15
}

/** `mov $number, %eax` or `%rax` with a number below 1024, or `mov` to them from a register, at any position. */
function setsNumber(bytes: Uint8Array): boolean {
  const at = (offset: number): number => bytes[offset] ?? 0xff
  return bytes.some((byte, offset) => {
    const small = (from: number): boolean => at(from + 1) < 4 && at(from + 2) === 0 && at(from + 3) === 0
    if (byte === 0xb8) return small(offset + 1)
    if (byte === 0xc7) return at(offset + 1) === 0xc0 && small(offset + 2)
    if (byte === 0x89) return (at(offset + 1) & 0xc7) === 0xc0
    return byte === 0x8b && (at(offset + 1) & 0xf8) === 0xc0
  })
}

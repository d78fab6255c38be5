import { Code, Mnemonic } from './iced.js'
import { InstructionCursor } from './instruction-cursor.js'

/**
 * How many bytes from the start of `bytes` on are padding: nops of any form and int3, what assemblers and linkers align
 * code with. Zero bytes do not count: they fill text too, but a constant that a function reads looks the same, and a
 * nop or int3 byte pattern is no plausible constant.
 */
export function paddingLength(bytes: Uint8Array, start: number): number {
  using cursor = new InstructionCursor(bytes, start)
  while (cursor.next() && isPadding(cursor));
  return cursor.offset
}

function isPadding({ instruction }: InstructionCursor): boolean {
  return instruction.mnemonic === Mnemonic.Nop || instruction.code === Code.Int3
}

import { type Address, offsetBy } from '../../bytes/address.js'
import type { DisassembledInstruction } from '../site-analysis.js'
import { Formatter, FormatterSyntax } from './iced.js'
import { InstructionCursor } from './instruction-cursor.js'

/** Intel syntax, lower case, `0x` hexadecimal. Never fails: each byte that begins no instruction is a `(bad)` line of its own. */
export function disassemble(bytes: Uint8Array, at: Address): DisassembledInstruction[] {
  const lines: DisassembledInstruction[] = []
  const formatter = plainFormatter()
  using cursor = new InstructionCursor(bytes, at)
  while (cursor.nextOffset < bytes.length) {
    const text = cursor.next() ? formatter.format(cursor.instruction) : '(bad)'
    if (text === '(bad)') cursor.seek(cursor.offset + 1)
    const from = cursor.offset
    lines.push({ address: offsetBy(at, from), bytes: bytes.slice(from, cursor.nextOffset), text })
  }
  formatter.free()
  return lines
}

function plainFormatter(): Formatter {
  const formatter = new Formatter(FormatterSyntax.Intel)
  formatter.hexPrefix = '0x'
  formatter.hexSuffix = ''
  formatter.uppercaseHex = false
  formatter.smallHexNumbersInDecimal = false
  formatter.ripRelativeAddresses = false
  formatter.spaceAfterOperandSeparator = true
  formatter.branchLeadingZeros = false
  return formatter
}

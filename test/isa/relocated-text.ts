import { type Address, address } from '../../src/bytes/address.js'
import { x64 } from '../../src/isa/x64/x64.js'

const RIP_RELATIVE = /^(push|jmp) qword ptr \[(?:rip|0x[0-9a-f]+)/

/**
 * Relocated code in words: its disassembly, with the constants behind it (a return address, the target of an absolute
 * jump) as `.quad`.
 */
export function relocatedText(bytes: Uint8Array, at: Address): string {
  const lines: string[] = []
  const quads = new Set<number>()
  for (let offset = 0; offset < bytes.length; ) {
    if (quads.has(offset)) {
      lines.push(`.quad 0x${quadAt(bytes, offset).toString(16)}`)
      offset += 8
      continue
    }
    const [line] = x64.disassemble(bytes.subarray(offset), address(at + BigInt(offset)))
    if (line === undefined) break
    const end = offset + line.bytes.length
    const constant = constantOffset(line.text, line.bytes, end)
    if (constant !== undefined && constant < bytes.length) quads.add(constant)
    lines.push(line.text)
    offset = end
  }
  return lines.join('; ')
}

function constantOffset(text: string, bytes: Uint8Array, end: number): number | undefined {
  if (!RIP_RELATIVE.test(text)) return undefined
  const relative = new DataView(bytes.buffer, bytes.byteOffset).getInt32(bytes.length - 4, true)
  return relative >= 0 ? end + relative : undefined
}

function quadAt(bytes: Uint8Array, offset: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, true)
}

import { type Address, address, vaddr } from '../../src/bytes/address.js'
import type { SiteAnalysis } from '../../src/isa/site-analysis.js'
import { fallsThrough } from '../../src/isa/x64/direct-target.js'
import { InstructionCursor } from '../../src/isa/x64/instruction-cursor.js'
import { hexBytes, vectorText } from './vector-file.js'

/** One line of relocate.txt: what code at `from` becomes at `to`. */
export interface RelocationVector {
  readonly from: Address
  readonly to: Address
  readonly bytes: Uint8Array
  readonly asm: string
  readonly expected: string
}

export function relocationVectors(): RelocationVector[] {
  const vectors: RelocationVector[] = []
  let from = address(0)
  let to = address(0)
  for (const line of vectorText('relocate.txt').split('\n')) {
    const header = /^from ([0-9a-f]+) to ([0-9a-f]+)$/.exec(line)
    if (header !== null) {
      from = address(BigInt(`0x${header[1]}`))
      to = address(BigInt(`0x${header[2]}`))
    }
    const [hex, asm, expected] = line.split(' | ')
    if (hex === undefined || asm === undefined || expected === undefined) continue
    vectors.push({ from, to, bytes: hexBytes(hex), asm, expected })
  }
  return vectors
}

/** The code of a vector as if a window had been proven over it. */
export function siteOf({ bytes, from }: RelocationVector): SiteAnalysis {
  const displaced: { offset: number; bytes: Uint8Array }[] = []
  let falls = true
  using cursor = new InstructionCursor(bytes, from)
  while (cursor.next()) {
    displaced.push({ offset: cursor.offset, bytes: bytes.slice(cursor.offset, cursor.nextOffset) })
    falls = fallsThrough(cursor.instruction)
  }
  return {
    kind: 'site',
    lead: 0,
    site: vaddr(Number(from)),
    windowLength: 5,
    displaced,
    displacedLength: bytes.length,
    padding: 0,
    fallsThrough: falls,
    flagsDead: false,
    deadRegisters: [],
  }
}

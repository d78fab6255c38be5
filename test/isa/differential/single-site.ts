import { type Address, vaddr } from '../../../src/bytes/address.js'
import { assert } from '../../../src/bytes/assert.js'
import type { SiteAnalysis } from '../../../src/isa/site-analysis.js'
import { fallsThrough } from '../../../src/isa/x64/direct-target.js'
import { InstructionCursor } from '../../../src/isa/x64/instruction-cursor.js'

/** One instruction as if a window had been proven over it. */
export function singleSite(bytes: Uint8Array, at: Address): SiteAnalysis {
  using cursor = new InstructionCursor(bytes, at)
  assert(cursor.next(), 'an instruction')
  return {
    kind: 'site',
    lead: 0,
    site: vaddr(Number(at)),
    windowLength: 5,
    displaced: [{ offset: 0, bytes }],
    displacedLength: bytes.length,
    padding: 0,
    fallsThrough: fallsThrough(cursor.instruction),
    flagsDead: false,
    deadRegisters: [],
  }
}

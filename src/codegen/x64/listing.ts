import { assert } from '../../bytes/assert.js'
import { encodeInstruction } from './listing-instruction.js'
import { parseOperand } from './listing-operand.js'

/** Assembled code, with where its labels are: offsets from its beginning. */
export interface AssembledListing {
  readonly code: Buffer
  readonly labels: ReadonlyMap<string, number>
}

const INT3 = 0xcc

/** A place in the code that holds the distance from its end to a label. */
interface Reference {
  readonly at: number
  readonly size: 1 | 4
  readonly label: string
}

/**
 * Assembles a listing in the AT&T syntax of the GNU assembler: one instruction, `label:`, `.quad` or `.balign 8` a line, comments behind
 * `#`. Knows the instructions that ring3's own listings use; the bytes are those of the GNU assembler, but for jumps, which
 * are always long. A listing that it does not understand is a defect: asserts.
 */
export function assembleListing(listing: string): AssembledListing {
  const bytes: number[] = []
  const labels = new Map<string, number>()
  const references: Reference[] = []
  for (const line of listing.split('\n').map(withoutComment)) {
    const label = /^(\w+):$/.exec(line)?.[1]
    if (label !== undefined) {
      assert(!labels.has(label), `label ${label} is bound once`)
      labels.set(label, bytes.length)
    } else if (line === '.balign 8') {
      while (bytes.length % 8 !== 0) bytes.push(INT3)
    } else if (line !== '') {
      const { code, reference } = encodeLine(line)
      if (reference !== undefined) references.push({ ...reference, at: bytes.length + reference.at })
      bytes.push(...code)
    }
  }
  const code = Buffer.from(bytes)
  for (const { at, size, label } of references) {
    const target = labels.get(label)
    assert(target !== undefined, `label ${label} is bound`)
    code.writeIntLE(target - (at + size), at, size)
  }
  return { code, labels }
}

export function labelOffset(labels: ReadonlyMap<string, number>, label: string): number {
  const offset = labels.get(label)
  assert(offset !== undefined, `there is a label ${label}`)
  return offset
}

function withoutComment(line: string): string {
  return line.replace(/#.*$/, '').trim()
}

function encodeLine(line: string): ReturnType<typeof encodeInstruction> {
  const [, mnemonic = '', rest = ''] = /^(rep movsb|\S+)\s*(.*)$/.exec(line) ?? []
  const operands = rest === '' ? [] : rest.split(/,\s*(?![^(]*\))/).map((text) => parseOperand(text.trim()))
  return encodeInstruction(mnemonic, operands, line)
}

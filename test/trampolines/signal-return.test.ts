import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vaddr } from '../../src/bytes/address.js'
import { signalReturn } from '../../src/trampolines/signal-return.js'
import { hexBytes } from '../isa/vector-file.js'

/** Code at 1000, site, length of the jump, and whether it would overwrite a return from signal handlers. */
const facts: readonly (readonly [bytes: string, site: number, windowLength: 5 | 14, overwrites: boolean])[] = [
  ['48 c7 c0 0f 00 00 00 0f 05 c3', 0x1000, 5, true],
  ['48 c7 c0 0f 00 00 00 0f 05 c3', 0x1007, 5, true],
  ['48 c7 c0 0f 00 00 00 0f 05 c3', 0x1009, 5, false],
  ['b8 0f 00 00 00 0f 05 c3', 0x1000, 5, true],
  ['b8 0f 00 00 00 0f 05 c3', 0x1005, 5, true],
  ['90 90 90 90 90 b8 0f 00 00 00 0f 05', 0x1000, 5, false],
  ['90 90 90 90 b8 0f 00 00 00 0f 05', 0x1000, 5, true],
  ['90 90 90 90 90 90 90 90 90 90 90 90 90 b8 0f 00 00 00 0f 05', 0x1000, 14, true],
  ['90 90 90 90 90 90 90 90 90 90 90 90 90 90 b8 0f 00 00 00 0f 05', 0x1000, 14, false],
  ['b8 0e 00 00 00 0f 05 c3', 0x1000, 5, false],
  ['b8 0f 00 00 00 0f', 0x1000, 5, false],
  ['', 0x1000, 5, false],
]

test('a jump that would overwrite a return from signal handlers is refused', () => {
  for (const [bytes, site, windowLength, overwrites] of facts) {
    const text = [{ start: vaddr(0x1000), bytes: hexBytes(bytes) }]
    const result = signalReturn({ text }, { vaddr: vaddr(site), key: 'f' }, windowLength)
    assert.equal(result?.code, overwrites ? 'signal-return' : undefined, `${bytes} at ${site.toString(16)}`)
  }
})

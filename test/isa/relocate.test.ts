import assert from 'node:assert/strict'
import { test } from 'node:test'
import { x64 } from '../../src/isa/x64/x64.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { relocatedText } from './relocated-text.js'
import { relocationVectors, siteOf } from './relocation-vectors.js'

for (const vector of relocationVectors()) {
  test(`${vector.asm} moved to 0x${vector.to.toString(16)}`, () => {
    const { bytes, from, to, asm, expected } = vector
    assert.equal(
      x64
        .disassemble(bytes, from)
        .map(({ text }) => text)
        .join('; '),
      asm,
    )
    const relocated = x64.relocate(siteOf(vector), from, to)
    if (!isRefusal(relocated)) {
      assert.equal(relocatedText(relocated.bytes, to), expected)
      return
    }
    assert.equal(relocated.code, 'not-relocatable')
    assert.equal(expected, 'refused')
  })
}

test('there is a point for each displaced instruction, and one for the end of code that falls through', () => {
  for (const vector of relocationVectors()) {
    const site = siteOf(vector)
    const relocated = x64.relocate(site, vector.from, vector.to)
    if (isRefusal(relocated)) continue
    const originals = site.displaced.map(({ offset }) => offset)
    if (site.fallsThrough) originals.push(site.displacedLength)
    assert.deepEqual(
      relocated.points.map(({ original }) => original),
      originals,
    )
    assert.equal(relocated.points[0]?.relocated, 0)
  }
})

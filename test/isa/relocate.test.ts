import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from '../../src/bytes/address.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { relocatedText } from './relocated-text.js'
import { relocationVectors, siteOf } from './relocation-vectors.js'
import { hexBytes } from './vector-file.js'

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

/** Exits as `relocated: original +stackDelta register=source`, offsets from the site. */
function exitsText(code: string, to: bigint): string[] {
  const vector = { from: address(0x200001000n), to: address(to), bytes: hexBytes(code), asm: '', expected: '' }
  const relocated = x64.relocate(siteOf(vector), vector.from, vector.to)
  assert.ok(!isRefusal(relocated))
  return relocated.exits.map(({ original, relocated: at, stackDelta, restored }) => {
    const name = restored === undefined ? '' : ` ${x64.registerNames[restored.register]}=`
    const source = restored === undefined ? '' : `${restored.from}+${restored.offset}`
    return `${at}: ${original} +${stackDelta}${name}${source}`
  })
}

const NEAR = 0x210000000n
const FAR = 0x900000000n
for (const [what, code, to, expected] of [
  ['one copied instruction has no middle', '48 89 e5 90 90', NEAR, []],
  ['a call is undone by popping its return address', '50 e8 fa 1f 00 00', NEAR, ['7: 1 +8']],
  ['a loop has counted: it goes on behind, or where it leads', '90 e2 9e 90 90', NEAR, ['3: 3 +0', '5: -95 +0']],
  ['a far conditional jump is asked again', '90 74 3e 90 90', FAR, ['3: 1 +0']],
  ['a system call has been made: rcx gets the original address', '90 0f 05 90 90', NEAR, ['3: 3 +0 rcx=site+3']],
  [
    'a borrowed register is given back, before and behind the instruction',
    '90 48 8b 05 f8 ef 01 00',
    FAR,
    ['6: 1 +128', '7: 1 +136', '17: 1 +136 rsi=stack+0', '20: 8 +136 rsi=stack+0', '21: 8 +128'],
  ],
] as const) {
  test(what, () => {
    assert.deepEqual(exitsText(code, to), expected)
  })
}

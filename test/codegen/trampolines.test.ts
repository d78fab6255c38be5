import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, address, offsetBy } from '../../src/bytes/address.js'
import { countingCode } from '../../src/codegen/x64/counting.js'
import { perCpuCounter } from '../../src/codegen/x64/per-cpu-counter.js'
import { perThreadCounter } from '../../src/codegen/x64/per-thread-counter.js'
import { sharedCounter } from '../../src/codegen/x64/shared-counter.js'
import { emitTrampolines, type TrampolineCode, type TrampolineSite } from '../../src/codegen/x64/trampolines.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { refuse } from '../../src/refusal/refusal.js'
import { counterLayout } from '../../src/store/counter-layout.js'

const BASE = address(0x5000_0000_0100n)
const BLOCKS = address(0x7000_0000_1000n)
const forms = [perThreadCounter(0x9e3779b1), perCpuCounter, sharedCounter]
const dead = [[], [0], [1, 2], [9, 10, 11]]

/** Sites of which every fifth cannot be relocated, with displaced instructions of different lengths. */
function sitesFor(count: number, relocatedTo: Address[] = []): TrampolineSite[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    address: BASE,
    flagsDead: index % 2 === 0,
    deadRegisters: dead[index % dead.length] ?? [],
    lead: 0,
    redZone: index % 3 === 0 ? 0 : 128,
    relocate: (to) => {
      if (index % 5 === 4) return refuse('not-relocatable', `site ${index} stays`)
      relocatedTo.push(to)
      const bytes = new Uint8Array(6 + (index % 9)).fill(0xf4)
      return {
        bytes,
        points: [
          { original: 0, relocated: 0 },
          { original: 5, relocated: bytes.length },
        ],
        exits: [],
      }
    },
  }))
}

function made(form: (typeof forms)[number], sites: readonly TrampolineSite[]): TrampolineCode {
  const layout = counterLayout({ sites: sites.length, blocks: 16 })
  return emitTrampolines(BASE, countingCode({ form, layout, blocksAddress: BLOCKS }), sites)
}

for (const form of forms) {
  test(`${form.name}: trampolines begin at cache line quarters and do not overlap`, () => {
    const { trampolines, code } = made(form, sitesFor(40))
    let end = 8
    for (const trampoline of trampolines) {
      assert.equal(trampoline.start % 16, 0)
      assert.ok(trampoline.start >= end && trampoline.end <= code.length, `trampoline ${trampoline.index}`)
      end = trampoline.end
    }
  })

  test(`${form.name}: the displaced instructions stand at the address that they were relocated to, and points name them`, () => {
    const relocatedTo: Address[] = []
    const { trampolines, code } = made(form, sitesFor(40, relocatedTo))
    trampolines.forEach(({ end, points }, order) => {
      const [first, last] = points
      assert.ok(first && last)
      assert.equal(offsetBy(BASE, first.relocated), relocatedTo[order])
      assert.deepEqual([first.original, last.original, last.relocated], [0, 5, end])
      assert.ok(code.subarray(first.relocated, end).every((byte) => byte === 0xf4))
    })
  })

  test(`${form.name}: sites that cannot be relocated are refused by index, and the others served`, () => {
    const { trampolines, refused } = made(form, sitesFor(12))
    assert.deepEqual(
      [...refused].map(([index, { because }]) => `${index}: ${because}`),
      ['4: site 4 stays', '9: site 9 stays'],
    )
    assert.deepEqual(
      trampolines.map(({ index }) => index),
      [0, 1, 2, 3, 5, 6, 7, 8, 10, 11],
    )
  })

  test(`${form.name}: the code begins with the address of the blocks, and is whole instructions otherwise`, () => {
    const { code } = made(form, sitesFor(12))
    assert.equal(code.readBigUInt64LE(0), BLOCKS)
    const bad = x64.disassemble(code.subarray(16), offsetBy(BASE, 16)).filter(({ text }) => text === '(bad)')
    assert.deepEqual(bad, [])
  })

  test(`${form.name}: the same sites make the same code`, () => {
    assert.ok(made(form, sitesFor(12)).code.equals(made(form, sitesFor(12)).code))
  })
}

test('forms in which several threads write to one counter do so with a lock prefix', () => {
  for (const form of [perCpuCounter, sharedCounter]) {
    const { code } = made(form, sitesFor(4))
    const increments = x64.disassemble(code.subarray(16), BASE).filter(({ text }) => text.includes('inc qword'))
    assert.equal(increments.length, 4, form.name)
    for (const { text } of increments) assert.match(text, /^lock inc qword ptr/, form.name)
  }
})

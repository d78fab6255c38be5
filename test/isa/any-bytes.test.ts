import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { address, vaddr } from '../../src/bytes/address.js'
import type { CodeFacts } from '../../src/isa/code-facts.js'
import { emulationOf } from '../../src/isa/x64/emulate/emulation-of.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { singleSite } from './differential/single-site.js'

const START = 0x1ff0
const SIZE = 64

/** Bytes that are often branches, table jumps and the like, among others. */
const codeBytes = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(0x0f, 0x84, 0xe9, 0xeb, 0xff, 0xe0, 0x74, 0x90, 0xc3, 0x48),
  ),
  { minLength: SIZE, maxLength: SIZE },
)

const offset = fc.integer({ min: -8, max: SIZE + 8 })

/** Facts as a hostile or damaged file may lead to: bounds that overlap, end nowhere, or leave the text. */
const anyFacts = fc
  .record({
    bytes: codeBytes,
    functions: fc.array(fc.tuple(offset, offset)),
    labels: fc.array(offset),
    low: fc.boolean(),
  })
  .map(({ bytes, functions, labels, low }): CodeFacts => {
    const base = low ? START : START + 0x400000
    return {
      text: [{ start: vaddr(base), bytes: Uint8Array.from(bytes) }],
      data: [{ start: vaddr(base + 0x1000), bytes: Uint8Array.from(bytes) }],
      functions: functions
        .map(([start, end]) => ({ start: vaddr(base + start), end: vaddr(base + end) }))
        .sort((a, b) => a.start - b.start),
      labels: Float64Array.from(labels, (label) => base + label).sort(),
      framed: new Float64Array(),
      hasRedZone: true,
      preemptible: new Float64Array(),
      restartable: new Float64Array(),
    }
  })

function checkSite(facts: CodeFacts, site: number, windowLength: 5 | 14): void {
  const result = x64.analyseModule(facts, [vaddr(site)], windowLength).analyse(vaddr(site))
  if (isRefusal(result)) return
  assert.ok((site % 4096) + windowLength <= 4096)
  assert.ok(result.displacedLength + result.padding >= windowLength)
  assert.ok(!facts.labels.some((label) => label > site && label < site + windowLength))
  const there = x64.relocate(result, address(site), address(site + 0x10000))
  assert.ok(!isRefusal(there), 'what the analysis promises can be moved')
  assert.equal(there.points[0]?.relocated, 0)
}

test('any bytes with any facts give a proof or a refusal', () => {
  fc.assert(
    fc.property(anyFacts, offset, fc.constantFrom<5 | 14>(5, 14), (facts, at, windowLength) => {
      checkSite(facts, (facts.text[0]?.start ?? 0) + at, windowLength)
    }),
    { numRuns: 3000 },
  )
})

test('a branch behind the text, in a function that claims to reach there, is a branch to the unknown', () => {
  const bytes = Uint8Array.from(Buffer.from('0f1f440000eb20', 'hex'))
  const facts: CodeFacts = {
    text: [{ start: vaddr(START), bytes }],
    data: [],
    functions: [{ start: vaddr(START), end: vaddr(START + 100) }],
    labels: new Float64Array(),
    framed: new Float64Array(),
    hasRedZone: true,
    preemptible: new Float64Array(),
    restartable: new Float64Array(),
  }
  const result = x64.analyseModule(facts, [vaddr(START)], 5).analyse(vaddr(START))
  assert.ok(!isRefusal(result))
  assert.ok(!result.flagsDead)
  assert.deepEqual(result.deadRegisters, [])
})

test('any instruction has a class or a refusal, and what serves it can be made', () => {
  fc.assert(
    fc.property(codeBytes, (bytes) => {
      const [line] = x64.disassemble(Uint8Array.from(bytes), address(START))
      if (line === undefined || line.text === '(bad)') return
      const site = singleSite(line.bytes, line.address)
      const found = x64.classify(site, line.address)
      if (isRefusal(found)) assert.equal(found.code, 'not-probeable')
      else {
        const moved = x64.relocate(site, line.address, address(START + 0x10000))
        assert.equal(isRefusal(moved), found.refused.boosted !== undefined)
        assert.equal(emulationOf(line.bytes, line.address) === undefined, found.refused.emulated !== undefined)
      }
    }),
    { numRuns: 5000 },
  )
})

test('any bytes can be disassembled, and no byte is lost', () => {
  fc.assert(
    fc.property(codeBytes, (bytes) => {
      const lines = x64.disassemble(Uint8Array.from(bytes), address(START))
      assert.deepEqual(
        lines.flatMap((line) => [...line.bytes]),
        bytes,
      )
    }),
  )
})

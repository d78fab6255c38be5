import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vaddr } from '../../src/bytes/address.js'
import type { SiteAnalysis } from '../../src/isa/site-analysis.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { isRefusal, type Refusal } from '../../src/refusal/refusal.js'
import { windowVectors } from './window-vectors.js'

function inWords(result: SiteAnalysis | Refusal): string {
  if (isRefusal(result)) return result.code
  const padding = result.padding > 0 ? ` padding ${result.padding}` : ''
  return `displaced ${result.displacedLength}${padding} ${result.fallsThrough ? 'falls' : 'leaves'}`
}

for (const { name, facts, windowLength, questions } of windowVectors()) {
  test(name, () => {
    const sites = questions.map(({ site }) => vaddr(site))
    const analysis = x64.analyseModule(facts, sites, windowLength)
    for (const { site, expected } of questions) {
      assert.equal(inWords(analysis.analyse(vaddr(site))), expected, `site ${site.toString(16)}`)
    }
  })
}

test('displaced instructions carry their own bytes and offsets', () => {
  for (const { facts, windowLength, questions } of windowVectors()) {
    const analysis = x64.analyseModule(
      facts,
      questions.map(({ site }) => vaddr(site)),
      windowLength,
    )
    for (const { site } of questions) {
      const result = analysis.analyse(vaddr(site))
      if (isRefusal(result)) continue
      let offset = 0
      for (const each of result.displaced) {
        assert.equal(each.offset, offset)
        offset += each.bytes.length
      }
      assert.equal(offset, result.displacedLength)
      assert.ok(offset + result.padding >= windowLength)
    }
  }
})

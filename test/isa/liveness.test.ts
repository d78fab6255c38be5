import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vaddr } from '../../src/bytes/address.js'
import type { CodeFacts } from '../../src/isa/code-facts.js'
import { liveness } from '../../src/isa/x64/liveness.js'
import { moduleCode } from '../../src/isa/x64/module-code.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { hexBytes, vectorText } from './vector-file.js'

const START = vaddr(0x1000)

function factsOf(bytes: Uint8Array): CodeFacts {
  return {
    text: [{ start: START, bytes }],
    data: [],
    functions: [{ start: START, end: vaddr(START + bytes.length) }],
    labels: new Float64Array(),
    framed: new Float64Array(),
    hasRedZone: true,
    preemptible: new Float64Array(),
    restartable: new Float64Array(),
  }
}

function inWords(bytes: Uint8Array): string {
  const facts = factsOf(bytes)
  const [bounds] = facts.functions
  assert.ok(bounds)
  const { flagsDead, deadRegisters } = liveness(moduleCode(facts), bounds, START)
  const names = deadRegisters.map((register) => x64.registerNames[register])
  return ['flags', flagsDead ? 'dead' : 'live', ...names].join(' ')
}

for (const line of vectorText('liveness.txt').trim().split('\n')) {
  const [hex = '', asm = '', expected] = line.split(' | ')
  test(`${asm}: ${expected}`, () => {
    assert.equal(inWords(hexBytes(hex)), expected)
  })
}

test('the stack pointer is never dead', () => {
  assert.ok(!inWords(hexBytes('31 c0 eb fc')).includes('rsp'))
})

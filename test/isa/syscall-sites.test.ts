import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Vaddr, vaddr } from '../../src/bytes/address.js'
import type { CodeFacts } from '../../src/isa/code-facts.js'
import { syscallSites } from '../../src/isa/x64/syscall-sites.js'
import { hexBytes } from './vector-file.js'

const START = 0x1000

/** A module with one function, and nothing else known about it. */
function oneFunction(hex: string, known = true): CodeFacts {
  const bytes = hexBytes(hex)
  const end: Vaddr = vaddr(START + bytes.length)
  return {
    text: [{ start: vaddr(START), bytes }],
    data: [],
    functions: known ? [{ start: vaddr(START), end }] : [],
    labels: Float64Array.of(START),
    framed: Float64Array.of(START, end),
    hasRedZone: true,
    preemptible: new Float64Array(),
    restartable: new Float64Array(),
  }
}

/** `site+length known|any` for every site, and the codes of what was refused. */
function inWords(facts: CodeFacts): string {
  const { sites, refused } = syscallSites(facts, new Set([13, 14]))
  const words = sites.map(({ syscall, window, before, numberKnown }) => {
    const at = window.site - START
    return `${at}+${before.displacedLength} ${syscall - START} ${numberKnown ? 'known' : 'any'}`
  })
  return [...words, ...refused.map(({ refusal }) => refusal.code)].join(', ')
}

for (const [what, hex, expected] of [
  ['mov $14, %eax; syscall; ret', 'b80e000000 0f05 c3', '0+5 5 known'],
  ['mov $15, %eax; syscall: not wanted', 'b80f000000 0f05 c3', ''],
  ['mov $14, %eax; xor %edi, %edi; syscall', 'b80e000000 31ff 0f05 c3', '0+7 7 known'],
  ['mov $14, %esi; mov %esi, %eax; syscall', 'be0e000000 89f0 0f05 c3', '0+7 7 known'],
  ['the number comes from a caller', '4889f8 0f1f00 0f05 c3', '3+3 6 any'],
  ['14 or 15, on two ways', 'b80f000000 85ff 7405 b80e000000 31f6 31d2 0f05 c3', '14+4 18 any'],
  ['zero where it was tested: read, not wanted', '31ff 4885c0 7402 c390 0f05 c3', ''],
  ['a branch leads to the syscall itself', '85ff 7405 b80e000000 0f05 c3', 'window-too-short'],
  ['a call clobbers eax', 'b80e000000 e800010000 89d2 31f6 31ff 0f05 c3', '12+4 16 any'],
  ['a constant with the same bytes', 'b80f050000 c3', ''],
  ['nothing in front of it', '0f05 c3', 'window-too-short'],
] as const) {
  test(`${what}: ${expected === '' ? 'no site' : expected}`, () => {
    assert.equal(inWords(oneFunction(hex)), expected)
  })
}

test('outside of known functions, what looks like a system call is refused, and a table is not', () => {
  assert.equal(inWords(oneFunction('b80e000000 0f05 c3', false)), 'unknown-boundaries')
  assert.equal(inWords(oneFunction('4889f8 0f05 c3', false)), 'unknown-boundaries')
  assert.equal(inWords(oneFunction(`b80e000000 0f05 ${'06'.repeat(20)}`, false)), '')
  assert.equal(inWords(oneFunction('1112131415 0f05 c3', false)), '')
})

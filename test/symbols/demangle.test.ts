import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demangle } from '../../src/symbols/demangle.js'

const facts: readonly (readonly [mangled: string, demangled: string])[] = [
  ['malloc', 'malloc'],
  ['_start', '_start'],
  ['_ZN2v88internal7Isolate4InitEv', 'v8::internal::Isolate::Init()'],
  ['_ZNSsC1Ev', 'std::string::string()'],
  ['_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE', 'core::fmt::Write::write_fmt'],
  ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
  ['_Zgarbage', '_Zgarbage'],
  ['_R', '_R'],
]

test('C++ and Rust names are demangled, others left alone', () => {
  for (const [mangled, demangled] of facts) assert.equal(demangle(mangled), demangled)
})

test('a name that stands for gigabytes is left alone, quickly, and later names are demangled', () => {
  const start = performance.now()
  assert.equal(demangle(doubling(40)), doubling(40))
  assert.equal(demangle('_Z3fooi'), 'foo(int)')
  assert.ok(performance.now() - start < 2000)
})

test('many hostile names cost no more than a few', () => {
  const start = performance.now()
  for (let i = 0; i < 1000; i++) demangle(`${doubling(30)}${'i'.repeat(i)}`)
  assert.ok(performance.now() - start < 3000)
})

test('deep nesting overflows nothing', () => {
  for (const name of [`_Z1f${'P'.repeat(4000)}i`, `_Z1fI${'J'.repeat(3000)}`, `_RINvC${'INvC'.repeat(900)}`]) {
    assert.equal(typeof demangle(name), 'string')
  }
})

/** `pair<p, p>` of the pair before, `levels` times. */
function doubling(levels: number): string {
  const substitution = (i: number) => `S${i === 0 ? '' : (i - 1).toString(36).toUpperCase()}_`
  const pairs = Array.from({ length: levels }, (_, i) => `S_I${substitution(i + 1)}${substitution(i + 1)}E`)
  return `_Z1fSt4pairIiiE${pairs.join('')}`
}

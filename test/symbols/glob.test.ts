import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileGlob, isLiteralGlob } from '../../src/symbols/glob.js'

const facts: readonly (readonly [glob: string, name: string, matches: boolean])[] = [
  ['malloc', 'malloc', true],
  ['malloc', 'mallocx', false],
  ['', '', true],
  ['*', '', true],
  ['*', 'anything', true],
  ['mem*', 'memcpy', true],
  ['mem*', 'mem', true],
  ['mem*', 'xmem', false],
  ['*alloc', 'realloc', true],
  ['*alloc', 'allocate', false],
  ['*all*', 'malloc', true],
  ['a*b*c', 'axxbyyc', true],
  ['a*b*c', 'axxbyy', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*ab*ab', 'abab', true],
  ['*ab*ab', 'ab', false],
  ['mem?py', 'memcpy', true],
  ['mem?py', 'mempy', false],
  ['mem[cm]*', 'memmove', true],
  ['mem[cm]*', 'memset', false],
  ['f[0-9]', 'f7', true],
  ['f[0-9]', 'fa', false],
  ['f[!0-9]', 'fa', true],
  ['f[^0-9]', 'f7', false],
  ['f[]]', 'f]', true],
  ['f[a-]', 'f-', true],
  ['f[x', 'f[x', true],
  ['operator[]', 'operator[]', true],
  ['a.b', 'axb', false],
  ['.*', 'abc', false],
  ['a**b', 'ab', true],
]

test('globs match whole names', () => {
  for (const [glob, name, matches] of facts) assert.equal(compileGlob(glob)(name), matches, `${glob} on ${name}`)
})

test('a glob without wildcards is literal', () => {
  assert.equal(isLiteralGlob('_ZN1a1bEv'), true)
  assert.equal(isLiteralGlob('a?'), false)
})

test('a hostile glob takes no exponential time', () => {
  const matches = compileGlob(`${'*a'.repeat(50)}*b*`)
  const name = 'a'.repeat(4096)
  const start = performance.now()
  assert.equal(matches(name), false)
  assert.ok(performance.now() - start < 500)
})

test('80,000 names are matched within 100 ms', () => {
  const names = Array.from({ length: 80_000 }, (_, i) => `_ZN4node6module${i % 97}Foo${i}handler${i % 13}Ev`)
  const matches = compileGlob('*Foo*handler[1-5]Ev')
  const start = performance.now()
  assert.ok(names.filter((name) => matches(name)).length > 1000)
  assert.ok(performance.now() - start < 100)
})

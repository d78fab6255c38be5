import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STB } from '../../src/elf/symbol-table.js'
import { compareNames, type NameCandidate } from '../../src/symbols/preferred-name.js'

function named(name: string, binding: number, more: Partial<NameCandidate> = {}): NameCandidate {
  return { name, binding, defaultVersion: true, label: false, ...more }
}

const { GLOBAL, WEAK, LOCAL } = STB

/** The better name first. */
const facts: readonly (readonly [NameCandidate, NameCandidate])[] = [
  [named('malloc', GLOBAL), named('__libc_malloc', GLOBAL)],
  [named('write', WEAK), named('__write', GLOBAL)],
  [named('puts', WEAK), named('_IO_puts', GLOBAL)],
  [named('open64', WEAK), named('open', LOCAL)],
  [named('open', WEAK), named('open64', WEAK)],
  [named('__libc_start_main', GLOBAL), named('__libc_start_main_impl', LOCAL)],
  [named('memmove', GLOBAL), named('memcpy', GLOBAL, { defaultVersion: false })],
  [named('__memmove', GLOBAL), named('memcpy', GLOBAL, { defaultVersion: false })],
  [named('__start', LOCAL), named('start', GLOBAL, { label: true })],
  [named('_ZN1aC1Ev', WEAK), named('_ZN1aC2Ev', WEAK)],
]

test('the name that a user expects is preferred', () => {
  for (const [better, worse] of facts) {
    assert.ok(compareNames(better, worse) < 0, `${better.name} before ${worse.name}`)
    assert.ok(compareNames(worse, better) > 0, `${worse.name} after ${better.name}`)
  }
})

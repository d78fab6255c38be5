import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { badConversion, parseFormat } from '../../src/ir/format-string.js'
import { formatText } from '../../src/record/format-text.js'

const numbers = [0n, 1n, -1n, 42n, -12345n, (1n << 63n) - 1n, -(1n << 63n)]

/** printf(1) refuses flags that mean nothing for a conversion. */
function shellFormats(specifier: string): string[] {
  const signs = ['', '-', '0', '+', ' ', '-0', '+0', '- ']
  const bases = ['', '-', '0', '-0', '#', '#0', '-#']
  const flags = 'di'.includes(specifier) ? signs : specifier === 'u' ? ['', '-', '0', '-0'] : bases
  const widths = ['', '1', '8', '22']
  const precisions = ['', '.0', '.3', '.21']
  return flags.flatMap((flag) =>
    widths.flatMap((width) => precisions.map((precision) => `${flag}${width}${precision}`)),
  )
}

const missing =
  spawnSync('/usr/bin/printf', ['%d', '1']).stdout?.toString() === '1' ? undefined : '/usr/bin/printf is missing'

for (const specifier of ['d', 'i', 'u', 'o', 'x', 'X']) {
  test(`%${specifier} with flags, widths and precisions is printf(1)'s`, { skip: missing ?? false }, () => {
    for (const spec of shellFormats(specifier)) {
      const format = `[%${spec}${specifier}]`
      const shown = numbers.map((value) => formatText(format, [{ kind: 'integer', value }]))
      const asked = spawnSync('/usr/bin/printf', [`${format}\\n`, ...numbers.map(String)], { encoding: 'utf8' }).stdout
      assert.deepEqual(shown, asked.trimEnd().split('\n'), format)
    }
  })
}

test('length modifiers cut to their type', () => {
  const value = 0x1_2345_89ab_cdefn
  const shown = (format: string): string => formatText(format, [{ kind: 'integer', value }])
  assert.equal(shown('%hhd'), '-17')
  assert.equal(shown('%hhu'), '239')
  assert.equal(shown('%hx'), 'cdef')
  assert.equal(shown('%lx'), '1234589abcdef')
  assert.equal(shown('%llx'), '1234589abcdef')
  assert.equal(shown('%zu'), String(value))
})

test('text, characters, pointers and bytes', () => {
  assert.equal(formatText('%5s|%-5s|%.2s', [text('abc'), text('abc'), text('abc')]), '  abc|abc  |ab')
  assert.equal(formatText('%c%3c', [integer(65n), integer(66n)]), 'A  B')
  assert.equal(formatText('%p %8p', [integer(255n), integer(16n)]), '0xff     0x10')
  const bytes = { kind: 'bytes' as const, bytes: Uint8Array.from([0x61, 0, 0xff, 0x22]) }
  assert.equal(formatText('%r %rx %rh', [bytes, bytes, bytes]), 'a\\x00\\xff" \\x61\\x00\\xff\\x22 61 00 ff 22')
  assert.equal(
    formatText('%d %s', [
      { kind: 'boolean', value: true },
      { kind: 'boolean', value: true },
    ]),
    '1 true',
  )
  assert.equal(formatText('%s', [{ kind: 'tuple', elements: [integer(1n), text('a')] }]), '(1, a)')
})

test('%% is a percent sign, and everything else must be a conversion', () => {
  assert.deepEqual(parseFormat('100%%'), ['100', '%'])
  assert.equal(badConversion('%d %% %lld %-5.3s %rx'), -1)
  assert.equal(badConversion('ab %q'), 3)
  assert.equal(badConversion('50%'), 2)
})

function integer(value: bigint) {
  return { kind: 'integer' as const, value }
}

function text(value: string) {
  return { kind: 'text' as const, text: value }
}

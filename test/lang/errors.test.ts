import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile } from '../../src/lang/compile.js'
import { defaultOptions } from '../../src/lang/compile-options.js'
import { diagnosticText } from '../../src/lang/diagnostic.js'
import { readCases, writeCases } from './case-file.js'

function messages(script: string, unsafe = false): string {
  const compilation = compile('stdin', script, { ...defaultOptions, unsafe })
  const found = compilation.kind === 'rejected' ? compilation.diagnostics : compilation.warnings
  return found.map((diagnostic) => diagnosticText(compilation.source, diagnostic)).join('')
}

if (process.env['RING3_UPDATE_GOLDEN'] === '1')
  writeCases(
    'errors',
    readCases('errors').map(({ script }) => ({ script, expected: messages(script) })),
  )

for (const { script, expected } of readCases('errors')) {
  test(`what is wrong with ${script}`, () => {
    assert.equal(messages(script), expected)
    assert.match(expected, /ERROR/)
  })
}

test('a span of several lines is named by its lines', () => {
  assert.match(messages('BEGIN {\n  printf("%d",\n    1,\n 2);\n}'), /^stdin:2-4: ERROR: printf: Too many arguments/)
})

test('columns count from 1, and tabs keep the mark below its text', () => {
  assert.equal(
    messages('BEGIN {\n\t$a + 1 }'),
    'stdin:2:2-4: ERROR: Undefined or undeclared variable: $a\n\t$a + 1 }\n\t~~\nHINT: assign it first: $a = …;\n',
  )
})

test('signed division warns', () => {
  const warning = /^stdin:1:17-24: WARNING: signed operands for '\/' can lead to undefined behavior/
  assert.match(messages('BEGIN { $a = 5; $a / -2 }'), warning)
  assert.equal(messages('BEGIN { $a = (uint64)5; $a / 2 }'), '')
})

test('with --unsafe, signals are looked at', () => {
  assert.match(messages('BEGIN { signal("SIGFOO") }', true), /SIGFOO is not a valid signal/)
  assert.match(messages('BEGIN { signal(65) }', true), /65 is not a valid signal, allowed range: \[1,64\]/)
  assert.equal(messages('BEGIN { signal("KILL"); signal(9); system("ls %d", 1) }', true), '')
})

test('types may be known below the place that needs them', () => {
  assert.equal(messages('BEGIN { @x[@y[@z]] = 5; @y[2] = 1; @z = @x[0]; }'), '')
  assert.equal(messages('BEGIN { $a = @s; @t[1] = $a; } END { @s = "text"; printf("%s", @t[1]) }'), '')
})

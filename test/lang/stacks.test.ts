import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile } from '../../src/lang/compile.js'
import { defaultOptions } from '../../src/lang/compile-options.js'
import { diagnosticText } from '../../src/lang/diagnostic.js'
import { programJson } from '../../src/outputs/json/program-json.js'
import { programText } from '../../src/outputs/text/program-text.js'
import type { ProgramRecord } from '../../src/record/program-record.js'
import { dataOf } from '../../src/session/map-data.js'
import { pretendHit } from './pretend-hit.js'
import { compiled, runProgram } from './run-program.js'

/** Three addresses: pretended names are `f` and the address without its last two digits. */
const hit = pretendHit({ stack: [0x1000n, 0x1234n, 0x7fff00001000n] })

function records(script: string): readonly ProgramRecord[] {
  return runProgram(compiled(script), [hit]).records.slice(1)
}

function printed(script: string): string {
  return records(script).map(programText).join('')
}

test('a stack is shown as bpftrace shows it, in each mode', () => {
  const script = 'uprobe:a:b { printf("%s|", ustack); printf("%s|", ustack(perf)); printf("%s|", ustack(raw, 2)) }'
  assert.equal(
    printed(script).trimEnd(),
    [
      '\n        f16+0\n        f18+52\n        0x7fff00001000\n|',
      '\n\t1000 f16+0 (/pretend)\n\t1234 f18+52 (/pretend)\n\t7fff00001000 0x7fff00001000 ([unknown])\n|',
      '\n1000\n1234\n|',
    ].join(''),
  )
})

test('a stack is the key of a map, alone and in a tuple, its value, and what print() prints', () => {
  const script =
    'uprobe:a:b { @[ustack(2)] = count(); @t[1, ustack(1)] = sum(3); @v = ustack(bpftrace, 1); print(ustack(1)) }'
  assert.equal(
    printed(script),
    [
      '\n        f16+0\n\n',
      '\n\n@[\n        f16+0\n        f18+52\n]: 1\n',
      '@t[1, \n        f16+0\n]: 3\n',
      '@v: \n        f16+0\n\n',
    ].join(''),
  )
})

test('equal stacks are one key, others are another', () => {
  const program = compiled('uprobe:a:b { @[ustack] = count() }')
  const other = pretendHit({ stack: [0x1000n, 0x1235n] })
  const shown = runProgram(program, [hit, other, hit, hit]).records.map(programText).join('')
  assert.match(shown, /f18\+53\n\]: 1\n/)
  assert.match(shown, /0x7fff00001000\n\]: 3\n/)
})

test('JSON has the text of a stack', () => {
  const lines = records('uprobe:a:b { @[ustack(1)] = ustack(raw, 1) }').map(programJson).join('')
  assert.equal(lines, '{"type": "map", "data": {"@": {"\\n        f16+0\\n": "\\n1000\\n"}}}\n')
})

test('the library gets frames', () => {
  const [value] = records('uprobe:a:b { print(ustack) }')
  assert.ok(value?.kind === 'value')
  assert.deepEqual(dataOf(value.value), [
    { address: 0x1000n, symbol: 'f16', offset: 0, module: '/pretend' },
    { address: 0x1234n, symbol: 'f18', offset: 52, module: '/pretend' },
    { address: 0x7fff00001000n },
  ])
})

test('len() of a stack is how many addresses it has', () => {
  assert.equal(printed('uprobe:a:b { $s = ustack; printf("%d %d", len($s), len(ustack(2))) }').trim(), '3 2')
})

const refused: readonly (readonly [script: string, message: RegExp])[] = [
  ['uprobe:a:b { @[ustack(128)] = count() }', /limit shouldn't exceed 127, 128 given/],
  ['uprobe:a:b { @[ustack(0)] = count() }', /invalid limit value/],
  ['uprobe:a:b { @[ustack(-1)] = count() }', /invalid limit value/],
  ['uprobe:a:b { @[ustack(arg0)] = count() }', /Invalid stack mode\n.*\n.*\nHINT: .* a literal limit/],
  ['uprobe:a:b { @[ustack(fancy)] = count() }', /Invalid stack mode/],
  ['uprobe:a:b { @[ustack(3, 4)] = count() }', /Invalid stack mode/],
  ['uprobe:a:b { @ = ustack; @ = ustack(perf) }', /Type mismatch/],
  ['uprobe:a:b { print(ustack + 1) }', /ERROR/],
  ['uprobe:a:b { print(len(1)) }', /expects a map/],
  ['BEGIN { print(ustack) }', /The ustack builtin can only be used with/],
]

for (const [script, message] of refused) {
  test(`refused: ${script}`, () => {
    const compilation = compile('stdin', script, defaultOptions)
    assert.ok(compilation.kind !== 'compiled')
    const text = compilation.diagnostics.map((each) => diagnosticText(compilation.source, each)).join('')
    assert.match(text, message)
  })
}

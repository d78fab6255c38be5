import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bpftraceMissing } from '../lang/bpftrace-oracle.js'
import { buildProgram } from '../programs/build.js'
import { readScriptCases, runWithBpftrace, runWithRing3, writeScriptCases } from './script-cases.js'

const built = await buildProgram('scripted')
const program = built.kind === 'built' ? built.path : ''
const missing = built.kind === 'missing' ? built.because : false
const noBpftrace = missing === false ? bpftraceMissing() : missing

if (process.env['RING3_UPDATE_GOLDEN'] === '1' && noBpftrace === undefined) {
  const cases = readScriptCases('scripts')
  for (const [at, { script }] of cases.entries())
    cases[at] = { script, expected: await runWithBpftrace(script, program, 'text') }
  writeScriptCases(cases)
}

for (const { script, expected } of [...readScriptCases('scripts'), ...readScriptCases('scripts-modern')]) {
  test(`a script over a process: ${script}`, { skip: missing }, async () => {
    assert.equal(await runWithRing3(script, program, 'text'), expected)
  })
}

test('the installed bpftrace still prints what the cases say', { skip: noBpftrace ?? false }, async () => {
  for (const { script, expected } of readScriptCases('scripts').filter((_, at) => at % 6 === 0))
    assert.equal(await runWithBpftrace(script, program, 'text'), expected, script)
})

test('JSON is that of the installed bpftrace', { skip: noBpftrace ?? false }, async () => {
  for (const { script } of readScriptCases('scripts').filter((_, at) => at % 6 === 3))
    assert.equal(await runWithRing3(script, program, 'json'), await runWithBpftrace(script, program, 'json'), script)
})

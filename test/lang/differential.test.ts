import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programJson } from '../../src/outputs/json/program-json.js'
import { programText } from '../../src/outputs/text/program-text.js'
import { askBpftrace, bpftraceMissing, marked } from './bpftrace-oracle.js'
import { readCases, writeCases } from './case-file.js'
import { programProblems } from './check-program.js'
import { compiled, runProgram } from './run-program.js'

/**
 * Scripts whose output bpftrace 0.17 and later versions agree about, but for white space. `modern.cases` has what only later
 * versions know, or do otherwise: written down by hand from the manual and from bpftrace's own tests.
 */
const files = ['arithmetic', 'printf', 'values', 'maps', 'aggregations']

const missing = bpftraceMissing()
const isUpdating = process.env['RING3_UPDATE_GOLDEN'] === '1' && missing === undefined

for (const name of files) {
  const cases = readCases(name)
  if (isUpdating)
    writeCases(
      name,
      cases.map(({ script }) => ({ script, expected: askBpftrace(script, 'text') })),
    )
  for (const { script, expected } of readCases(name)) {
    test(`${name}: ${script}`, () => {
      const { records } = runProgram(compiled(marked(script)))
      assert.equal(records.map(programText).join(''), expected)
    })
  }
}

test('the installed bpftrace still prints what the case files say', { skip: missing ?? false }, () => {
  for (const name of files) {
    for (const { script, expected } of readCases(name).filter((_, at) => at % 5 === 0))
      assert.equal(askBpftrace(script, 'text'), expected, script)
  }
})

for (const { script, expected } of readCases('modern')) {
  test(`modern: ${script}`, () => {
    const { records } = runProgram(compiled(marked(script)))
    assert.equal(records.map(programText).join(''), expected)
  })
}

test('programs keep what code generators rely on', () => {
  for (const { script } of [...files, 'modern'].flatMap(readCases))
    assert.deepEqual(programProblems(compiled(script)), [], script)
})

test('JSON is that of the installed bpftrace', { skip: missing ?? false }, () => {
  for (const name of ['values', 'maps', 'aggregations']) {
    for (const { script } of readCases(name).filter(
      ({ script }, at) => at % 4 === 1 && !script.includes('(uint64)-1'),
    )) {
      const { records } = runProgram(compiled(marked(script)))
      assert.equal(records.map(programJson).join(''), askBpftrace(script, 'json'), script)
    }
  }
})

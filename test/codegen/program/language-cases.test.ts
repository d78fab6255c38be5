import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCases } from '../../lang/case-file.js'
import { compiled } from '../../lang/run-program.js'
import { missingTools } from '../../programs/build.js'
import { assertAgreement } from './assert-agreement.js'
import { states } from './machine-states.js'
import type { RunCase } from './run-cases.js'

const lacking = missingTools('gcc')
const files = ['arithmetic', 'printf', 'values', 'maps', 'aggregations', 'modern']

/** Every handler of each script, once, in their order. */
test('the scripts of the case files do as machine code what the interpreter does', (t) => {
  if (lacking !== undefined) return t.skip(lacking)
  const scripts = files.flatMap(readCases).map(({ script }) => script)
  const cases = scripts.map((script, at): RunCase => {
    const program = compiled(script)
    return {
      program,
      hits: program.handlers.map((_, handler) => ({ handler, arguments: [5n, 7n, 1n], returnValue: 3n })),
      memory: new Map(),
      state: states[at % states.length] ?? assert.fail(),
    }
  })
  const { ran, refused } = assertAgreement(cases, (at) => scripts[at] ?? '')
  t.diagnostic(`${ran} ran, refused: ${JSON.stringify([...refused])}`)
  assert.ok(ran > 0.9 * scripts.length)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildProgram } from '../../programs/build.js'
import { runRandomInstructions } from './random-instructions-run.js'

const CASES = 20_000

test(`${CASES} random instructions do the same moved, emulated and in place`, async (t) => {
  const built = await buildProgram('instruction-runner')
  if (built.kind === 'missing') return t.skip(built.because)
  const seed = Date.now() % 1_000_000
  const { forms, cases, ways, findings } = runRandomInstructions(built.path, { from: 0, to: CASES }, seed)
  t.diagnostic(
    `seed ${seed}: ${cases} cases of ${forms.run} forms; ${forms.unsupported} forms are not of this processor`,
  )
  for (const [name, { same, notServed }] of Object.entries(ways)) {
    const others = Object.values(notServed).reduce((sum, count) => sum + count, 0)
    t.diagnostic(`${name}: ${same} the same, ${others} not served`)
    assert.ok(!Object.keys(notServed).some((because) => because.includes('cannot be given a register')), name)
    assert.ok(same > 0, `${name} serves something`)
  }
  assert.deepEqual(
    findings,
    [],
    `again with: node dist/test/robustness/random-instructions.js --seed ${seed} --only NUMBER`,
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildProgram } from '../../programs/build.js'
import { runLiveInstructions } from './live-instructions-run.js'
import { liveWays } from './live-way.js'

/** In each of the ways: more than 20,000 comparisons in all. */
const CASES = 3900

/** At most so many of a hundred are refused; emulated and hardware serve what they can. */
const MOST_REFUSED = 5

test(`${CASES} random instructions of a running process do the same with a probe on them, in every way`, async (t) => {
  const built = await buildProgram('instruction-runner')
  if (built.kind === 'missing') return t.skip(built.because)
  const seed = Date.now() % 1_000_000
  const run = { program: built.path, ways: liveWays, numbers: { from: 0, to: CASES }, seed, batch: 1000 }
  const { cases, leftOut, ways, findings } = await runLiveInstructions(run)
  t.diagnostic(`seed ${seed}: ${cases} cases in each way; ${leftOut} more end the runner, or never end`)
  for (const [name, { same, refused, because }] of Object.entries(ways)) {
    t.diagnostic(`${name}: ${same} the same; refused: ${JSON.stringify(refused)}`)
    for (const [code, sentence] of Object.entries(because)) t.diagnostic(`${code}: ${sentence}`)
    const mostRefused = name === 'emulated' ? 70 : name === 'hardware' ? 100 : MOST_REFUSED
    const total = Object.values(refused).reduce((sum, count) => sum + count, 0)
    assert.ok(same > 0 && total * 100 <= cases * mostRefused, `${name} serves what it should`)
  }
  assert.deepEqual(
    findings,
    [],
    `again with: node dist/test/robustness/live-instructions.js --seed ${seed} --only NUMBER WAY`,
  )
})

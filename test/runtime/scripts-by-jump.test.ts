/** The scripts of `scripts.test.ts`, run in the target: they print the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { marked } from '../lang/bpftrace-oracle.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { readScriptCases } from './script-cases.js'
import { ScriptProcess } from './script-process.js'
import { captureState, stateDifferences } from './target-state.js'

const built = await buildProgram('scripted')
const program = built.kind === 'built' ? built.path : ''
const missing = built.kind === 'missing' ? built.because : false

/** The tracer does these when it gets to the event, as in bpftrace; by then the fifty calls of a loop have been made. */
const asynchronous = /exit\(\)|clear\(/

for (const { script, expected } of [...readScriptCases('scripts'), ...readScriptCases('scripts-modern')]) {
  // Nobody is this run's child.
  const skip = /cpid/.test(script) ? 'needs a process that was started for the run' : missing
  test(`by jump: ${script}`, { skip }, async () => {
    await using target = await startTarget(program, ['held'])
    const before = captureState(target.pid)
    const placed = marked(script).replaceAll('PROGRAM', program)
    await using run = new ScriptProcess(target.pid, placed, ['--via', 'jump'])
    assert.ok(await run.attached(), run.stderr)
    await target.ask('go', /^done/, 30_000)
    await run.end()
    if (asynchronous.test(script)) assert.match(run.stdout, /^<end>$/m)
    else assert.equal(run.stdout.replaceAll(program, 'PROGRAM'), expected, run.stderr)
    assert.deepEqual(stateDifferences(before), [])
  })
}

/**
 * The scripts of `scripts.test.ts`, with each mechanism: they print the same. `RING3_EVERY_MODE=1` runs all of them in every way, and
 * lists what a mechanism refuses; each run of the suite makes a part of that.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programText } from '../../src/outputs/text/program-text.js'
import { type AttachOptions, attach, RefusedError, ScriptError } from '../../src/ring3.js'
import { compileScript } from '../../src/session/compile-script.js'
import { marked } from '../lang/bpftrace-oracle.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { isAsynchronous, readScriptCases } from './script-cases.js'
import { captureState, stateDifferences } from './target-state.js'

const built = await buildProgram('scripted')
const program = built.kind === 'built' ? built.path : ''
const missing = built.kind === 'missing' ? built.because : false

interface Way {
  readonly name: string
  readonly options: AttachOptions
  /** What serves the probes. */
  readonly mechanism: string
  /** How many scripts go to one that is run so. */
  readonly every: number
  /** What it refuses is listed; else nothing may be. */
  readonly mayRefuse?: boolean
}

const isLong = process.env['RING3_EVERY_MODE'] === '1'

function breakpoint(resume: 'inline' | 'out-of-line' | 'boosted' | 'emulated'): Way {
  return { name: resume, options: { via: 'breakpoint', resume }, mechanism: 'breakpoint', every: 1, mayRefuse: true }
}

/** `scripts.test.ts` runs all of them by `auto`. */
const someWays: readonly Way[] = [
  { name: 'auto', options: { via: 'auto' }, mechanism: 'jump', every: 9 },
  { name: 'jump', options: { via: 'jump' }, mechanism: 'jump', every: 3 },
  { name: 'signal', options: { via: 'signal' }, mechanism: 'signal', every: 4 },
  { name: 'breakpoint', options: { via: 'breakpoint' }, mechanism: 'breakpoint', every: 2 },
]
const allWays: readonly Way[] = [
  ...someWays.map((way) => ({ ...way, every: 1, mayRefuse: way.name !== 'breakpoint' })),
  ...(['inline', 'out-of-line', 'boosted', 'emulated'] as const).map(breakpoint),
  { name: 'hardware', options: { via: 'hardware' }, mechanism: 'hardware', every: 1, mayRefuse: true },
]
const ways = isLong ? allWays : someWays

const cases = [...readScriptCases('scripts'), ...readScriptCases('scripts-modern')]

for (const { name, options, mechanism, every, mayRefuse } of ways) {
  for (const { script, expected } of cases.filter((_, at) => at % every === 0)) {
    // Nobody is this run's child.
    const skip = /cpid/.test(script) ? 'needs a process that was started for the run' : missing
    test(`by ${name}: ${script}`, { skip }, async (t) => {
      await using target = await startTarget(program, ['held'])
      const before = captureState(target.pid)
      {
        await using session = await attach(target.pid, options)
        const text = marked(script).replaceAll('PROGRAM', program)
        // What is wrong with a script itself is no refusal.
        compileScript(text)
        const run = await session.run(text).catch((error: unknown) => {
          if (mayRefuse === true && error instanceof RefusedError) return error.refusal
          // A probe that the script names is refused in the script's own place.
          if (mayRefuse === true && error instanceof ScriptError)
            return { code: 'in the script', because: error.message }
          throw error
        })
        if ('because' in run) return t.diagnostic(`${name} refuses (${run.code}): ${run.because}: ${script}`)
        let printed = ''
        run.on('record', (record) => {
          printed += programText(record)
        })
        assert.deepEqual(Object.keys(run.attached?.mechanisms ?? {}), [mechanism])
        await target.ask('go', /^done/, 30_000)
        await run.close()
        if (mechanism !== 'breakpoint' && isAsynchronous(script)) assert.match(printed, /^<end>$/m)
        else assert.equal(printed.replaceAll(program, 'PROGRAM'), expected)
      }
      assert.deepEqual(stateDifferences(before), [])
    })
  }
}

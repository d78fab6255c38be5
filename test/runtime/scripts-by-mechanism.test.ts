/** The scripts of `scripts.test.ts`, with each mechanism: they print the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programText } from '../../src/outputs/text/program-text.js'
import { attach } from '../../src/ring3.js'
import { marked } from '../lang/bpftrace-oracle.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { isAsynchronous, readScriptCases } from './script-cases.js'
import { captureState, stateDifferences } from './target-state.js'

const built = await buildProgram('scripted')
const program = built.kind === 'built' ? built.path : ''
const missing = built.kind === 'missing' ? built.because : false

interface Way {
  readonly via: 'auto' | 'jump' | 'signal' | 'breakpoint'
  /** What serves the probes. */
  readonly mechanism: string
  /** How many scripts go to one that is run so. */
  readonly every: number
}

/** `scripts.test.ts` runs all of them by `auto`. */
const ways: readonly Way[] = [
  { via: 'auto', mechanism: 'jump', every: 9 },
  { via: 'jump', mechanism: 'jump', every: 3 },
  { via: 'signal', mechanism: 'signal', every: 4 },
  { via: 'breakpoint', mechanism: 'breakpoint', every: 2 },
]

const cases = [...readScriptCases('scripts'), ...readScriptCases('scripts-modern')]

for (const { via, mechanism, every } of ways) {
  for (const { script, expected } of cases.filter((_, at) => at % every === 0)) {
    // Nobody is this run's child.
    const skip = /cpid/.test(script) ? 'needs a process that was started for the run' : missing
    test(`by ${via}: ${script}`, { skip }, async () => {
      await using target = await startTarget(program, ['held'])
      const before = captureState(target.pid)
      {
        await using session = await attach(target.pid, { via })
        const run = await session.run(marked(script).replaceAll('PROGRAM', program))
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

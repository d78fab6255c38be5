/** The scripts of `scripts.test.ts`, with each mechanism: they print the same, or say why they cannot run so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programText } from '../../src/outputs/text/program-text.js'
import { attach, RefusedError } from '../../src/ring3.js'
import { marked } from '../lang/bpftrace-oracle.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'
import { isAsynchronous, readScriptCases } from './script-cases.js'
import { captureState, stateDifferences } from './target-state.js'

const built = await buildProgram('scripted')
const program = built.kind === 'built' ? built.path : ''
const missing = built.kind === 'missing' ? built.because : false

/** What has no machine code, by words of the script. */
const notCompiled = /ustack/

interface Way {
  readonly via: 'auto' | 'jump' | 'signal' | 'breakpoint'
  /** What serves the probes of a script for which there is machine code, and of another; undefined: it is refused. */
  readonly compiled: string
  readonly interpreted: string | undefined
  /** How many scripts go to one that is run so. */
  readonly every: number
}

const ways: readonly Way[] = [
  { via: 'auto', compiled: 'jump', interpreted: 'breakpoint', every: 6 },
  { via: 'jump', compiled: 'jump', interpreted: undefined, every: 1 },
  { via: 'signal', compiled: 'signal', interpreted: undefined, every: 3 },
  { via: 'breakpoint', compiled: 'breakpoint', interpreted: 'breakpoint', every: 1 },
]

const cases = [...readScriptCases('scripts'), ...readScriptCases('scripts-modern')]

for (const { via, compiled, interpreted, every } of ways) {
  for (const { script, expected } of cases.filter((_, at) => at % every === 0)) {
    // Nobody is this run's child.
    const skip = /cpid/.test(script) ? 'needs a process that was started for the run' : missing
    test(`by ${via}: ${script}`, { skip }, async () => {
      await using target = await startTarget(program, ['held'])
      const before = captureState(target.pid)
      const mechanism = notCompiled.test(script) ? interpreted : compiled
      {
        await using session = await attach(target.pid, { via })
        const running = session.run(marked(script).replaceAll('PROGRAM', program))
        if (mechanism === undefined) {
          await assert.rejects(
            running,
            (error) => error instanceof RefusedError && error.refusal.code === 'not-compiled',
          )
          return
        }
        const run = await running
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

/** The suites of `exactness.test.ts` and `works-on.test.ts`, once for every way of catching a thread. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import type { ProgramName } from '../programs/program-table.js'
import { startTarget } from '../programs/start-target.js'
import { type ExactnessMode, exactnessModes } from './exactness-modes.js'
import { runExactness } from './exactness-run.js'
import { missingCli } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'
import { type Way, ways } from './ways.js'

/** As many of everything that calls as the way can take. */
function atPace({ args }: ExactnessMode, pace: number): readonly string[] {
  const mostBirths = Math.max(1, Math.ceil(pace * 1000))
  return args.map((arg, at) => {
    const option = args[at - 1]
    if (option === '--calls') return String(Math.max(4, Math.ceil(Number(arg) * pace)))
    return option === '--births' ? String(Math.min(Number(arg), mostBirths)) : arg
  })
}

interface Run {
  readonly program: ProgramName
  readonly args: readonly string[]
  readonly functions: readonly string[]
}

async function isExact(t: TestContext, way: Way, { program, args, functions }: Run): Promise<void> {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram(program)
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, args)
  const before = captureState(target.pid)
  const { hits, differences } = await runExactness(target, program, functions, 2, way.args)
  const refused = differences.filter((difference) => / was refused: /.test(difference))
  for (const refusal of refused) t.diagnostic(`${way.name}: ${refusal}`)
  assert.deepEqual(
    differences.filter((difference) => !refused.includes(difference)),
    [],
  )
  assert.deepEqual(stateDifferences(before), [])
  t.diagnostic(`${hits} hits`)
}

/** A child of vfork is a process of its own to the kernel, which copies debug registers to threads only. */
const missesVforkChildren = 'hits of vfork children are not seen by debug registers'
/** Its own handler makes a call every 200 µs: more than it takes to hold all threads twice. */
const slowerThanAlarm = 'the alarm comes more often than one hit takes, so that the program would not get on'

function limitOf(way: Way, { args }: ExactnessMode): string | undefined {
  if (way.name === 'hardware' && args.includes('--vforks')) return missesVforkChildren
  return way.name === 'inline' && args.includes('--signals') ? slowerThanAlarm : undefined
}

/** Every mode and program in a long run; in the suite, those in which most can go wrong. */
const isLong = process.env['RING3_EVERY_MODE'] === '1'
const modes = isLong ? exactnessModes : exactnessModes.filter(({ fact }) => /^(?:two threads|all of it)/.test(fact))
const everyProgram = ['calls-nonpie', 'calls-static', 'calls-static-pie', 'calls-musl'] as const
const programs = isLong ? everyProgram : (['calls-static'] as const)

for (const way of ways) {
  for (const mode of modes) {
    test(`${way.name}: counts are exact with ${mode.fact}`, async (t) => {
      const limit = limitOf(way, mode)
      if (limit !== undefined) return t.skip(limit)
      const args = atPace(mode, way.pace)
      await isExact(t, way, { program: 'calls', args, functions: ['work', 'leaf', 'recurse'] })
    })
  }
  for (const program of programs) {
    test(`${way.name}: counts are exact in ${program}`, async (t) => {
      const args = atPace({ fact: '', args: ['--threads', '2', '--calls', '50000'] }, way.pace)
      await isExact(t, way, { program, args, functions: ['work', 'leaf', 'recurse'] })
    })
  }
}

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { hasTool } from '../elf/elf-files.js'
import { buildProgram, findTool } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { postgresWorkload } from '../workloads/postgres-workload.js'
import { startNode, startPython } from './busy-programs.js'
import { comparison, type FrameComparison, nothingCompared, sumOf } from './frame-comparison.js'
import { unwindingsOf, walkRecorded } from './recorded-scene.js'
import { recordStacks } from './recorded-stack.js'

const STOPS = Number(process.env['RING3_STACK_STOPS'] ?? 150)
const SEED = Number(process.env['RING3_STACK_SEED'] ?? 1)

/** Stops that gdb makes at one go. */
const BATCH = 1000

/** Instructions behind the beginning of a function. */
const STEPS = 60

/** What the project promises. */
const LEAST_EQUAL = 0.999

async function compared(t: TestContext, pid: number, functions: readonly string[], steps = STEPS): Promise<void> {
  let all = nothingCompared
  for (let first = 0; first < STOPS; first += BATCH) {
    const stops = Math.min(BATCH, STOPS - first)
    const stacks = await recordStacks({ pid, functions, stops, steps, seed: SEED + first })
    const unwindings = unwindingsOf(pid)
    const isInModule = (pc: bigint): boolean => unwindings.some(({ start, end }) => start <= pc && pc < end)
    const walked = stacks.map((stack) => ({ stack, walked: walkRecorded(stack, unwindings, steps === 1) }))
    all = sumOf(all, comparison(walked, isInModule))
  }
  t.diagnostic(`${all.equal} of ${all.frames} frames in ${STOPS} stacks are equal`)
  assert.ok(all.frames > 3 * STOPS, 'the stacks have callers')
  assert.ok(isGood(all), `${all.equal} of ${all.frames} frames are equal; the first difference:\n${all.differences[0]}`)
}

function isGood({ equal, frames }: FrameComparison): boolean {
  return equal >= LEAST_EQUAL * frames
}

const inPrograms = ['leaf', 'on_stack', 'large', 'aligned', 'compare', 'recurse', 'handle', 'raise']

test('without frame pointers: our stacks are those of gdb', async (t) => {
  await using target = await startProgram(t, 'stacks', [])
  if (target !== undefined) await compared(t, target.pid, inPrograms)
})

// Without tables, what gdb makes of the middle of a prologue is its own guess: the stops are at entries.
test('with frame pointers only: our stacks are those of gdb', async (t) => {
  await using target = await startProgram(t, 'stacks-framed', ['--period', '0'])
  if (target !== undefined) await compared(t, target.pid, inPrograms, 1)
})

async function startProgram(
  t: TestContext,
  name: 'stacks' | 'stacks-framed',
  parameters: readonly string[],
): Promise<Target | undefined> {
  if (!hasTool(t, 'gdb')) return undefined
  const built = await buildProgram(name)
  if (built.kind === 'built') return startTarget(built.path, parameters)
  t.skip(built.because)
  return undefined
}

test('python3: our stacks are those of gdb', async (t) => {
  const python = findTool('python3')
  if (!hasTool(t, 'gdb') || python === undefined) return t.skip('not installed: python3')
  await using target = await startPython(python)
  await compared(t, target.pid, ['malloc', 'PyObject_Malloc', '_PyEval_EvalFrameDefault', 'PyDict_SetItem'])
})

test('node: our stacks are those of gdb', async (t) => {
  if (!hasTool(t, 'gdb')) return
  await using target = await startNode()
  await compared(t, target.pid, ['malloc', 'free', 'EVP_DigestUpdate'])
})

test('postgres: our stacks are those of gdb', async (t) => {
  const missing = postgresWorkload.missing()
  if (!hasTool(t, 'gdb') || missing !== undefined) return t.skip(missing)
  await using server = await postgresWorkload.start()
  const [backend] = server.pids
  assert.ok(backend !== undefined)
  const load = server.startLoad()
  await compared(t, backend, ['palloc', 'pfree', 'hash_search', 'LWLockAcquire'])
  await load.finish()
})

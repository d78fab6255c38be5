import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { hasTool } from '../elf/elf-files.js'
import { buildProgram, findTool } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { postgresWorkload } from '../workloads/postgres-workload.js'
import { startNode, startPython } from './busy-programs.js'
import { compareTaken, takeStacks } from './taken-stacks.js'

const STACKS = Number(process.env['RING3_STACKS_TAKEN'] ?? 40)

/** Takes stacks at `module:function`, or at an instruction of it. */
async function assertSame(t: TestContext, pid: number, probe: string): Promise<void> {
  const isEntry = !probe.includes('+')
  const { stacks, frames, whole, differences } = compareTaken(pid, await takeStacks(pid, probe, STACKS), isEntry)
  t.diagnostic(`${probe}: ${frames} frames in ${stacks} stacks, ${whole} of them whole`)
  assert.equal(stacks, STACKS)
  assert.ok(frames > 2 * stacks, 'the stacks have callers')
  assert.deepEqual(differences, [], `${differences.length} stacks differ`)
}

async function startProgram(
  t: TestContext,
  name: 'stacks' | 'stacks-framed',
  parameters: readonly string[],
): Promise<Target | undefined> {
  const built = await buildProgram(name)
  if (built.kind === 'built') return startTarget(built.path, parameters)
  t.skip(built.because)
  return undefined
}

test('without frame pointers: stacks taken in the target are those of src/stacks', async (t) => {
  await using target = await startProgram(t, 'stacks', [])
  if (target === undefined) return
  for (const function_ of ['leaf', 'aligned']) await assertSame(t, target.pid, `stacks:${function_}`)
  for (const offset of innerOffsets(t, target.pid)) await assertSame(t, target.pid, `stacks:aligned+${offset}`)
})

test('amid signal handlers, with signals all the time', async (t) => {
  await using target = await startProgram(t, 'stacks', ['--period', '300'])
  if (target !== undefined) await assertSame(t, target.pid, 'stacks:compare')
})

test('with frame pointers only', async (t) => {
  await using target = await startProgram(t, 'stacks-framed', ['--period', '0'])
  if (target !== undefined) await assertSame(t, target.pid, 'stacks-framed:leaf')
})

/** Some instructions of a function that aligns its stack: in its prologue and behind it. */
function innerOffsets(t: TestContext, pid: number): readonly number[] {
  if (!hasTool(t, 'objdump')) return []
  const args = ['-d', '--disassemble=aligned', '--no-show-raw-insn', `/proc/${pid}/exe`]
  const { stdout } = spawnSync('objdump', args, { encoding: 'utf8' })
  const starts = [...stdout.matchAll(/^\s+([0-9a-f]+):\t/gm)].map(([, at = '']) => Number.parseInt(at, 16))
  const [first = 0] = starts
  return [2, 8].flatMap((index) => (starts[index] === undefined ? [] : [starts[index] - first]))
}

test('python3', async (t) => {
  const python = findTool('python3')
  if (python === undefined) return t.skip('not installed: python3')
  await using target = await startPython(python)
  await assertSame(t, target.pid, 'libc:malloc')
})

test('node', async (t) => {
  await using target = await startNode()
  await assertSame(t, target.pid, 'libc:malloc')
})

test('postgres', async (t) => {
  const missing = postgresWorkload.missing()
  if (missing !== undefined) return t.skip(missing)
  await using server = await postgresWorkload.start()
  const [backend] = server.pids
  assert.ok(backend !== undefined)
  const load = server.startLoad()
  await assertSame(t, backend, 'postgres:palloc')
  await load.finish()
})

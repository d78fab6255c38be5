import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { buildProgram } from '../programs/build.js'
import type { ProgramName } from '../programs/program-table.js'
import { type StartOptions, startTarget, type Target } from '../programs/start-target.js'
import type { ToolRun } from '../workloads/run-tool.js'
import { type CliOptions, missingCli, ring3 } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

/** A refusal is one sentence to a human: a message line, no stack trace, and an exit code that is not zero. */
export function assertRefused(run: ToolRun, message: RegExp): void {
  assert.match(run.stderr, message)
  assert.ok(run.code > 0, `exit code ${run.code}: ${run.stderr}`)
  const lines = run.stderr.trimEnd().split('\n')
  assert.deepEqual(
    lines.filter((line) => /^\s+at /.test(line)),
    [],
    'a stack trace was printed',
  )
  assert.equal(lines.filter((line) => line.startsWith('ring3: ')).length, 1, run.stderr)
  // Where sites were found and all refused, the record says so too.
  assert.match(run.stdout, /^(\{"type":"attached_probes","data":\{"probes":0,.*\n)?$/)
}

export async function assertCountRefused(
  pid: number,
  pattern: string,
  message: RegExp,
  options: CliOptions = {},
): Promise<void> {
  assertRefused(await ring3(['count', '-p', String(pid), '-d', '1', '-f', 'json', pattern], options), message)
}

/** Starts a program and runs `use`; afterwards the program must be as it was. Skips when it cannot be built. */
export async function withProgram(
  t: TestContext,
  name: ProgramName,
  args: readonly string[],
  use: (target: Target) => Promise<void>,
  options: StartOptions = {},
): Promise<void> {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram(name)
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, args, options)
  const before = captureState(target.pid)
  await use(target)
  assert.ok(target.isRunning(), 'the target has ended')
  assert.deepEqual(stateDifferences(before), [])
}

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import { OutputLines } from '../programs/output-lines.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { parseTally } from './exactness-run.js'
import { ring3 } from './ring3-cli.js'
import { captureState, stateDifferences } from './target-state.js'

const cliPath = join(import.meta.dirname, '../../src/cli/main.js')
const script = 'uprobe:calls:work { @ = count(); printf("%d\\n", arg0) } END { printf("end\\n") }'

async function startCalls(): Promise<Target | string> {
  const built = await buildProgram('calls')
  return built.kind === 'missing' ? built.because : startTarget(built.path, ['--threads', '2', '--calls', '200'])
}

/** `ring3 -p PID -e script`, once its probes work. */
async function startScript(target: Target): Promise<{ child: ChildProcess; stdout: OutputLines }> {
  const command = [process.execPath, cliPath, '-p', String(target.pid), '-e', script]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  assert(child.stdout instanceof Readable)
  const stdout = new OutputLines(child.stdout, 'ring3 -e')
  await stdout.next(/^Attached 2 probes$/, 60_000)
  return { child, stdout }
}

async function ended(child: ChildProcess): Promise<readonly unknown[]> {
  return child.exitCode === null && child.signalCode === null
    ? await once(child, 'close')
    : [child.exitCode, child.signalCode]
}

test('Ctrl-C detaches, runs END and shows the maps', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  const before = captureState(target.pid)
  const { child, stdout } = await startScript(target)
  const tally = parseTally(await target.ask('go', /^counted/, 60_000))
  child.kill('SIGINT')
  assert.deepEqual(await ended(child), [0, null])
  assert.equal(tally.get('wrong'), 0n)
  assert.deepEqual(stdout.all.slice(-4), ['end', '', '', '@: 400'])
  assert.deepEqual(stateDifferences(before), [])
})

test('a ring3 that is killed amid hits harms nothing, and clean removes what it left', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  const before = captureState(target.pid)
  for (let round = 0; round < 3; round++) {
    const { child, stdout } = await startScript(target)
    const answer = target.ask('go', /^counted/, 60_000)
    await stdout.next(/^\d+$/, 60_000)
    child.kill('SIGKILL')
    await ended(child)
    assert.equal(parseTally(await answer).get('wrong'), 0n)
    assert.equal((await ring3(['clean', String(target.pid)])).code, 0)
    assert.deepEqual(stateDifferences(before), [])
  }
})

test('exit() ends ring3 with its code, and leaves the target as it was', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  const before = captureState(target.pid)
  const run = ring3(['-q', '-p', String(target.pid), '-e', 'uprobe:calls:work /arg0 == 150/ { exit(4) }'])
  const timer = setInterval(() => target.send('go'), 300)
  const { code, stderr } = await run
  clearInterval(timer)
  assert.deepEqual([code, stderr], [4, ''])
  assert.deepEqual(stateDifferences(before), [])
})

test('-l lists the probes of a process and of a file', async (t) => {
  const started = await startCalls()
  if (typeof started === 'string') return t.skip(started)
  await using target = started
  const built = await buildProgram('calls')
  assert(built.kind === 'built')
  const expected = `uprobe:${built.path}:leaf\nuprobe:${built.path}:work\n`
  const ofProcess = await ring3(['-l', '-p', String(target.pid), 'uprobe:calls:work', 'uprobe:calls:leaf'])
  const ofFile = await ring3(['-l', `uprobe:${built.path}:work`, `uprobe:${built.path}:leaf`])
  assert.deepEqual([ofProcess.stdout, ofFile.stdout], [expected, expected])
})

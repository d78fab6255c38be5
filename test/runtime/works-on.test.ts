import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { dirname } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildProgram } from '../programs/build.js'
import type { ProgramName } from '../programs/program-table.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { nobody, runsAsRoot } from '../workloads/server-folder.js'
import { CountProcess, missingCli } from './ring3-cli.js'
import { captureState, findAreas, remainingData, stateDifferences } from './target-state.js'

interface Case {
  readonly fact: string
  readonly program: ProgramName
  readonly args?: readonly string[]
  /** What is counted, without the module. Default: `work`. */
  readonly symbol?: string
  readonly uid?: number
}

const cases: readonly Case[] = [
  { fact: 'a position-independent executable', program: 'calls' },
  { fact: 'an executable at a fixed address', program: 'calls-nonpie' },
  { fact: 'a static executable with glibc', program: 'calls-static' },
  { fact: 'a static executable with musl', program: 'calls-musl' },
  { fact: 'a static position-independent executable', program: 'calls-static-pie' },
  { fact: 'a Go binary', program: 'go-calls', symbol: 'main.work' },
  { fact: 'a Rust binary', program: 'rust-calls' },
  { fact: 'a C++ program that throws', program: 'throws' },
  { fact: 'a program with 32 threads', program: 'calls', args: ['--threads', '32', '--calls', '20000'] },
  { fact: 'a process of an unprivileged user, by the same user', program: 'calls', uid: nobody },
]

function countedIn(line: string): bigint {
  const [, work, wrong] = /work=(\d+).* wrong=(\d+)/.exec(line) ?? []
  assert.equal(wrong, '0', line)
  return BigInt(work ?? -1)
}

/** Counts two rounds of the program with ring3; both tallies must agree, and nothing may be left behind. */
async function countTwoRounds(target: Target, pattern: string, uid?: number): Promise<void> {
  const before = captureState(target.pid)
  countedIn(await target.ask('go', /^counted/, 60_000))
  await using count = new CountProcess(target.pid, [pattern], ['--all'], uid)
  const attached = await count.attached()
  assert.deepEqual(attached.refused, [])
  const areas = findAreas(target.pid)
  assert.ok(areas.length > 0)
  const first = countedIn(await target.ask('go', /^counted/, 60_000))
  const second = countedIn(await target.ask('go', /^counted/, 60_000))
  const { counts, code, stderr } = await count.finish()
  assert.equal(code, 0, stderr)
  assert.deepEqual([...counts.values()], [first + second])
  assert.deepEqual(stateDifferences(before), [])
  assert.deepEqual(remainingData(target.pid, areas), [])
  countedIn(await target.ask('go', /^counted/, 60_000))
}

for (const { fact, program, args, symbol, uid } of cases) {
  test(`count works on ${fact}`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    if (uid !== undefined && !runsAsRoot) return t.skip('only root can become another user')
    const built = await buildProgram(program)
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path, args, uid === undefined ? {} : { uid })
    await countTwoRounds(target, `${program}:${symbol ?? 'work'}`, uid)
  })
}

/** File offset of a function, from the twin that still has its symbols. */
async function offsetOf(program: ProgramName, symbol: string, t: TestContext): Promise<string | undefined> {
  const built = await buildProgram(program)
  if (built.kind === 'missing') return void t.skip(built.because)
  const table = execFileSync('nm', [built.path], { encoding: 'utf8', cwd: dirname(built.path) })
  const address = new RegExp(`^([0-9a-f]+) T ${symbol}$`, 'm').exec(table)?.[1]
  assert.ok(address !== undefined)
  return `0x${Number.parseInt(address, 16).toString(16)}`
}

test('count works on a stripped binary, by file offset', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram('calls-stripped')
  const offset = await offsetOf('calls', 'work', t)
  if (built.kind === 'missing' || offset === undefined) return
  await using target = await startTarget(built.path)
  await countTwoRounds(target, `calls-stripped:${offset}`)
})

test('count works on every function of a stripped binary', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram('calls-stripped')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path)
  const before = captureState(target.pid)
  await using count = new CountProcess(target.pid, ['calls-stripped:*'])
  await count.attached()
  const made = countedIn(await target.ask('go'))
  const { counts } = await count.finish()
  assert.ok([...counts.values()].includes(made), `no function was called ${made} times`)
  assert.deepEqual(stateDifferences(before), [])
})

for (const program of ['go-calls', 'go-calls-stripped'] as const) {
  test(`goroutines end while every function of ${program} is counted`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    const built = await buildProgram(program)
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path)
    const before = captureState(target.pid)
    await using count = new CountProcess(target.pid, [`${program}:*`])
    const { refused } = await count.attached()
    assert.ok(refused.some(({ code, because }) => code === 'symbol-in-window' && /takes the address/.test(because)))
    for (let round = 0; round < 3; round++) countedIn(await target.ask('go', /^counted/, 60_000))
    const { counts, code, stderr } = await count.finish()
    assert.equal(code, 0, stderr)
    assert.ok(counts.size > 0)
    assert.deepEqual(stateDifferences(before), [])
    countedIn(await target.ask('go', /^counted/, 60_000))
  })
}

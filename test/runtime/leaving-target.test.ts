import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { withProgram } from './refusals.js'
import { CountProcess, missingCli } from './ring3-cli.js'
import { ScriptProcess } from './script-process.js'

/** Lets a target leave at about the time of patching; ring3 must end by itself, in words. */
async function leaveDuring(target: Target, settleMs: number): Promise<void> {
  await using count = new CountProcess(target.pid, ['leaver:*', 'libc:*'], ['-d', '1'])
  await sleep(settleMs)
  target.send('go')
  const code = await count.exited()
  const said = count.stderr.all
  assert.ok(code === 0 || code === 1 || code === 3, `exit code ${code}: ${said.join(' | ')}`)
  if (code !== 0) assert.ok(said.length > 0)
  assert.deepEqual(
    said.filter((line) => /^\s+at /.test(line)),
    [],
    'a stack trace was printed',
  )
}

const ways = [
  { how: 'exits', args: [] },
  { how: 'execs', args: ['--exec', '1'] },
  { how: 'is killed', args: ['--kill', '1'] },
] as const

for (const { how, args } of ways) {
  test(`a target that ${how} while being patched`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    const built = await buildProgram('leaver')
    if (built.kind === 'missing') return t.skip(built.because)
    for (let round = 0; round < 8; round++) {
      await using target = await startTarget(built.path, ['--after', '5', ...args])
      await leaveDuring(target, 100 + round * 60)
      if (how !== 'execs') continue
      await target.stdout.next(/^ready/)
      target.send('quit')
      assert.equal(await target.exited, 0)
    }
  })
}

test('a target that ends while probes work: the last counts are printed', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const built = await buildProgram('leaver')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, ['--after', '1500'])
  await using count = new CountProcess(target.pid, ['leaver:work'])
  await count.attached()
  target.send('go')
  assert.equal(await count.exited(), 0)
  assert.match(count.stdout.all.at(-1) ?? '', /"leaver:work":[1-9]/)
})

for (const { how, args, said } of [
  { how: 'ends', args: [], said: /process \d+ has ended/ },
  {
    how: 'executes another program',
    args: ['--exec', '1'],
    said: /process \d+ executes another program: the probes are gone/,
  },
]) {
  test(`a script ends when its target ${how}, and says so`, async (t) => {
    if (missingCli() !== undefined) return t.skip(missingCli())
    const built = await buildProgram('leaver')
    if (built.kind === 'missing') return t.skip(built.because)
    for (let round = 0; round < 3; round++) {
      await using target = await startTarget(built.path, ['--after', '10', ...args])
      await using run = new ScriptProcess(target.pid, 'uprobe:leaver:work { @ = count() }')
      assert.ok(await run.attached(), run.stderr)
      target.send('go')
      await run.ended()
      assert.match(run.stderr, said)
    }
  })
}

test('a second ring3 on the same target works or is refused in a sentence', async (t) => {
  await withProgram(t, 'verifier', ['--threads', '2', '--nap', '200'], async (target) => {
    for (const patterns of [['verifier:*'], ['verifier:tail_*'], ['libc:malloc']]) {
      await using first = new CountProcess(target.pid, ['verifier:*'])
      await first.attached()
      await using second = new CountProcess(target.pid, patterns, ['-d', '0.5'])
      const code = await second.exited()
      if (code !== 0) assert.match(second.stderr.all.join('\n'), /^ring3: \S/m)
      assert.equal((await first.finish()).code, 0)
      assert.match(await target.ask('report'), / wrong=0$/)
    }
  })
})

test('two ring3 at once, starting together and ending in either order', async (t) => {
  await withProgram(t, 'verifier', ['--threads', '2', '--nap', '200'], async (target) => {
    for (let round = 0; round < 4; round++) {
      await using one = new CountProcess(target.pid, ['verifier:*'], ['-d', round % 2 === 0 ? '0.3' : '1'])
      await using other = new CountProcess(target.pid, ['verifier:*', 'libc:str*'], ['-d', '0.6'])
      for (const count of [one, other]) {
        const code = await count.exited()
        if (code !== 0) assert.match(count.stderr.all.join('\n'), /^ring3: \S/m)
      }
      assert.match(await target.ask('report'), / wrong=0$/)
    }
  })
})

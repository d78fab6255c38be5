import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildProgram } from '../programs/build.js'
import { startTarget, type Target } from '../programs/start-target.js'
import { nobody, runsAsRoot } from '../workloads/server-folder.js'
import { assertCountRefused, assertRefused, withProgram } from './refusals.js'
import { CountProcess, missingCli, ring3 } from './ring3-cli.js'

function stateOf(pid: number): string {
  return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? ''
}

function childOf(readyLine: string | undefined): number {
  return Number(readyLine?.split(' ')[1])
}

test('no such pid', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  const unused = 4_194_303 // the largest pid that the kernel can hand out, and the last that it will
  await assertCountRefused(unused, 'libc:malloc', /no .*process/i)
  assertRefused(await ring3(['clean', String(unused)]), /no .*process/i)
})

test('a pid that is no number', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  for (const pid of ['abc', '0', '-1', '1.5', '99999999999999999999', '']) {
    const run = await ring3(['count', '-p', pid, 'libc:malloc'])
    assert.equal(run.code, 2, `${pid}: ${run.stderr}`)
  }
})

test('a process of another user: ptrace_scope and capabilities are explained', async (t) => {
  if (!runsAsRoot) return t.skip('only root can become another user')
  await withProgram(t, 'calls', [], (target) =>
    assertCountRefused(target.pid, 'calls:work', /(capabilit|CAP_SYS_PTRACE|ptrace_scope)/i, { uid: nobody }),
  )
})

test('a process that is already traced: the tracer is named', async (t) => {
  const tracer = await buildProgram('tracer')
  if (tracer.kind === 'missing') return t.skip(tracer.because)
  await withProgram(t, 'calls', [], async (target) => {
    await using other = await startTarget(tracer.path, ['--pid', String(target.pid)])
    await assertCountRefused(target.pid, 'calls:work', new RegExp(`trace.*\\b${other.pid}\\b`, 'i'))
    assert.ok(other.isRunning())
  })
})

test('a kernel thread', async (t) => {
  if (missingCli() !== undefined) return t.skip(missingCli())
  if (!existsSync('/proc/2/comm') || readFileSync('/proc/2/comm', 'latin1') !== 'kthreadd\n') {
    return t.skip('no kernel thread is visible here')
  }
  await assertCountRefused(2, 'libc:malloc', /kernel thread/i)
})

test('a zombie', async (t) => {
  await withProgram(t, 'zombie-maker', [], async (target) => {
    await assertCountRefused(childOf(target.stdout.all[0]), 'libc:malloc', /zombie|has ended/i)
  })
})

test('a 32-bit process', async (t) => {
  await withProgram(t, 'thirty-two-bit', [], (target) =>
    assertCountRefused(target.pid, 'thirty-two-bit:_start', /32-bit/i),
  )
})

test('a thread that sits in vfork: given up after a second, the thread is named', async (t) => {
  await withProgram(t, 'vforker', ['--milliseconds', '5000'], async (target) => {
    const began = performance.now()
    await assertCountRefused(target.pid, 'vforker:work', /thread \d+.*vfork|vfork.*thread \d+|did not stop/i)
    const took = performance.now() - began
    assert.ok(took < 3500, `gave up after ${took} ms`)
    await sleep(5000)
    assert.match(await target.ask('report'), /^vforks=[1-9]\d* wrong=0$/)
  })
})

test('a thread that leaves vfork in time does not disturb', async (t) => {
  await withProgram(t, 'vforker', ['--milliseconds', '300'], async (target) => {
    await using count = new CountProcess(target.pid, ['vforker:work'])
    await count.attached()
    await sleep(1000)
    const { counts, code } = await count.finish()
    assert.equal(code, 0)
    assert.ok((counts.get('vforker:work') ?? 0n) > 0n)
    assert.match(await target.ask('report'), / wrong=0$/)
  })
})

test('a target stopped by SIGSTOP is left stopped', async (t) => {
  await withProgram(t, 'verifier', ['--threads', '4'], async (target) => {
    process.kill(target.pid, 'SIGSTOP')
    await sleep(50)
    await using count = new CountProcess(target.pid, ['verifier:*'], ['--all'])
    await count.attached()
    assert.equal(stateOf(target.pid), 'T')
    const { counts, code } = await count.finish()
    assert.equal(code, 0)
    assert.deepEqual(
      [...counts.values()].filter((hits) => hits > 0n),
      [],
    )
    assert.equal(stateOf(target.pid), 'T')
    process.kill(target.pid, 'SIGCONT')
    await sleep(100)
    assert.match(await target.ask('report'), /^rounds=[1-9]\d* wrong=0$/)
  })
})

test('a target that is stopped while probes work is left stopped', async (t) => {
  await withProgram(t, 'verifier', ['--threads', '4'], async (target) => {
    await using count = new CountProcess(target.pid, ['verifier:*'])
    await count.attached()
    process.kill(target.pid, 'SIGSTOP')
    await sleep(50)
    const { code, stderr } = await count.finish()
    assert.equal(stateOf(target.pid), 'T')
    process.kill(target.pid, 'SIGCONT')
    await sleep(50)
    assert.match(await target.ask('report'), / wrong=0$/)
    if (code === 0) return
    // A thread that was stopped inside a trampoline cannot leave it before it runs again.
    assert.match(stderr, /ring3 clean/)
    assert.equal((await ring3(['clean', String(target.pid)])).code, 0)
  })
})

test('a target under a seccomp filter that kills, with the right to suspend it', async (t) => {
  if (!runsAsRoot) return t.skip('only root may suspend a seccomp filter')
  await withProgram(t, 'seccomp-strict', [], async (target) => {
    await using count = new CountProcess(target.pid, ['seccomp-strict:work'])
    await count.attached()
    await sleep(300)
    const { counts, code } = await count.finish()
    assert.equal(code, 0)
    assert.ok((counts.get('seccomp-strict:work') ?? 0n) > 0n)
    assert.match(await target.ask('report'), / wrong=0$/)
  })
})

test('a target under a seccomp filter that kills, without the right to suspend it', async (t) => {
  if (!runsAsRoot) return t.skip('only root can become a user without rights')
  const asNobody = { uid: nobody }
  const use = async (pid: number): Promise<void> => {
    const run = await ring3(['count', '-p', String(pid), '-d', '1', '-f', 'json', 'seccomp-strict:work'], asNobody)
    if (run.code !== 0) assertRefused(run, /seccomp/i)
  }
  await withProgram(
    t,
    'seccomp-strict',
    [],
    async (target) => {
      await use(target.pid)
      assert.match(await target.ask('report'), / wrong=0$/)
    },
    asNobody,
  )
})

test('what a killed ring3 left in padding, where nothing may be mapped, is cleaned', async (t) => {
  if (!runsAsRoot) return t.skip('only root can become a user without rights')
  const asNobody = { uid: nobody }
  const use = async (target: Target): Promise<void> => {
    await using count = new CountProcess(target.pid, ['seccomp-strict:work'], [], nobody)
    assert.equal((await count.attached()).probes, 1)
    count.signal('SIGKILL')
    await count.exited()
    const run = await ring3(['clean', '-f', 'json', String(target.pid)], asNobody)
    assert.equal(run.code, 0, run.stderr)
    assert.match(run.stdout, /"areas":1,"edits":1/)
    assert.match(await target.ask('report'), / wrong=0$/)
  }
  await withProgram(t, 'seccomp-strict', [], use, asNobody)
})

test('a process that shares its memory with another, and that other process', async (t) => {
  await withProgram(t, 'shares-memory', [], async (target) => {
    await assertCountRefused(target.pid, 'shares-memory:work', /shares? .*memory/i)
    await assertCountRefused(childOf(target.stdout.all[0]), 'shares-memory:work', /shares? .*memory/i)
    assert.match(await target.ask('report'), /^rounds=[1-9]\d* wrong=0$/)
  })
})

test('clean on a process that no ring3 was in', async (t) => {
  await withProgram(t, 'calls', [], async (target) => {
    const run = await ring3(['clean', '-f', 'json', String(target.pid)])
    assert.equal(run.code, 0, run.stderr)
    assert.match(run.stdout, /"areas":0/)
  })
})

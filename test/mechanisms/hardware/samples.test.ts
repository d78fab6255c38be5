import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { HardwareProbes } from '../../../src/mechanisms/hardware/hardware-probes.js'
import type { HardwareSample } from '../../../src/mechanisms/hardware/sample.js'
import { countsOf, door, expectedOf, installed, WatchedTarget } from './watched-target.js'

/** Drains while the target works. */
async function collect(probes: HardwareProbes, working: Promise<unknown>): Promise<HardwareSample[]> {
  const samples: HardwareSample[] = []
  let done = false
  void working.finally(() => {
    done = true
  })
  while (!done) {
    samples.push(...probes.samples())
    await pause(1)
  }
  return [...samples, ...probes.samples()]
}

test('every hit leaves a sample, with the thread, the time, the address and the registers of that moment', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '3', '--rounds', '50', '--births', '3'])
  if (watched === undefined) return
  const breakpoints = watched.breakpoints('steps', 'middle', 'quad_accesses', 'repeat')
  using probes = installed(HardwareProbes.install(door, watched.pid, breakpoints, 'samples'))
  const began = process.hrtime.bigint()
  const working = watched.work()
  const samples = await collect(probes, working)
  const expected = expectedOf([await working], breakpoints)
  assert.equal(probes.lost, 0n)
  assert.deepEqual(countsOf(probes, breakpoints), expected)
  const byName = breakpoints.map(
    ({ key }, index) => [key, samples.filter((each) => each.breakpoint === index)] as const,
  )
  assert.deepEqual(Object.fromEntries(byName.map(([key, of]) => [key, BigInt(of.length)])), expected)
  assert.equal(new Set(samples.map(({ tid }) => tid)).size, 3 + 6, 'threads')
  assert.ok(samples.every(({ timeNs }) => timeNs > began && timeNs < process.hrtime.bigint()))
  const named = new Map(byName)
  for (const name of ['steps', 'middle', 'repeat']) {
    for (const { ip, registers } of named.get(name) ?? []) {
      assert.equal(ip, watched.addressOf(name))
      assert.equal(registers?.get('rip'), ip)
      assert.equal(registers?.get('cs'), 0x33n)
    }
  }
  // Its argument, and what `rep stosb` is about to do.
  assert.ok((named.get('steps') ?? []).every(({ registers }) => registers?.get('rdi') === 5n))
  for (const { registers } of named.get('repeat') ?? []) {
    assert.equal(registers?.get('rcx'), 65536n)
    assert.equal((registers?.get('rax') ?? 0n) & 0xffn, BigInt('x'.charCodeAt(0)))
    assert.equal((registers?.get('rdi') ?? 1n) & 0xfffn, 0n)
  }
})

test('the samples of one thread come in the order of what it did', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '1', '--rounds', '100'])
  if (watched === undefined) return
  const breakpoints = watched.breakpoints('repeat', 'steps', 'faulting', 'byte')
  using probes = installed(HardwareProbes.install(door, watched.pid, breakpoints, 'samples'))
  const samples = await collect(probes, watched.work())
  assert.deepEqual(
    samples.map(({ breakpoint }) => breakpoint),
    Array.from({ length: 400 }, (_, index) => index % 4),
  )
})

test('a full ring drops samples, counts what it drops, and goes on; the counts stay exact', async (t) => {
  await using watched = await WatchedTarget.start(t, ['--threads', '2', '--rounds', '1000'])
  if (watched === undefined) return
  const breakpoints = watched.breakpoints('middle', 'quad_accesses')
  using probes = installed(HardwareProbes.install(door, watched.pid, breakpoints, 'samples'))
  const first = await watched.work()
  const kept = probes.samples().length
  const second = await watched.work()
  const rest = probes.samples().length
  const third = await watched.work()
  const last = probes.samples().length
  assert.deepEqual(countsOf(probes, breakpoints), expectedOf([first, second, third], breakpoints))
  const hits = probes.read().reduce((sum, each) => sum + each, 0n)
  assert.ok(kept > 1000 && rest > 1000 && last > 1000, `${kept}, ${rest}, ${last} samples`)
  assert.ok(probes.lost > 0n && probes.lost <= hits - BigInt(kept + rest + last), `${probes.lost} of ${hits} lost`)
})

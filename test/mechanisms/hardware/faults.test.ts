import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { test } from 'node:test'
import { type FaultyDoor, faultyDoor } from '../../../src/kernel/faulty-door.js'
import { HardwareProbes, type HardwareResults } from '../../../src/mechanisms/hardware/hardware-probes.js'
import type { Breakpoint } from '../../../src/mechanisms/hardware/plan.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { countsOf, door, expectedOf, installed, WatchedTarget } from './watched-target.js'

/** More kernel calls than any run makes. */
const CEILING = 2000

/** What this process holds of the kernel's: events by descriptor, and rings. */
function held(): readonly string[] {
  const events = readdirSync('/proc/self/fd').filter((fd) => isEvent(fd))
  const rings = readFileSync('/proc/self/maps', 'utf8').match(/^.*perf_event.*$/gm) ?? []
  return [...events, ...rings]
}

function isEvent(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).includes('perf_event')
  } catch {
    // The descriptor of the listing itself, closed by now.
    return false
  }
}

/** Installs, reads and removes. @returns how the fault was told, empty when it made no difference. */
function run(faulty: FaultyDoor, pid: number, breakpoints: readonly Breakpoint[], results: HardwareResults): string {
  try {
    const made = HardwareProbes.install(faulty, pid, breakpoints, results)
    if (isRefusal(made)) return made.because
    using probes = made
    probes.read()
    probes.samples()
    return ''
  } catch (error) {
    assert.ok(error instanceof Error)
    return error.message
  }
}

/** A call that ends something has not reached the kernel: it is made up for here, so that only others would show. */
function makeUpFor({ failed }: FaultyDoor): boolean {
  if (failed?.name !== 'close' && failed?.name !== 'munmap') return false
  door.invoke(failed)
  return true
}

for (const results of ['counts', 'samples'] as const) {
  for (const errno of ['EIO', 'ENOMEM', 'ESRCH'] as const) {
    test(`${errno} from the n-th kernel call, for every n, leaves nothing open: ${results}`, async (t) => {
      await using watched = await WatchedTarget.start(t, ['--threads', '2', '--rounds', '10'])
      if (watched === undefined) return
      const breakpoints = watched.breakpoints('steps', 'middle', 'quad', 'word')
      assert.deepEqual(held(), [])
      let told = 0
      let n = 1
      for (; n < CEILING; n++) {
        const faulty = faultyDoor(door, n, constants.errno[errno])
        const said = run(faulty, watched.pid, breakpoints, results)
        if (faulty.failed === undefined) break
        const call = `call ${n}, ${faulty.failed.name} (${faulty.failed.purpose ?? ''}): ${said}`
        makeUpFor(faulty)
        assert.deepEqual(held(), [], call)
        assert.ok(watched.target.isRunning(), call)
        if (said !== '') told++
      }
      assert.ok(n > 15 && n < CEILING && told > 5, `${n} calls, ${told} told`)
      using probes = installed(HardwareProbes.install(door, watched.pid, breakpoints, results))
      const tally = await watched.work()
      assert.deepEqual(countsOf(probes, breakpoints), expectedOf([tally], breakpoints))
    })
  }
}

import { unreachable } from '../bytes/assert.js'
import type { Sample } from '../ir/statement.js'
import { readClock } from '../kernel/clock.js'
import type { KernelDoor } from '../kernel/door.js'
import type { RunHost } from './run-host.js'

/** Ticks of the kernel’s clock a second (CONFIG_HZ of most distributions); bpftrace has the kernel’s own. */
const JIFFY_NS = 4_000_000n

/** Whether what a sample asks for can be told of a moment that has passed. */
export function isKnownLater(source: Sample): boolean {
  switch (source.kind) {
    case 'clock':
      return source.clock === 'boot' || source.clock === 'monotonic'
    case 'elapsed':
    case 'random':
      return true
    case 'processor':
    case 'jiffies':
      return false
    default:
      return unreachable(source)
  }
}

/** A sample that `isKnownLater`, of a moment of CLOCK_MONOTONIC. */
export function sampleOf(atNs: bigint, source: Sample, { startedNs, bootAheadNs, door }: Moments): bigint {
  switch (source.kind) {
    case 'clock':
      return source.clock === 'boot' ? atNs + bootAheadNs : atNs
    case 'elapsed':
      return atNs + bootAheadNs - startedNs
    default:
      return takeSample(source, door, startedNs, () => undefined)
  }
}

type Moments = Pick<RunHost, 'startedNs' | 'bootAheadNs' | 'door'>

/** What changes during a hit. `processor` tells where the thread runs. */
export function takeSample(
  source: Sample,
  door: KernelDoor,
  startedNs: bigint,
  processor: () => number | undefined,
): bigint {
  switch (source.kind) {
    case 'clock':
      return readClock(door, source.clock)
    case 'elapsed':
      return readClock(door, 'boot') - startedNs
    case 'processor':
      return BigInt(processor() ?? 0)
    case 'random':
      return BigInt(Math.floor(Math.random() * 2 ** 32))
    case 'jiffies':
      return readClock(door, 'monotonic') / JIFFY_NS
    default:
      return unreachable(source)
  }
}

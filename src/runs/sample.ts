import { unreachable } from '../bytes/assert.js'
import type { Sample } from '../ir/statement.js'
import { readClock } from '../kernel/clock.js'
import type { KernelDoor } from '../kernel/door.js'

/** Ticks of the kernel’s clock a second (CONFIG_HZ of most distributions); bpftrace has the kernel’s own. */
const JIFFY_NS = 4_000_000n

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

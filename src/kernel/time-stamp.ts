import { setTimeout as sleep } from 'node:timers/promises'
import koffi from 'koffi'
import { assert } from '../bytes/assert.js'
import { readClock } from './clock.js'
import { call, type KernelDoor } from './door.js'
import { O_RDWR, openFile, tryReadText } from './files.js'
import { KernelError } from './kernel-error.js'
import type { Processor } from './processor.js'

/** Nanoseconds of a clock are `((stamp - base) * multiplier >> 32)` and what the clock showed at `base`. */
export interface TimeStampClock {
  readonly base: bigint
  readonly multiplier: bigint
  /** What the clocks showed at `base`. */
  readonly boot: bigint
  readonly monotonic: bigint
  readonly tai: bigint
}

/** Errors of single readings are below a microsecond: a few millionths of this. */
const MEASURED_MS = 300
const READINGS = 50

/**
 * Compares the processor's time-stamp counter with the kernel's clocks. Undefined where the counter is not the same on all
 * processors and at all times, or cannot be read.
 */
export async function measureTimeStamp(door: KernelDoor, { flags }: Processor): Promise<TimeStampClock | undefined> {
  const isSteady = flags.has('constant_tsc') && flags.has('nonstop_tsc') && kernelUsesIt(door)
  const readStamp = isSteady ? stampReader(door) : undefined
  if (readStamp === undefined) return undefined
  const first = readBoth(door, readStamp)
  await sleep(MEASURED_MS)
  const second = readBoth(door, readStamp)
  const multiplier = ((second.boot - first.boot) << 32n) / (second.stamp - first.stamp)
  const boot = readClock(door, 'boot')
  const clockAt = (clock: 'monotonic' | 'tai'): bigint => second.boot + (readClock(door, clock) - boot)
  return {
    base: second.stamp,
    multiplier,
    boot: second.boot,
    monotonic: clockAt('monotonic'),
    tai: clockAt('tai'),
  }
}

/** The kernel has found out whether it can be relied on (arch/x86/kernel/tsc.c). */
function kernelUsesIt(door: KernelDoor): boolean {
  const path = '/sys/devices/system/clocksource/clocksource0/current_clocksource'
  return tryReadText(door, path)?.trim() === 'tsc'
}

/** The reading of the counter that took the least time, with the clock amid it. */
function readBoth(door: KernelDoor, readStamp: () => bigint): { readonly stamp: bigint; readonly boot: bigint } {
  let best: { stamp: bigint; boot: bigint; took: bigint } | undefined
  for (let reading = 0; reading < READINGS; reading++) {
    const before = readStamp()
    const boot = readClock(door, 'boot')
    const took = readStamp() - before
    if (best === undefined || took < best.took) best = { stamp: before + took / 2n, boot, took }
  }
  assert(best !== undefined, 'there is a best reading')
  return best
}

const PROT_READ_EXEC = 5
const MAP_PRIVATE_ANONYMOUS = 0x22
const NO_FILE = -1
const PAGE = 4096
/** `rdtsc; shl $32, %rdx; or %rdx, %rax; ret` */
const readStampCode = Buffer.from('0f3148c1e2204809d0c3', 'hex')
const stampFunction = koffi.proto('uint64_t (void)')

/** Machine code in this process; it stays. Undefined where the kernel allows none. */
function stampReader(door: KernelDoor): (() => bigint) | undefined {
  try {
    const at = call(door, { name: 'mmap', args: [0, PAGE, PROT_READ_EXEC, MAP_PRIVATE_ANONYMOUS, NO_FILE, 0] })
    using file = openFile(door, '/proc/self/mem', O_RDWR)
    call(door, { name: 'pwrite64', args: [file.fd, readStampCode, readStampCode.length, at] })
    return () => BigInt(koffi.call(BigInt(at), stampFunction))
  } catch (error) {
    if (error instanceof KernelError) return undefined
    throw error
  }
}

import { assert } from '../../bytes/assert.js'
import type { KernelDoor } from '../../kernel/door.js'
import { EPERM } from '../../kernel/errno.js'
import { KernelError } from '../../kernel/kernel-error.js'
import { eventId, shareRing } from '../../kernel/perf-event.js'
import { PERF_RECORD_LOST, PERF_RECORD_SAMPLE, PerfRing } from '../../kernel/perf-ring.js'
import { type Refusal, refuse } from '../../refusal/refusal.js'
import { decodeSample, type HardwareSample } from './sample.js'

/** A ring for each processor, since the kernel allows none for an event that threads inherit and that follows them. */
export class SampleRings implements Disposable {
  private readonly rings = new Map<number, { readonly ring: PerfRing; readonly fd: number }>()
  private readonly breakpoints = new Map<bigint, number>()
  private lostSamples = 0n

  constructor(private readonly door: KernelDoor) {}

  /** Samples that a full ring dropped. Those dropped since the last one that fitted are not yet among them. */
  get lost(): bigint {
    return this.lostSamples
  }

  /** Sends the samples of an event to its processor's ring. @throws KernelError */
  add(fd: number, cpu: number, breakpoint: number): Refusal | undefined {
    const present = this.rings.get(cpu)
    if (present === undefined) {
      const refusal = this.open(fd, cpu)
      if (refusal !== undefined) return refusal
    } else shareRing(this.door, fd, present.fd)
    this.breakpoints.set(eventId(this.door, fd), breakpoint)
    return undefined
  }

  private open(fd: number, cpu: number): Refusal | undefined {
    try {
      this.rings.set(cpu, { ring: new PerfRing(this.door, fd), fd })
      return undefined
    } catch (error) {
      if (error instanceof KernelError && error.errno === EPERM) return lockedOut()
      throw error
    }
  }

  /** The samples since the last call, in the order of their time. */
  drain(): HardwareSample[] {
    const samples: HardwareSample[] = []
    for (const { ring } of this.rings.values()) {
      for (const { type, body } of ring.drain()) {
        if (type === PERF_RECORD_LOST) this.lostSamples += body.readBigUInt64LE(8)
        if (type === PERF_RECORD_SAMPLE) samples.push(this.decode(body))
      }
    }
    return samples.sort((a, b) => (a.timeNs < b.timeNs ? -1 : Number(a.timeNs > b.timeNs)))
  }

  private decode(body: Buffer): HardwareSample {
    const sample = decodeSample(body, this.breakpoints)
    assert(sample !== undefined, 'a sample of an event that is not ours')
    return sample
  }

  [Symbol.dispose](): void {
    for (const { ring } of this.rings.values()) ring[Symbol.dispose]()
    this.rings.clear()
  }
}

function lockedOut(): Refusal {
  return refuse(
    'hardware-not-permitted',
    'the kernel lets ring3 lock no memory for the samples: raise kernel.perf_event_mlock_kb or ulimit -l, or run ring3 as root or with CAP_IPC_LOCK',
  )
}

import { assert } from '../../bytes/assert.js'
import { isError, type KernelCall, type KernelDoor } from '../../kernel/door.js'
import { ENODEV, ESRCH } from '../../kernel/errno.js'
import { KernelError } from '../../kernel/kernel-error.js'
import { ANY_CPU, encodeBreakpoint, readEvent, stopEvent, tryOpenEvent } from '../../kernel/perf-event.js'
import { onlineProcessors } from '../../kernel/processor.js'
import { isRefusal, type Refusal, refuse } from '../../refusal/refusal.js'
import { coverThreads } from './cover-threads.js'
import { explainOpen } from './open-refusal.js'
import { type Breakpoint, DEBUG_REGISTERS } from './plan.js'
import type { HardwareSample } from './sample.js'
import { SampleRings } from './sample-rings.js'

/** What hits leave behind: a count, or also a sample each. */
export type HardwareResults = 'counts' | 'samples'

/**
 * Debug registers of all threads of a process, present and future, set through perf events. They are the kernel's and end
 * with the process that made them; the target's memory stays as it is. Every hit is counted; no thread waits for anybody.
 *
 * Exact: an execution is counted once, also when a signal, a page fault or an interrupt comes between its breakpoint and
 * its end, since the resume flag lies in the saved flags (Intel SDM, vol. 3, “Instruction-Breakpoint Exception Condition”);
 * a string instruction with a repeat prefix once, whatever interrupts it. A system call that the kernel restarts is
 * executed twice and counted twice. An access is counted once for the instruction that makes it, but once for each element
 * of a string instruction, where a processor may report several as one (“Data Memory and I/O Breakpoint Exception Conditions”).
 *
 * Not seen: what the kernel reads and writes for the thread; child processes, those of vfork on the same memory, too; on
 * some processors an instruction directly behind `mov ss` or `pop ss`. exec ends the probes.
 */
export class HardwareProbes implements Disposable {
  private readonly events: { readonly fd: number; readonly breakpoint: number }[] = []
  private readonly rings: SampleRings
  private held = 0n

  private constructor(
    private readonly door: KernelDoor,
    private readonly breakpoints: readonly Breakpoint[],
    private readonly results: HardwareResults,
  ) {
    this.rings = new SampleRings(door)
  }

  /** All breakpoints on all threads, or none. @throws KernelError for what cannot be said in a sentence. */
  static install(
    door: KernelDoor,
    pid: number,
    breakpoints: readonly Breakpoint[],
    results: HardwareResults,
  ): HardwareProbes | Refusal {
    assert(breakpoints.length <= DEBUG_REGISTERS, `${breakpoints.length} breakpoints are planned`)
    const cpus = results === 'samples' ? onlineProcessors(door) : [ANY_CPU]
    const covered = coverThreads(door, pid, (tids) => {
      const probes = new HardwareProbes(door, breakpoints, results)
      return probes.openOrClose(pid, tids, cpus) ?? probes
    })
    if (isRefusal(covered)) return covered
    covered.opened.held = covered.heldNs
    return covered.opened
  }

  private openOrClose(pid: number, tids: readonly number[], cpus: readonly number[]): Refusal | undefined {
    try {
      const refusal = this.openAll(tids, cpus) ?? this.refuseNone(pid)
      if (refusal !== undefined) this[Symbol.dispose]()
      return refusal
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  private refuseNone(pid: number): Refusal | undefined {
    if (this.events.length > 0 || this.breakpoints.length === 0) return undefined
    return refuse('target-gone', `process ${pid} has ended`)
  }

  private openAll(tids: readonly number[], cpus: readonly number[]): Refusal | undefined {
    for (const [index, breakpoint] of this.breakpoints.entries()) {
      const attr = encodeBreakpoint({ ...breakpoint, sampled: this.results === 'samples' })
      for (const tid of tids) {
        for (const cpu of cpus) {
          const refusal = this.open(attr, index, tid, cpu)
          if (refusal !== undefined) return refusal
        }
      }
    }
    return undefined
  }

  private open(attr: Buffer, index: number, tid: number, cpu: number): Refusal | undefined {
    const fd = tryOpenEvent(this.door, attr, tid, cpu)
    if (isError(fd)) return this.explain(-fd, index, tid)
    this.events.push({ fd, breakpoint: index })
    return this.results === 'samples' ? this.rings.add(fd, cpu, index) : undefined
  }

  /** A thread that has ended, or a processor that was taken away, has no hits. */
  private explain(error: number, index: number, tid: number): Refusal | undefined {
    if (error === ESRCH || error === ENODEV) return undefined
    const breakpoint = this.breakpoints[index]
    assert(breakpoint !== undefined, `breakpoint ${index} is planned`)
    const refusal = explainOpen(error, { door: this.door, breakpoint, tid })
    const request: KernelCall = { name: 'perf_event_open', args: [tid], purpose: breakpoint.key }
    if (refusal === undefined) throw new KernelError(request, error)
    return refusal
  }

  /** How long the target was held for the installation, in nanoseconds. */
  get heldNs(): bigint {
    return this.held
  }

  /** Hits of each breakpoint so far, threads that have ended included. @throws KernelError */
  read(): BigUint64Array {
    const hits = new BigUint64Array(this.breakpoints.length)
    for (const { fd, breakpoint } of this.events) hits[breakpoint] = (hits[breakpoint] ?? 0n) + readEvent(this.door, fd)
    return hits
  }

  /** From here on nothing is counted, and what was can be read. @throws KernelError */
  stop(): void {
    for (const { fd } of this.events) stopEvent(this.door, fd)
  }

  /** The hits that were sampled since the last call. What is missing from those that `read` counts was lost. */
  samples(): HardwareSample[] {
    return this.rings.drain()
  }

  /** Hits without a sample that the kernel has told of so far. */
  get lost(): bigint {
    return this.rings.lost
  }

  [Symbol.dispose](): void {
    this.rings[Symbol.dispose]()
    for (const { fd } of this.events) this.door.invoke({ name: 'close', args: [fd] })
    this.events.length = 0
  }
}

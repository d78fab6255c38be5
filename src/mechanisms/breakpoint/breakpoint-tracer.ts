import type { Address } from '../../bytes/address.js'
import type { KernelDoor } from '../../kernel/door.js'
import type { Next, TrapObserver } from '../../target/attachment.js'
import { Siginfo } from '../../target/siginfo.js'
import type { TracedThread } from '../../target/traced-thread.js'
import { Credits } from './credits.js'
import type { PlantedSite } from './planted-site.js'
import { boosted } from './resume/boosted.js'
import type { Resume } from './resume/resume.js'

const SIGTRAP = 5

/** A thread in a copy, and the place in the program's own code that it is to be taken for. */
export interface Place {
  readonly original: Address
  /** The copy's first instruction has not been executed: the thread would take the int3 once more. */
  readonly atStart: boolean
  /** Sets the other registers. */
  readonly leave?: (thread: TracedThread) => void
}

/** Looks up the copies of a plan. */
export interface CopyLookup {
  placeOf(rip: Address): Place | undefined
}

/** Takes the traps of all planted sites of a target. */
export class BreakpointTracer implements TrapObserver {
  private readonly planted = new Map<Address, PlantedSite>()
  private readonly lookups = new Set<CopyLookup>()
  private readonly credits = new Credits()
  private readonly taken = Siginfo.taken(SIGTRAP)
  /** Hits that are reported, of threads that could not go on yet. */
  private readonly postponed = new Map<number, PlantedSite>()
  /** Threads that wait for a handler, each with the number of its hit. */
  private readonly handling = new Map<number, { readonly planted: PlantedSite; readonly hit: number }>()
  private hits = 0
  private leaving = false

  constructor(
    private readonly door: KernelDoor,
    private readonly resumes: readonly Resume[],
  ) {}

  plant(sites: readonly PlantedSite[], lookup: CopyLookup): void {
    for (const each of sites) this.planted.set(each.site.address, each)
    this.lookups.add(lookup)
  }

  remove(sites: readonly PlantedSite[], lookup: CopyLookup): void {
    for (const each of sites) this.planted.delete(each.site.address)
    this.lookups.delete(lookup)
  }

  get isIdle(): boolean {
    return this.planted.size === 0
  }

  isPlanted(at: Address): boolean {
    return this.planted.has(at)
  }

  trapped(thread: TracedThread, at: Address): Next {
    const planted = this.planted.get(at)
    if (planted === undefined) return this.trappedInSlot(thread)
    // From here on the registers may be others than those of the trap.
    this.taken.writeTo(this.door, thread.tid)
    thread.registers.set('rip', at)
    thread.touch()
    if (this.credits.take(thread.tid, at, thread.registers)) return this.goOn(thread, planted)
    planted.hits++
    if (planted.handler === undefined) return this.goOn(thread, planted)
    const hit = ++this.hits
    if (planted.handler(thread, planted, hit) === 'go-on') return this.goOn(thread, planted)
    this.handling.set(thread.tid, { planted, hit })
    return 'wait'
  }

  private trappedInSlot(thread: TracedThread): Next {
    const next = this.finish(thread)
    if (next === undefined) return 'not-ours'
    this.taken.writeTo(this.door, thread.tid)
    return next
  }

  /** Whether the thread waits for the handler of this hit: it may have been made to go on, and have hit again. */
  isWaitingFor(tid: number, hit: number): boolean {
    return this.handling.get(tid)?.hit === hit
  }

  /** The handler is done with the thread, whose registers it may have changed. */
  handled(thread: TracedThread): Next {
    const planted = this.handling.get(thread.tid)?.planted
    this.handling.delete(thread.tid)
    return planted === undefined ? 'go-on' : this.goOn(thread, planted)
  }

  /** Executes the displaced instruction, unless the handler has sent the thread elsewhere. */
  private goOn(thread: TracedThread, planted: PlantedSite): Next {
    if (thread.registers.rip !== planted.site.address) return 'go-on'
    const resume = this.leaving ? boosted : planted.resume
    for (const each of this.resumes) each.abort(thread.tid)
    const next = resume.prepare(thread, planted)
    if (next === 'later') this.postponed.set(thread.tid, planted)
    else if (next === 'stopped-again') this.credit(thread, planted.site.address)
    return next
  }

  retried(thread: TracedThread): Next {
    const planted = this.postponed.get(thread.tid)
    this.postponed.delete(thread.tid)
    return planted === undefined ? 'not-ours' : this.goOn(thread, planted)
  }

  /** While something is taken out, threads go through its copies, which they can be moved out of. */
  whileLeaving<T>(work: () => T): T {
    this.leaving = true
    try {
      return work()
    } finally {
      this.leaving = false
    }
  }

  stepped(thread: TracedThread): Next {
    return this.finish(thread) ?? 'not-ours'
  }

  private finish(thread: TracedThread): Next | undefined {
    for (const resume of this.resumes) {
      const next = resume.finish(thread)
      if (next !== undefined) return next
    }
    return undefined
  }

  interrupted(thread: TracedThread, signal: number): void {
    const { rip } = thread.registers
    const place = this.placeOf(rip)
    if (place === undefined) return
    for (const resume of this.resumes) resume.abort(thread.tid)
    place.leave?.(thread)
    if (place.atStart) this.credit(thread, place.original)
    thread.registers.set('rip', place.original)
    thread.touch()
    this.showOriginal(thread, rip, place.original, signal)
  }

  /** The thread will take the int3 again, for the hit that has been reported: unless nobody could execute the instruction. */
  private credit({ tid, registers }: TracedThread, site: Address): void {
    if (Siginfo.of(this.door, tid)?.isHopeless !== true) this.credits.give(tid, site, registers)
  }

  /** SIGILL, SIGFPE and SIGTRAP name the instruction itself. */
  private showOriginal(thread: TracedThread, rip: Address, original: Address, signal: number): void {
    const info = Siginfo.of(this.door, thread.tid)
    if (info !== undefined && namesInstruction.has(signal) && info.address === rip)
      info.withAddress(original).writeTo(this.door, thread.tid)
  }

  private placeOf(rip: Address): Place | undefined {
    for (const lookup of this.lookups) {
      const place = lookup.placeOf(rip)
      if (place !== undefined) return place
    }
    return undefined
  }

  /** The thread has ended, or is another program's: its number may be used again. */
  gone(tid: number): void {
    this.handling.delete(tid)
    this.postponed.delete(tid)
    this.credits.forget(tid)
    for (const resume of this.resumes) resume.abort(tid)
  }

  abandoned(thread: TracedThread): void {
    const planted = this.handling.get(thread.tid)?.planted
    this.handling.delete(thread.tid)
    if (planted !== undefined) boosted.prepare(thread, planted)
  }
}

const SIGILL = 4
const SIGFPE = 8
const namesInstruction: ReadonlySet<number> = new Set([SIGILL, SIGTRAP, SIGFPE])

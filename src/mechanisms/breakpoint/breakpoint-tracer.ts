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

/** Looks up which planted site, if any, the copy at an address belongs to, and where the thread would be in the program. */
export interface CopyLookup {
  originalOf(rip: Address): Address | undefined
}

/** Takes the traps of all planted sites of a target. */
export class BreakpointTracer implements TrapObserver {
  private readonly planted = new Map<Address, PlantedSite>()
  private readonly lookups = new Set<CopyLookup>()
  private readonly credits = new Credits()
  private readonly taken = Siginfo.taken(SIGTRAP)
  /** Hits that are reported, of threads that could not go on yet. */
  private readonly postponed = new Map<number, PlantedSite>()
  /** Threads that wait for a handler. */
  private readonly handling = new Map<number, PlantedSite>()
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
    if (planted === undefined) return this.finish(thread) ?? 'not-ours'
    // From here on the registers may be others than those of the trap.
    this.taken.writeTo(this.door, thread.tid)
    thread.registers.set('rip', at)
    thread.touch()
    if (this.credits.take(thread.tid, at, thread.registers.get('rsp'))) return this.goOn(thread, planted)
    planted.hits++
    if (planted.handler === undefined) return this.goOn(thread, planted)
    planted.handler(thread, planted)
    this.handling.set(thread.tid, planted)
    return 'wait'
  }

  /** The handler is done with the thread, whose registers it may have changed. */
  handled(thread: TracedThread): Next {
    const planted = this.handling.get(thread.tid)
    this.handling.delete(thread.tid)
    return planted === undefined ? 'go-on' : this.goOn(thread, planted)
  }

  /** Executes the displaced instruction, unless the handler has sent the thread elsewhere. */
  private goOn(thread: TracedThread, planted: PlantedSite): Next {
    if (thread.registers.rip !== planted.site.address) return 'go-on'
    const resume = this.leaving ? boosted : planted.resume
    const next = resume.prepare(thread, planted)
    if (next === 'later') this.postponed.set(thread.tid, planted)
    else if (next === 'stopped-again') this.credits.give(thread.tid, planted.site.address, thread.registers.get('rsp'))
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
    const original = this.postponed.delete(thread.tid) ? rip : this.originalOf(rip)
    if (original === undefined) return
    for (const resume of this.resumes) resume.abort(thread)
    if (this.planted.has(original)) this.credits.give(thread.tid, original, thread.registers.get('rsp'))
    thread.registers.set('rip', original)
    thread.touch()
    this.showOriginal(thread, rip, original, signal)
  }

  /** SIGILL, SIGFPE and SIGTRAP name the instruction itself. */
  private showOriginal(thread: TracedThread, rip: Address, original: Address, signal: number): void {
    const info = Siginfo.of(this.door, thread.tid)
    if (info !== undefined && namesInstruction.has(signal) && info.address === rip)
      info.withAddress(original).writeTo(this.door, thread.tid)
  }

  private originalOf(rip: Address): Address | undefined {
    for (const lookup of this.lookups) {
      const original = lookup.originalOf(rip)
      if (original !== undefined) return original
    }
    return undefined
  }

  abandoned(thread: TracedThread): void {
    const planted = this.handling.get(thread.tid)
    this.handling.delete(thread.tid)
    if (planted !== undefined) boosted.prepare(thread, planted)
  }
}

const SIGILL = 4
const SIGFPE = 8
const namesInstruction: ReadonlySet<number> = new Set([SIGILL, SIGTRAP, SIGFPE])

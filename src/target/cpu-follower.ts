import { type CpuMask, onlyCpu, readAffinity, restoreAffinity, setAffinity } from '../kernel/affinity.js'
import type { KernelDoor } from '../kernel/door.js'
import { readProcessorOf } from './process-state.js'

/** Hits after which it is decided again. */
const WINDOW = 64
/** Of these, how many more must come from one thread than from the others. */
const MAJORITY = 32
/** Hits that come slower than a window in that time are not worth it. */
const LONGEST_WINDOW_MS = 100
/** Following that makes hits this many times slower does not pay, and is not tried again for so long. */
const LOSS = 1.2
const RETRY_MS = 1000
/** Weight of the newest window in the mean. */
const NEWEST = 1 / 8
/** How often a thread's processor is looked up. */
const LOOK_MS = 10

/**
 * Keeps this OS thread on the processor of the thread that makes the hits, while these come fast and from one thread: a
 * hit then costs two context switches, and no waking of another processor, which on a virtual machine is far dearer.
 */
export class CpuFollower {
  /** The thread that makes most hits of this window, and by how many (Boyer and Moore's majority vote). */
  private tid = 0
  private votes = 0
  private hits = 0
  private windowBegan = 0
  private looked = 0
  private cpu: number | undefined
  private notBefore = 0
  /** Mean duration of a window in milliseconds, while following and apart. */
  private following = 0
  private apart = 0
  /** Where this thread ran before. */
  private before: CpuMask | undefined

  constructor(
    private readonly door: KernelDoor,
    private readonly pid: number,
  ) {}

  /** Whether this thread is bound to the processor of another. */
  get follows(): boolean {
    return this.before !== undefined
  }

  saw(tid: number): void {
    if (this.votes === 0) this.tid = tid
    this.votes += tid === this.tid ? 1 : -1
    if (++this.hits < WINDOW) return
    const now = performance.now()
    const took = now - this.windowBegan
    if (this.votes >= MAJORITY && took < LONGEST_WINDOW_MS && this.pays(took, now)) this.follow(now)
    else this.leave()
    this.begin(performance.now())
  }

  /** Where others want the thread's processor, who yields to it waits for these, too. */
  private pays(took: number, now: number): boolean {
    if (!this.follows) {
      this.apart += (took - this.apart) * (this.apart === 0 ? 1 : NEWEST)
      return now >= this.notBefore
    }
    this.following += (took - this.following) * NEWEST
    if (this.following <= this.apart * LOSS) return true
    this.notBefore = now + RETRY_MS
    return false
  }

  /** There was nothing to do. */
  sawNothing(): void {
    if (!this.follows) return
    const now = performance.now()
    if (now - this.windowBegan < LONGEST_WINDOW_MS) return
    this.leave()
    this.begin(now)
  }

  private begin(now: number): void {
    this.votes = 0
    this.hits = 0
    this.windowBegan = now
  }

  private follow(now: number): void {
    if (this.follows && now - this.looked < LOOK_MS) return
    this.looked = now
    const cpu = readProcessorOf(this.door, this.pid, this.tid)
    if (cpu === undefined || cpu === this.cpu) return
    const before = this.before ?? readAffinity(this.door)
    const mask = before && onlyCpu(cpu, before)
    if (mask === undefined || !setAffinity(this.door, mask)) {
      this.leave()
      return
    }
    if (!this.follows) this.following = this.apart
    this.before = before
    this.cpu = cpu
  }

  /** This thread may run again where it might before. @throws KernelError */
  leave(): void {
    const { before } = this
    if (before === undefined) return
    restoreAffinity(this.door, before)
    this.before = undefined
    this.cpu = undefined
  }
}

import type { KernelDoor } from '../kernel/door.js'
import { ptrace } from '../kernel/ptrace.js'
import { InterruptedWait } from './interrupted-wait.js'
import { Registers } from './registers.js'
import { writeRegisters } from './thread.js'

/** A thread that stays traced: its registers are read when they are first asked for in a stop. */
export class TracedThread {
  /** Used again in every stop. */
  private readonly own = new Registers()
  private known = false
  private changed = false
  readonly wait = new InterruptedWait()
  /** It was told to make one step, and has not yet. */
  stepping = false

  constructor(
    private readonly door: KernelDoor,
    readonly tid: number,
  ) {}

  /** @throws KernelError when the thread has died. */
  get registers(): Registers {
    if (!this.known) ptrace(this.door, 'PTRACE_GETREGS', this.tid, 0, this.own.bytes)
    this.known = true
    return this.own
  }

  /** To be called after registers were set. */
  touch(): void {
    this.changed = true
  }

  /** Writes back what was set; the registers are to be read anew in the next stop. @throws KernelError */
  commit(): void {
    const written = this.changed && this.known
    this.forget()
    if (written) writeRegisters(this.door, this.tid, this.own)
  }

  /** What is known of the registers is of an earlier stop, or somebody else has set them since. */
  forget(): void {
    this.changed = false
    this.known = false
  }
}

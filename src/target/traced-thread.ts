import type { KernelDoor } from '../kernel/door.js'
import type { Registers } from './registers.js'
import { readRegisters, writeRegisters } from './thread.js'

/** A thread that stays traced: its registers are read when they are first asked for in a stop. */
export class TracedThread {
  private current: Registers | undefined
  private changed = false
  /** It was told to make one step, and has not yet. */
  stepping = false

  constructor(
    private readonly door: KernelDoor,
    readonly tid: number,
  ) {}

  /** @throws KernelError when the thread has died. */
  get registers(): Registers {
    this.current ??= readRegisters(this.door, this.tid)
    return this.current
  }

  /** To be called after registers were set. */
  touch(): void {
    this.changed = true
  }

  /** Writes back what was set; the registers are to be read anew in the next stop. @throws KernelError */
  commit(): void {
    if (this.changed && this.current !== undefined) writeRegisters(this.door, this.tid, this.current)
    this.changed = false
    this.current = undefined
  }
}

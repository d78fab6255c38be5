import { openRealDoor } from '../kernel/real-door.js'
import { Memory } from '../target/memory.js'
import { livingThread } from '../target/process-state.js'
import type { ProbeHandler } from './api.js'
import { HeldThread } from './hit.js'
import type { HitMessage } from './tracer-protocol.js'
import type { TracerThread } from './tracer-thread.js'

/** The target's memory, for handlers: the tracer thread has its own. @throws KernelError */
export function openTargetMemory(pid: number): Memory {
  const door = openRealDoor()
  return new Memory(door, pid, livingThread(door, pid) ?? pid)
}

/** Runs a handler for each hit, and lets the thread go on with what the handler has made of it. */
export class HandlerRunner {
  constructor(
    private readonly handler: ProbeHandler,
    private readonly memory: Memory,
    private readonly thread: TracerThread,
  ) {}

  run({ tid, hit, site, registers }: HitMessage): void {
    const held = new HeldThread(tid, site, registers, this.memory)
    this.thread
      .request('goOn', { hit: { tid, hit }, registers: this.outcome(held) })
      .catch((error: unknown) => this.report(error, held))
  }

  private outcome(hit: HeldThread): Uint8Array {
    try {
      this.handler.entry(hit)
      return hit.changed()
    } catch (error) {
      this.report(error, hit)
      return hit.unchanged()
    }
  }

  /** What `onError` throws is the program's own business, but not now: the thread waits. */
  private report(error: unknown, hit: HeldThread): void {
    const { onError } = this.handler
    if (onError === undefined) process.emitWarning(error instanceof Error ? error : String(error))
    else queueMicrotask(() => onError.call(this.handler, error, hit))
  }
}

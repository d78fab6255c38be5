import { isMainThread } from 'node:worker_threads'
import type { KernelDoor } from '../kernel/door.js'
import { openRealDoor } from '../kernel/real-door.js'
import { INTERRUPTING_SIGNAL, interruptThread } from '../kernel/thread-signal.js'
import type { Patience } from '../kernel/wait.js'

/** Words of the memory that both threads have, behind that of the gate. */
const RUNG = 1
const ANSWERED = 2
/** The OS thread that waits in the kernel; 0 for none. */
const WAITING = 3

/** More than are ever answered. */
const FOR_EVER = 1 << 30
/** A signal may come just before the wait that it is to end. */
const AGAIN_MS = 1

/** The tracer thread's end: it waits in the kernel for the target, and hears of no request meanwhile. */
export class Doorkeeper {
  private readonly words: Int32Array
  private readonly tid: number

  constructor(memory: SharedArrayBuffer, door: KernelDoor) {
    this.words = new Int32Array(memory)
    this.tid = door.invoke({ name: 'gettid', args: [] })
  }

  /** A request has been taken up: each is rung for once. */
  answer(): void {
    Atomics.add(this.words, ANSWERED, 1)
  }

  /** Waits only while there is no request. */
  readonly patience: Patience = (wait) => {
    Atomics.store(this.words, WAITING, this.tid)
    try {
      return isUnanswered(this.words) ? undefined : wait()
    } finally {
      Atomics.store(this.words, WAITING, 0)
    }
  }
}

/** The main thread's end. */
export class Bell {
  private readonly words: Int32Array
  private door: KernelDoor | undefined

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory)
    process.on(INTERRUPTING_SIGNAL, ignore)
    process.on('exit', this.silence)
    // Nobody but the main thread of a process can have signals handled.
    if (!isMainThread) this.silence()
  }

  /** A request is about to be sent. */
  ring(): void {
    Atomics.add(this.words, RUNG, 1)
    this.insist()
  }

  private insist(): void {
    if (this.interrupt()) setTimeout(() => this.insist(), AGAIN_MS)
  }

  /** @returns whether the thread may not have noticed yet. */
  private interrupt(): boolean {
    const tid = Atomics.load(this.words, WAITING)
    if (tid === 0 || !isUnanswered(this.words)) return false
    this.door ??= openRealDoor()
    interruptThread(this.door, tid)
    return true
  }

  /** From here on the tracer thread never waits, as it is to be ended. */
  readonly silence = (): void => {
    Atomics.store(this.words, RUNG, FOR_EVER)
    while (this.interrupt()) Atomics.wait(this.words, RUNG, FOR_EVER, AGAIN_MS)
    process.off(INTERRUPTING_SIGNAL, ignore)
    process.off('exit', this.silence)
  }
}

function isUnanswered(words: Int32Array): boolean {
  return Atomics.load(words, RUNG) > Atomics.load(words, ANSWERED)
}

function ignore(): void {}

import type { ProgramRecord } from '../record/program-record.js'
import { type RunAction, type RunReceiver, weightOf } from '../runs/run-action.js'

/** Actions that may be under way. More would fill the memory, where hits come faster than their output is read. */
const CAPACITY = 100_000

/** A receiver that deals with nothing for so long is not waited for. */
const PATIENCE_MS = 1000

/** What handlers say, as against how the run itself begins and ends. */
const mayBeLost: ReadonlySet<ProgramRecord['kind']> = new Set(['printf', 'burst', 'rows', 'value', 'join'])

/**
 * Actions that are sent together: messages between threads cost more than what is in them. What the receiver does not keep
 * up with is lost, and counted.
 */
export class Outbox implements RunReceiver {
  #actions: RunAction[] = []
  #isWaiting = false
  #sent = 0
  #lost = 0n
  readonly #taken: Int32Array

  /** `taken` is the receiver's count of what it has dealt with. */
  constructor(
    taken: SharedArrayBuffer,
    private readonly send: (actions: readonly RunAction[]) => void,
  ) {
    this.#taken = new Int32Array(taken)
  }

  /** Both counts wrap at 2^32. */
  hasRoom(): boolean {
    return ((this.#sent - Atomics.load(this.#taken, 0)) | 0) < CAPACITY
  }

  waitForRoom(): void {
    this.flush()
    for (let waited = 'ok'; !this.hasRoom() && waited !== 'timed-out'; )
      waited = Atomics.wait(this.#taken, 0, Atomics.load(this.#taken, 0), PATIENCE_MS)
  }

  /** Sent when the work that is under way is done. */
  put(action: RunAction): void {
    if (action.kind === 'show' && mayBeLost.has(action.record.kind) && !this.hasRoom())
      this.#lost += BigInt(weightOf(action))
    else this.#keep(action)
  }

  flush(): void {
    this.#isWaiting = false
    if (this.#actions.length === 0) return
    const actions = this.#actions
    this.#actions = []
    this.send(actions)
  }

  #keep(action: RunAction): void {
    const lost = this.#lost
    this.#lost = 0n
    if (lost > 0n) this.#actions.push({ kind: 'show', record: { kind: 'lost', events: lost } })
    this.#actions.push(action)
    this.#sent += weightOf(action) + (lost > 0n ? 1 : 0)
    if (this.#isWaiting) return
    this.#isWaiting = true
    queueMicrotask(() => this.flush())
  }
}

/** The receiver's count: one for each run. */
export function takenCount(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
}

/** The receiver has dealt with so many. */
export function countTaken(taken: SharedArrayBuffer, actions: number): void {
  const count = new Int32Array(taken)
  Atomics.add(count, 0, actions)
  Atomics.notify(count, 0)
}

import type { RunAction } from '../runs/run-action.js'

/** Actions that are sent together: messages between threads cost more than what is in them. */
export class Outbox {
  #actions: RunAction[] = []
  #isWaiting = false

  constructor(private readonly send: (actions: readonly RunAction[]) => void) {}

  /** Sent when the work that is under way is done. */
  put(action: RunAction): void {
    this.#actions.push(action)
    if (this.#isWaiting) return
    this.#isWaiting = true
    queueMicrotask(() => this.flush())
  }

  flush(): void {
    this.#isWaiting = false
    if (this.#actions.length === 0) return
    const actions = this.#actions
    this.#actions = []
    this.send(actions)
  }
}

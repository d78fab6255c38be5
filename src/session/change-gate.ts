const FREE = 0
const CHANGING = 1
const CLOSED = 2

/**
 * Decides who was first: the tracer thread that begins to change the target, and must not be cut short until nothing of
 * ring3 is left there, or the main thread that ends the tracer thread before. Both have one over the same memory.
 */
export class ChangeGate {
  private readonly state: Int32Array

  /** `memory`: its first word is the gate's. */
  constructor(memory: SharedArrayBuffer) {
    this.state = new Int32Array(memory, 0, 1)
  }

  /** The tracer thread is about to change the target. @throws Error when it is being ended: nothing may be changed then. */
  enter(): void {
    if (Atomics.compareExchange(this.state, 0, FREE, CHANGING) === CLOSED) throw new Error('the set-up has been ended')
  }

  /** The tracer thread has nothing in the target. */
  leave(): void {
    Atomics.compareExchange(this.state, 0, CHANGING, FREE)
  }

  /** The main thread wants to end the tracer thread: whether it may. If so, nothing will be changed from here on. */
  close(): boolean {
    return Atomics.compareExchange(this.state, 0, FREE, CLOSED) === FREE
  }
}

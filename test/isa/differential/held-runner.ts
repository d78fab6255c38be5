import type { Target } from '../../programs/start-target.js'
import type { Outcome } from './run-record.js'

/** An instruction-runner that waits: it does the same runs each time, and can be probed meanwhile. */
export class HeldRunner implements AsyncDisposable {
  constructor(
    private readonly target: Target,
    private readonly read: () => Outcome[],
  ) {}

  get pid(): number {
    return this.target.pid
  }

  /** Executes all runs. @returns those that were done: fewer when one has ended the runner. */
  async executeAll(): Promise<Outcome[]> {
    await Promise.race([this.target.ask('go', /^done/, 120_000), this.target.exited])
    return this.read()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.target.stop()
  }
}

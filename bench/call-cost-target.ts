import { buildProgram } from '../test/programs/build.js'
import { startTarget, type Target } from '../test/programs/start-target.js'

/** The same code at four alignments. */
export const copies = [0, 1, 2, 3] as const

export type CallCostProgram = 'call-cost' | 'call-cost-pg' | 'call-cost-lttng'

export interface Block {
  /** Function of call-cost.c. */
  readonly call: string
  readonly threads: number
  readonly calls: number
  readonly repeats: number
}

/** A running call-cost program, which measures a block when it is asked to. */
export class CallCostTarget implements AsyncDisposable {
  /** Calls of each function so far, to compare with what was counted. */
  readonly calls = new Map<string, bigint>()

  private constructor(
    readonly target: Target,
    readonly path: string,
  ) {}

  /** `wrapper` is a command that runs the program, for tools that cannot attach. */
  static async start(program: CallCostProgram, wrapper: readonly string[] = []): Promise<CallCostTarget> {
    const built = await buildProgram(program)
    if (built.kind === 'missing') throw new Error(built.because)
    const [command = built.path, ...args] = [...wrapper, built.path]
    return new CallCostTarget(await startTarget(command, args), built.path)
  }

  get pid(): number {
    return this.target.pid
  }

  /** Nanoseconds per call of each repeat. */
  async measure({ call, threads, calls, repeats }: Block): Promise<readonly number[]> {
    const line = await this.target.ask(`measure ${call} ${threads} ${calls} ${repeats}`, /^(ns|error)/, 120_000)
    if (!line.startsWith('ns ')) throw new Error(`call-cost: ${line}`)
    this.calls.set(call, (this.calls.get(call) ?? 0n) + BigInt(threads * calls * repeats))
    return line.slice(3).split(' ').map(Number)
  }

  /** Offset of a function in the file. */
  async offsetOf(call: string): Promise<number> {
    return Number((await this.target.ask(`offset ${call}`, /^offset/)).slice(7))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.target.send('quit')
    await this.target.stop()
  }
}

import type { EndingSignal, Host, TextSink } from './host.js'

/** Why a count ends, when it is not the target that does. */
export type EndReason = EndingSignal | 'output-closed'

/**
 * Watches for the wish to end. From its creation to its disposal the ending signals only ask: nothing cuts a detach short,
 * which would leave the target patched.
 */
export class Ending implements Disposable {
  #reason: EndReason | undefined
  readonly #abort = new AbortController()
  #wake: (() => void) | undefined
  readonly #signals: Disposable

  /** `onRepeat` is called for every signal after the first. */
  constructor(host: Host, sink: TextSink, onRepeat: () => void) {
    this.#signals = host.onSignal((signal) => (this.#reason === undefined ? this.#end(signal) : onRepeat()))
    sink.onClosed(() => this.#end('output-closed'))
  }

  get reason(): EndReason | undefined {
    return this.#reason
  }

  /** Aborted when the end is wished for. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Why work that gave up did so: because the end was wished for. @throws the error, where that is not why */
  reasonFor(error: unknown): EndReason {
    if (this.#reason === undefined || error !== this.signal.reason) throw error
    return this.#reason
  }

  /** Waits until a time has passed or the end is wished for, whichever is first. */
  async wait(ms: number): Promise<void> {
    if (this.#reason !== undefined) return
    await new Promise<void>((resolve) => {
      // Timers drop fractions and may fire a little early; a wait that is over too soon would be followed by an empty one.
      const timer = setTimeout(resolve, Math.max(0, Math.ceil(ms) + 1))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  /** The same, but also until `isOver`, which is asked every so often; without end where no time is given. */
  async waitOr(isOver: () => boolean, everyMs: number, longestMs = Number.POSITIVE_INFINITY): Promise<void> {
    const end = performance.now() + longestMs
    for (let left = longestMs; left > 0 && !isOver() && this.#reason === undefined; left = end - performance.now())
      await this.wait(Math.min(everyMs, left))
  }

  [Symbol.dispose](): void {
    this.#signals[Symbol.dispose]()
  }

  #end(reason: EndReason): void {
    this.#reason ??= reason
    this.#abort.abort()
    this.#wake?.()
  }
}

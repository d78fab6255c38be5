import { grouped } from '../outputs/text/quantity.js'
import { fitted } from '../outputs/text/terminal-text.js'
import type { Progress, ProgressPhase } from '../session/session-types.js'
import type { TextSink } from './host.js'
import type { Messages } from './messages.js'

const phaseNames: Record<ProgressPhase, string> = {
  symbols: 'reading symbols',
  analysis: 'analysing functions',
  code: 'writing trampolines',
  install: 'installing probes',
}

/** Set-ups shorter than this show no progress. */
const PATIENCE_MS = 300
const REDRAW_MS = 100

/** Shows how far a set-up is: a line that is redrawn in a terminal, a line a phase elsewhere with -v. */
export class ProgressLine implements Disposable {
  readonly #started = performance.now()
  #lastDrawn = 0
  #phase: ProgressPhase | undefined

  constructor(
    private readonly sink: TextSink,
    private readonly messages: Messages,
  ) {}

  show(progress: Progress): void {
    if (this.messages.volume.quiet) return
    if (this.sink.isTerminal) this.#redraw(progress)
    else if (progress.phase !== this.#phase) this.messages.detail(`${phaseNames[progress.phase]} …`)
    this.#phase = progress.phase
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#lastDrawn > 0) this.sink.write('\r\x1b[K')
    this.#lastDrawn = 0
  }

  #redraw({ phase, done, total }: Progress): void {
    const now = performance.now()
    if (now - this.#started < PATIENCE_MS || now - this.#lastDrawn < REDRAW_MS) return
    this.#lastDrawn = now
    const text = `ring3: ${phaseNames[phase]}: ${grouped(done)} of ${grouped(total)}`
    this.sink.write(`\r${fitted(text, this.sink.columns - 1)}\x1b[K`)
  }
}

import { printable } from '../outputs/text/terminal-text.js'
import { isRefusal, type Refusal } from '../refusal/refusal.js'
import { RefusedError } from '../session/api.js'
import { ScriptError } from '../session/script-error.js'
import { type Outcome, outcomeOfRefusal } from './exit-code.js'
import type { TextSink } from './host.js'

/** How much is said on stderr. */
export interface Volume {
  readonly verbose?: boolean
  readonly quiet?: boolean
}

/** Everything that ring3 says besides its results: on stderr, each line behind `ring3: `. */
export class Messages {
  private readonly warnings = new Set<string>()

  constructor(
    private readonly sink: TextSink,
    readonly volume: Volume,
  ) {}

  /** What must be said. */
  error(text: string): void {
    this.sink.write(`ring3: ${text}\n`)
  }

  /** What is good to know. */
  note(text: string): void {
    if (this.volume.quiet !== true) this.error(text)
  }

  /** What is good to know, said once, and may quote a file. */
  warning(text: string): void {
    if (!this.warnings.has(text)) this.note(printable(text))
    this.warnings.add(text)
  }

  /** What was asked for with -v. */
  detail(text: string): void {
    if (this.volume.verbose === true) this.error(text)
  }

  /** A message about a script: lines of its own. */
  script(text: string): void {
    this.sink.write(text)
  }

  /** Says why a command failed, in one message, and returns the outcome that this is. */
  failure(error: unknown): Outcome {
    if (error instanceof ScriptError) {
      this.script(error.message)
      return 'failed'
    }
    const refusal = refusalOf(error)
    if (refusal !== undefined) return this.refusal(refusal)
    this.error(error instanceof Error ? printable(error.message) : String(error))
    if (error instanceof Error && error.stack !== undefined) this.detail(error.stack)
    return 'failed'
  }

  private refusal({ code, because }: Refusal): Outcome {
    this.error(this.volume.verbose === true ? `${printable(because)} [${code}]` : printable(because))
    return outcomeOfRefusal({ kind: 'refusal', code, because })
  }
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof RefusedError) return error.refusal
  return isRefusal(error) ? error : undefined
}

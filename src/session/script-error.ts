import { type Diagnostic, diagnosticText } from '../lang/diagnostic.js'
import type { SourceText } from '../lang/source-text.js'

/** Thrown for a script that cannot be run. The message has each error with its line, and a mark below the place. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'
  constructor(
    source: SourceText,
    readonly diagnostics: readonly Diagnostic[],
  ) {
    super(diagnostics.map((diagnostic) => diagnosticText(source, diagnostic)).join(''))
  }
}

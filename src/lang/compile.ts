import type { Program } from '../ir/program.js'
import { analyseProgram } from './analysis/analyse-program.js'
import type { CompileOptions } from './compile-options.js'
import { type Diagnostic, Diagnostics } from './diagnostic.js'
import { expandMacros } from './macros/expand-macros.js'
import { SourceText } from './source-text.js'
import { parseProgram } from './syntax/parse-program.js'

/** A script as a program, or the reasons why it is none; `diagnosticText` shows them. */
export type Compilation =
  | {
      readonly kind: 'compiled'
      readonly program: Program
      readonly source: SourceText
      readonly warnings: readonly Diagnostic[]
    }
  | { readonly kind: 'rejected'; readonly source: SourceText; readonly diagnostics: readonly Diagnostic[] }

/** Compiles a script of bpftrace's language. `name` is what messages call it. Never throws. */
export function compile(name: string, text: string, options: CompileOptions): Compilation {
  const source = new SourceText(name, text)
  const diagnostics = new Diagnostics()
  const parsed = parseProgram(text, options.parameters, diagnostics)
  // What follows from a syntax error would only be noise.
  if (diagnostics.hasErrors) return { kind: 'rejected', source, diagnostics: diagnostics.all }
  const expanded = expandMacros(parsed, diagnostics)
  const program = analyseProgram(expanded, source, options, diagnostics)
  return diagnostics.hasErrors
    ? { kind: 'rejected', source, diagnostics: diagnostics.all }
    : { kind: 'compiled', program, source, warnings: diagnostics.all }
}

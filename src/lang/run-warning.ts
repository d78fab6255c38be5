import type { RunWarning } from '../codegen/interpreter/effect.js'
import { type Diagnostic, diagnosticText } from './diagnostic.js'
import type { SourceText } from './source-text.js'

/** What went wrong in a handler, in bpftrace's words where it has some. */
const sentences: Readonly<Record<RunWarning['kind'], string>> = {
  'bad-address': 'Bad address: the memory could not be read. 0 or an empty string is being used as the result.',
  'division-by-zero':
    'Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.',
  'map-full':
    "Map full; can't update element. Try increasing max_map_keys config or manually setting the max entries in a map declaration e.g. `let @a = hash(5000)`",
  'too-many-calls':
    'More than 16384 calls were in progress: those beyond were not noted, and their returns have not been seen.',
  'no-such-key': "Can't delete map element because it does not exist.",
  'loop-bound': 'The loop was stopped, and the handler with it: it took more turns than max_loop_turns allows.',
}

/** A warning of a run as text: its place in the script, the line, and how often it happened. */
export function runWarningText(source: SourceText, { kind, span, count }: RunWarning): string {
  const message = count === 1 ? sentences[kind] : `${sentences[kind]} (${count} times)`
  const diagnostic: Diagnostic = { severity: 'warning', span, message }
  return diagnosticText(source, diagnostic)
}

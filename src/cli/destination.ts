import type { Output, OutputOptions } from '../record/output.js'
import type { Host, TextSink } from './host.js'
import { siteName } from './site-name.js'

/** The options that every command that prints results takes. */
export interface PrintOptions {
  readonly format: Output
  readonly output?: string
  readonly verbose?: boolean
  readonly quiet?: boolean
}

/** A place for results, and how they are to look there. */
export interface Destination extends Disposable {
  readonly sink: TextSink
  readonly output: Output
  readonly options: OutputOptions
}

/** Opens the file of `-o`, or takes stdout. Throws when the file cannot be written, so open it before the target is touched. */
export function openDestination(print: PrintOptions, all: boolean, host: Host): Destination {
  const file = print.output === undefined ? undefined : host.openFile(print.output)
  const sink = file ?? host.stdout
  return {
    sink,
    output: print.format,
    options: { all, verbose: print.verbose === true, colour: sink.isTerminal && allowsColour(host), nameOf: siteName },
    [Symbol.dispose]: () => file?.[Symbol.dispose](),
  }
}

/** Whether a table may be redrawn in place: not in a pipe, not in a file, not on a terminal without cursor movement. */
export function canRedraw({ sink, output }: Destination, host: Host): boolean {
  return output.forPeople && sink.isTerminal && host.environment['TERM'] !== 'dumb'
}

/** https://no-color.org: any value but the empty one. */
function allowsColour({ environment }: Host): boolean {
  return (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb'
}

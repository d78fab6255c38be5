import type { PlacedProbe } from '../ir/program.js'

/** One probe of a running program, globs expanded: where one handler runs. */
export interface AttachPoint {
  /** Index into the program's handlers. */
  readonly handler: number
  readonly request: PlacedProbe
  /** `module:symbol`; probes of the tracer have no site. */
  readonly site: string | undefined
  /** Its site is the beginning of a function. */
  readonly isEntry: boolean
  /** Its returns are also those of functions that it jumps to. */
  readonly isFollowed: boolean
  /** What the builtin `probe` says: `uprobe:/usr/lib/libc.so.6:malloc`. */
  readonly probe: string
  /** What the builtin `func` says. */
  readonly function: string
}

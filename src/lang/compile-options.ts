/** What a script is compiled for. */
export interface CompileOptions {
  /** `$1` and so on. */
  readonly parameters: readonly string[]
  /** Functions with side effects on the system and the target are allowed. */
  readonly unsafe: boolean
  /** The tracer has started the target itself, so there is a `cpid`. */
  readonly hasChild: boolean
  /** Settings from the environment, by lower-case name; they go before those of the script. */
  readonly settings: ReadonlyMap<string, string>
}

export const defaultOptions: CompileOptions = {
  parameters: [],
  unsafe: false,
  hasChild: false,
  settings: new Map(),
}

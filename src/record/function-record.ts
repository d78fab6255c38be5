/** A function that a pattern can name. */
export interface FunctionRecord {
  readonly module: string
  /** The module's short name, as in patterns and keys. */
  readonly moduleName: string
  readonly symbol: string
  readonly demangled: string
  readonly fileOffset: number
  /** Bytes; 0 when the symbol table does not say. */
  readonly size: number
}

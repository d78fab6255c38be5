/** What was removed from a target that a killed tracer had left. */
export interface CleanedRecord {
  readonly areas: number
  readonly edits: number
  /** A remote call that was cut short has been undone. */
  readonly interruptedCall: boolean
  readonly stoppedNs: number
  /** Sentences about anything that could not be removed. */
  readonly remaining: readonly string[]
}

/** A site that was asked for and is not probed. */
export interface RefusedRecord {
  /** `module:symbol` */
  readonly site: string
  readonly code: string
  readonly because: string
}

/** What an attach did. */
export interface AttachedRecord {
  readonly probes: number
  /** Probes per mechanism: `{ jump: 1000 }`. */
  readonly mechanisms: Readonly<Record<string, number>>
  readonly refused: readonly RefusedRecord[]
  readonly stoppedNs: number
  readonly setupNs: number
}

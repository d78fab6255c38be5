import type { RefusalCode } from '../refusal/codes.js'

/** A site that was asked for and is not probed. */
export interface RefusedRecord {
  /** `module:symbol` */
  readonly site: string
  readonly code: RefusalCode
  readonly because: string
}

/** Why probes are served by a mechanism, and not by a cheaper one. */
export interface PassedOverRecord {
  /** The cheaper ones. */
  readonly mechanisms: readonly string[]
  readonly probes: number
  readonly code: RefusalCode
  /** What was said of the first of the probes. */
  readonly because: string
}

/** What an attach did. */
export interface AttachedRecord {
  readonly probes: number
  /** Probes per mechanism: `{ jump: 1000 }`. */
  readonly mechanisms: Readonly<Record<string, number>>
  readonly refused: readonly RefusedRecord[]
  readonly passedOver: readonly PassedOverRecord[]
  /** How long threads of the target were held, in all. */
  readonly stoppedNs: number
  /** From the call to the moment every probe worked. */
  readonly setupNs: number
}

import type { SiteExplanation } from '../probe/mechanism.js'
import type { RefusalCode } from '../refusal/codes.js'

export type { WindowExplanation as WindowRecord } from '../probe/mechanism.js'

/** What one mechanism had to say about a site. */
export interface VerdictRecord {
  readonly mechanism: string
  readonly chosen: boolean
  readonly refused?: { readonly code: RefusalCode; readonly because: string }
}

/** The reasoning about one site. Addresses as `0x…`. */
export interface ExplanationRecord extends SiteExplanation {
  readonly site: string
  readonly address: string
  readonly file: string
  readonly fileOffset: string
  readonly verdicts: readonly VerdictRecord[]
}

import type { SiteExplanation } from '../probe/mechanism.js'
import type { RefusalCode } from '../refusal/codes.js'

export type { WindowExplanation as WindowRecord } from '../probe/mechanism.js'

/** What one mechanism had to say about a site. */
export interface VerdictRecord {
  readonly mechanism: string
  readonly chosen: boolean
  readonly refused?: { readonly code: RefusalCode; readonly because: string }
}

/** Where a function returns. */
export interface ReturnsRecord {
  /** Its own instructions that return, as in its file. */
  readonly at: readonly string[]
  /** Functions that it jumps to, and that return in its place. */
  readonly followed: readonly string[]
  /** Why a probe of its returns cannot be had. */
  readonly refused?: VerdictRecord['refused']
}

/** The reasoning about one site. Addresses as `0x…`. */
export interface ExplanationRecord extends SiteExplanation {
  readonly site: string
  readonly address: string
  readonly file: string
  readonly fileOffset: string
  readonly verdicts: readonly VerdictRecord[]
  /** Of a function that begins there. */
  readonly returns?: ReturnsRecord
}

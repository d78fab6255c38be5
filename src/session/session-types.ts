import type { CountsRecord } from '../record/counts-record.js'

// What results look like is the record room's business; the library's words for them are these.
export type { AttachedRecord as Attached, RefusedRecord as RefusedSite } from '../record/attached-record.js'
export type { CleanedRecord as Cleaned } from '../record/cleaned-record.js'
export type {
  ExplanationRecord as Explanation,
  VerdictRecord as MechanismVerdict,
} from '../record/explanation-record.js'
export type { FunctionRecord as ListedFunction } from '../record/function-record.js'

/** Counts at one moment, keyed `module:symbol`. Sites without a hit are there too, with 0. */
export interface Snapshot extends CountsRecord {
  /** True when the target has ended; the counts are those of the last moment they could be read. */
  readonly targetGone: boolean
}

export type ProgressPhase = 'symbols' | 'analysis' | 'code' | 'install'

export interface Progress {
  readonly phase: ProgressPhase
  readonly done: number
  readonly total: number
}

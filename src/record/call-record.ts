/** A call of a function, with the calls that were seen inside of it. */
export interface CallRecord {
  /** `module:symbol` */
  readonly site: string
  readonly tid: number
  /** When it began: nanoseconds since the machine was started. */
  readonly startNs: number
  /** How long it took, in nanoseconds; undefined where its end has not been seen. */
  readonly durationNs: number | undefined
  readonly end: CallEnd
  /** In their order. */
  readonly calls: readonly CallRecord[]
}

/** A call that is not inside of another one. */
export interface CallTree extends CallRecord {
  /** Calls in it that are too many to keep. */
  readonly omitted: number
  /** Events of its thread that found no room amid it, modulo 65,536: what is known of it ends there. */
  readonly lost: number
}

/**
 * How a call ended: it `returned`; it jumped to a function of which nothing is known, which returned in its place (`tail-call`);
 * longjmp or an exception ended it (`unwound`); what became of it was `lost`; or it is `open`: it had not ended when the probes went.
 */
export type CallEnd = 'returned' | 'tail-call' | 'unwound' | 'lost' | 'open'

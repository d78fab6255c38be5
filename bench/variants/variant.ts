import type { CallCostTarget } from '../call-cost-target.js'

/** One way of counting calls, to be compared with the others. */
export interface Variant {
  readonly name: string
  /** What is compared, in a few words. */
  readonly what: string
  /** Why it cannot run here, if so. */
  unavailable(): Promise<string | undefined>
  /** Takes part in one round of the interleaved run. */
  sample(target: CallCostTarget): Promise<readonly Sample[]>
}

/** `every`: how many rounds lie between two samples. Slow tools need few. */
export interface ScheduledVariant {
  readonly variant: Variant
  readonly every: number
}

/** What one call cost more than the same call unprobed, measured next to it. */
export interface Sample {
  readonly threads: number
  readonly addedNs: number
}

/** Something that makes calls cost more while it lasts. */
export interface Engaged {
  disengage(): Promise<void>
}

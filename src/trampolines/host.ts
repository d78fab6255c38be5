import type { Architecture } from '../isa/site-analysis.js'
import type { Processor } from '../kernel/processor.js'
import type { TargetProcess } from '../target/target-process.js'

/** What mechanisms are given to work with. */
export interface Host {
  readonly target: TargetProcess
  readonly arch: Architecture
  /** The one that the target runs on. */
  readonly processor: Processor
}

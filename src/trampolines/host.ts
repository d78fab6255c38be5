import type { Architecture } from '../isa/site-analysis.js'
import type { Processor } from '../kernel/processor.js'
import type { Patience } from '../kernel/wait.js'
import type { Refusal } from '../refusal/refusal.js'
import type { ResidentSignals } from '../target/signals/resident-signals.js'
import type { TargetProcess } from '../target/target-process.js'
import type { PlannedRanges } from './planned-ranges.js'

/** What mechanisms are given to work with. */
export interface Host {
  readonly target: TargetProcess
  readonly arch: Architecture
  /** The one that the target runs on. */
  readonly processor: Processor
  readonly signals: SignalHost
  readonly planned: PlannedRanges
  /** Whether this OS thread may wait for hits, or has to look after requests. */
  readonly patience: Patience
}

/** The target's signals, made virtual when the first needs them, and given back when the last does not. */
export interface SignalHost {
  /** Works out how, without changing anything. @returns why that cannot be had */
  prepare(): Promise<Refusal | undefined>
  /** `prepare` comes first; `remove` ends this use. @throws KernelError */
  acquire(): ResidentSignals | Refusal
}

import type { Refusal } from '../refusal/refusal.js'
import type { Frame } from '../stacks/frame.js'
import type { PatchStyle } from './patch-style.js'
import type { ModuleSites, RefusedSite, Site } from './site.js'

/** What users choose between, and what shared code may ask about a mechanism: never its name. */
export interface MechanismTraits {
  /** As in `--via`. */
  readonly name: string
  /** How a thread that passes the site is noticed. */
  readonly caughtBy: string
  /** Where the handler runs. */
  readonly handlerIn: 'target' | 'tracer' | 'kernel'
  /** Rights and features, in words. */
  readonly needs: string
  /** What the target could notice, in words. */
  readonly noticeable: string
  /** Whether `auto` may take it. */
  readonly automatic: boolean
}

/** The bytes at a site that are overwritten. Bytes in hex. */
export interface WindowExplanation {
  readonly length: number
  readonly before: string
  readonly after: string
  /** Disassembled original instructions. */
  readonly displaced: readonly string[]
  readonly flagsDead: boolean
  readonly deadRegisters: readonly string[]
}

/** What a mechanism would write for a site. */
export interface SiteExplanation {
  readonly window?: WindowExplanation
  /** `address  bytes  text` lines. */
  readonly trampoline?: readonly string[]
}

/** One way of noticing that a thread passed a site, bound to a target. */
export interface Mechanism {
  readonly traits: MechanismTraits
  /** What is written at sites so that threads come to handlers in the target. Absent where none run there. */
  readonly style?: PatchStyle
  /** The listener of `ProbePlan.install` is told of hits when their threads have gone on. Absent: they are held. */
  readonly tellsLate?: boolean
  /** Reads what planning needs. @returns why the mechanism cannot be had in this target. Absent where there is nothing to read. */
  prepare?(): Promise<Refusal | undefined>
  /** Decides for every site, and changes nothing. Refused: the mechanism cannot be had in this target at all. */
  plan(modules: readonly ModuleSites[]): ProbePlan | Refusal
}

/** The decision of one mechanism about some sites. */
export interface ProbePlan {
  readonly served: readonly Site[]
  readonly refused: readonly RefusedSite[]
  explain(site: Site): SiteExplanation
  /**
   * Carries the plan out. When it refuses or throws, the target is as it was. `onHit` is for mechanisms whose handler runs
   * in the tracer: the thread is held while it runs, but for those that tell late. @throws KernelError
   */
  install(onHit?: HitListener): InstalledProbes | Refusal
}

/** Which hit of which thread: a thread may be made to go on without its handler's answer, and hit again. */
export interface HitName {
  readonly tid: number
  readonly hit: number
}

/** What becomes of a thread whose hit was told of: it goes on at once, as it was, or waits for `InstalledProbes.goOn`. */
export type HitAnswer = 'go-on' | 'wait'

/** Is told of every hit, while the thread stands at the instruction. */
export type HitListener = (hit: HeldHit) => HitAnswer

/** A thread that stands at a probed instruction, and waits until `InstalledProbes.goOn` is called for it. */
export interface HeldHit extends HitName {
  readonly site: Site
  /** struct user_regs_struct, the instruction pointer at the site. */
  readonly registers: Uint8Array
  /** When that was (CLOCK_MONOTONIC), where the thread has gone on. */
  readonly atNs?: bigint
}

/** Probes at work. */
export interface InstalledProbes {
  /** What is counted, as users see it, in the order of the counters that `read` gives. */
  readonly sites: readonly { readonly key: string }[]
  /** Sites that were left out at the last moment. */
  readonly leftOut: readonly RefusedSite[]
  /** How long threads were held, in nanoseconds. */
  readonly heldNs: bigint
  /** Hits by site. Undefined when the target's memory is no longer there. */
  read(): BigUint64Array | undefined
  /** What was read last. */
  latest(): BigUint64Array
  /**
   * Handles what has happened since it was asked last, for at most so long. @returns whether there was anything. Absent
   * where hits need nobody.
   */
  poll?(budgetNs: bigint): boolean
  /** Hits that the listener was not told of, for want of room; known once the probes are out. Absent where all are told. */
  missed?(): bigint
  /** Something else than hits is about to be done: what `poll` keeps between its calls is given back. */
  rest?(): void
  /** Lets a thread that was held for a hit go on, with these registers. An answer that comes too late is dropped. */
  goOn?(hit: HitName, registers: Uint8Array): void
  /** A frame in these probes' trampolines as it would be without. Absent where no thread is ever interrupted in one. */
  settle?(frame: Frame): Frame | undefined
  /** Takes the probes out; sentences about what could not be. @throws KernelError */
  remove(): readonly string[]
}

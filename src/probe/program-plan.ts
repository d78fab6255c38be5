import type { Address } from '../bytes/address.js'
import type { SiteHandler } from '../codegen/x64/program/handler-code.js'
import type { Program } from '../ir/program.js'
import type { Refusal } from '../refusal/refusal.js'
import type { StackStart } from '../stacks/stack-start.js'
import type { ProgramLayout } from '../store/program-layout.js'
import type { CodeRange } from '../store/stack-tables.js'
import type { InstalledProbes } from './mechanism.js'
import type { StyledSite } from './patch-style.js'
import type { RefusedSite } from './site.js'

/** A program whose handlers are to run in the target, as machine code. */
export interface ProgramCode {
  readonly program: Program
  /** The handlers of a site, in their order. */
  readonly handlersAt: (site: Address) => readonly SiteHandler[]
  /** Where stacks begin that are taken at a site; undefined if the program takes none. */
  readonly stackStartAt: (site: Address) => StackStart | undefined
  /** Where the process ends, with or without handlers: it waits there until `ProgramData.release`. */
  readonly exits: ReadonlySet<Address>
  /** What maps without keys hold at first: see ProgramHead. */
  readonly values: ReadonlyMap<number, Uint8Array>
  /** When it began, by the boot clock. */
  readonly startedNs: bigint
  /** Functions whose returns are probed are followed into others. */
  readonly followsCalls: boolean
  /** What stacks are walked by; none where none are taken. */
  readonly stackRanges: readonly CodeRange[]
  /** Probes that lack a site are to be left out: a plan that refuses any says which, and no more, as another is wanted then. */
  readonly areWhole: boolean
}

/** Where a program can run; sites that have no handlers are not spoken of. */
export interface ProgramPlan {
  readonly served: readonly StyledSite[]
  readonly refused: readonly RefusedSite[]
  /**
   * Carries the plan out. When it refuses or throws, the target is as it was. `lastLook` is called when the probes are out
   * and the data is about to go. @throws KernelError
   */
  install(lastLook: (data: ProgramData) => void): InstalledProgram | Refusal
}

/** A program at work in a target. */
export interface InstalledProgram extends InstalledProbes {
  /** With those that were left out at the last moment. */
  readonly served: readonly StyledSite[]
  readonly data: ProgramData
  /** The target has other code than before: see `ProgramCode.stackRanges`. @throws KernelError */
  renewStackTables(ranges: readonly CodeRange[]): void
}

/** The data of a program in a target, and what is left of it afterwards. Offsets as in its layout. */
export interface ProgramData {
  readonly layout: ProgramLayout
  /** Bytes as they are now; once the target has ended, those that were kept. */
  read(offset: number, length: number): Buffer
  write(offset: number, bytes: Uint8Array): void
  /** Lets so many threads go on that came to where the process ends. */
  release(leaving: bigint): void
  /** Keeps all but the rings as it is now, for when the target has ended. */
  keep(): void
  /** Whether the target's memory can no longer be read. */
  readonly isGone: boolean
}

import type { Refusal } from '../../refusal/refusal.js'
import type { Assembler, Label } from './assembler.js'
import type { HandlerRow } from './program/stack-rows.js'
import type { TrampolineSite } from './trampolines.js'

/** An instruction that may fault, and where the thread then goes on. */
export interface Fixup {
  readonly at: Label
  readonly landing: Label
}

/** What the trampolines of one area do before the displaced instructions. */
export interface HitCode {
  /** Emits a site's part, which leaves everything as it found it. */
  emitHit(site: TrampolineSite): Refusal | undefined
  /** Emits what runs rarely of the sites since the last time, behind their trampolines. */
  emitCold(): void
  /** The same, and what all sites share, behind all trampolines. */
  emitRest(): void
  /** Of everything that was emitted. */
  readonly fixups: readonly Fixup[]
  /** How stacks are walked through everything that was emitted, in order. Absent where none are taken. */
  readonly rows?: readonly HandlerRow[]
}

/** Begins the code of an area, at the assembler's position. */
export type HitCoder = (asm: Assembler) => HitCode

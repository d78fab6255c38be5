import type { Refusal } from '../refusal/refusal.js'

/** How an instruction with a probe on it can be executed all the same; see ARCHITECTURE.md. */
export const resumes = ['inline', 'out-of-line', 'boosted', 'emulated'] as const

export type Resume = (typeof resumes)[number]

/** What an instruction is to a probe, in the words of `explain`. */
export interface InstructionClass {
  readonly kind: InstructionKind
  /** For every resume, why it does not serve; nothing where it does. */
  readonly refused: Readonly<Partial<Record<Resume, Refusal>>>
  /**
   * Single-stepped, it would store the trap flag, or run on without a trap: a copy has to be followed by code that the
   * thread reaches by itself.
   */
  readonly hidesStep: boolean
  /**
   * True where an emulation would reach memory that other threads may use at the same time, and for which a tracer's
   * access is not atomic.
   */
  readonly emulationSharesMemory: boolean
}

export type InstructionKind =
  | 'plain'
  | 'no-operation'
  | 'rip-relative'
  | 'relative call'
  | 'indirect call'
  | 'relative jump'
  | 'indirect jump'
  | 'conditional jump'
  | 'loop'
  | 'return'
  | 'push'
  | 'pop'
  | 'push of flags'
  | 'pop of flags'
  | 'repeated string'
  | 'system call'
  | 'software interrupt'
  | 'transaction'

import type { Address, Vaddr } from '../bytes/address.js'
import type { Refusal } from '../refusal/refusal.js'
import type { CodeFacts } from './code-facts.js'
import type { ExitFinder, ReturnFinder } from './function-returns.js'
import type { InstructionClass } from './instruction-class.js'
import type { Emulation } from './x64/emulate/emulation-of.js'

/** The two jumps a window can carry: `jmp rel32` (5 bytes) and `jmp *0(%rip); .quad` (14 bytes). */
export type JumpLength = 5 | 14

/** Bytes that a mechanism overwrites at a site: a jump, or `int3`, which is one byte of one instruction. */
export type WindowLength = 1 | JumpLength

/** One instruction that the window displaces, whole. */
export interface DisplacedInstruction {
  /** Bytes from the site. */
  readonly offset: number
  readonly bytes: Uint8Array
}

/** A window that has been proven safe, and what the trampoline needs to know about the site. */
export interface SiteAnalysis {
  readonly kind: 'site'
  /** Where the window begins. */
  readonly site: Vaddr
  /** Bytes from there to the instruction before which the handler runs: 0, but for some returns. */
  readonly lead: number
  readonly windowLength: WindowLength
  /** Whole instructions from the site on, covering at least `windowLength` bytes together with `padding`. */
  readonly displaced: readonly DisplacedInstruction[]
  /** Sum of the displaced instructions' lengths: where the trampoline jumps back to is `site + displacedLength`. */
  readonly displacedLength: number
  /** Bytes of dead padding behind the displaced instructions that the jump covers too (0 in the usual case). */
  readonly padding: number
  /** False when the last displaced instruction never falls through (`ret`, `jmp`). */
  readonly fallsThrough: boolean
  /** True when the arithmetic flags are written before they are read on every path from where the handler runs. */
  readonly flagsDead: boolean
  /** General registers (hardware numbers 0–15) written before they are read on every path from there. */
  readonly deadRegisters: readonly number[]
}

/** A point at which a thread can be moved between the original code and the relocated one, either way, as it is. */
export interface ResumePoint {
  /** Bytes from the site. */
  readonly original: number
  /** Bytes from the beginning of the relocated code. */
  readonly relocated: number
}

/**
 * A boundary in the middle of a moved instruction, from which a thread can only be moved out: the stack pointer and a
 * register may have to be set before it goes on in the original code. Where what has been done can be undone, it goes
 * on at the instruction itself; else behind it, or where it leads.
 */
export interface ResumeExit {
  /** Bytes from the site: negative, or beyond the displaced instructions, where a loop leads there. */
  readonly original: number
  /** Bytes from the beginning of the relocated code. */
  readonly relocated: number
  /** To be added to the stack pointer. */
  readonly stackDelta: number
  readonly restored?: RestoredRegister
}

/** What a register has to hold when the thread goes on. */
export interface RestoredRegister {
  /** Hardware number. */
  readonly register: number
  /** The word at the stack pointer (before `stackDelta`) plus `offset`, or the address of the site plus `offset`. */
  readonly from: 'stack' | 'site'
  readonly offset: number
}

/** Displaced instructions, encoded to run at another address. */
export interface RelocatedCode {
  readonly bytes: Uint8Array
  /** One per displaced instruction, plus the end when the code falls through. */
  readonly points: readonly ResumePoint[]
  /** Every other position at which a thread can stand. */
  readonly exits: readonly ResumeExit[]
}

/**
 * An architecture's analysis of a module: made once per module for all the sites wanted, since the scan for branches
 * into windows reads the whole text.
 */
export interface ModuleAnalysis {
  /** `lead`: how far before the site the window is to begin, one of those that `leadsTo` gives for it. */
  analyse(site: Vaddr, lead?: number): SiteAnalysis | Refusal
  /**
   * How far before a site its window may begin, the nearest first: 0; before a return also at the instructions that run one after
   * the other up to it. Nobody comes from elsewhere to what follows there, the return among it: `analyse` sees to that.
   */
  leadsTo(site: Vaddr): readonly number[]
}

export interface Architecture {
  readonly name: 'x86-64'
  /**
   * Prepares the proof for these sites. Everything that reads the whole module's text happens here, once. `returns` are those of
   * them at which functions return.
   */
  analyseModule(
    facts: CodeFacts,
    sites: readonly Vaddr[],
    windowLength: WindowLength,
    returns?: ReadonlySet<Vaddr>,
  ): ModuleAnalysis
  /** Why no instruction begins there, or `unknown-boundaries` where nobody can tell; undefined when one does. */
  checkBoundary(facts: CodeFacts, site: Vaddr): Refusal | undefined
  /** Prepares to find where the functions of a module return. */
  returnFinder(facts: CodeFacts): ReturnFinder
  /** Prepares to find how the functions of a module are left, for those who do not ask what is returned. */
  exitFinder(facts: CodeFacts): ExitFinder
  /**
   * Encodes the displaced instructions of a site, which is at `from` in the target, to run at `to`. Does not add the jump
   * back. The size may depend on the distance, but on nothing else.
   */
  relocate(site: SiteAnalysis, from: Address, to: Address): RelocatedCode | Refusal
  /** What the one displaced instruction of a site is, which is at `at` in the target, and which resumes serve it. */
  classify(site: SiteAnalysis, at: Address): InstructionClass | Refusal
  /** How to execute the instruction at the beginning of `bytes` on saved registers; undefined for what is not emulated. */
  emulationOf(bytes: Uint8Array, at: Address): Emulation | undefined
  /** `jmp rel32` (5) or `jmp *0(%rip); .quad` (14) at `from`; refused when rel32 does not reach. Writes no register, no flag. */
  encodeJump(from: Address, to: Address, length: JumpLength): Uint8Array | Refusal
  /** The instruction of one byte that raises a breakpoint exception. */
  readonly trap: Uint8Array
  /** For people: one line an instruction. */
  disassemble(bytes: Uint8Array, at: Address): readonly DisassembledInstruction[]
  /** Names of the general registers by hardware number. */
  readonly registerNames: readonly string[]
}

export interface DisassembledInstruction {
  readonly address: Address
  readonly bytes: Uint8Array
  readonly text: string
}

import { type Label, RCX, type Register } from '../assembler.js'
import type { Fixup } from '../hit-code.js'
import { newLabel } from './emission.js'
import type { Encoder } from './encoder.js'
import { ADDRESS_BITS, LOWEST } from './fault.js'
import { memory } from './operand.js'

/**
 * What the walk of a stack calls registers 8 to 12. Besides: rax is the address of a frame, rcx its rule, rdx its rsp, rbx its rbp,
 * rdi where the next address goes, rsi where they end.
 */
export const walk = {
  /** The CFA; before it is known, anything. */
  cfa: 8,
  /** The address whose rule was looked for: a frame's own one if it was interrupted, else the one before. */
  key: 9,
  /** r10 of a frame that was interrupted, else 0. */
  r10: 10,
  /** CACHE_FACTOR */
  factor: 11,
  /** Where the tables are. */
  tables: 12,
} as const

/** Places of the walk. */
export interface WalkLabels {
  /** The rule of a frame is known. */
  readonly step: Label
  /** A caller has been found. */
  readonly next: Label
  /** It is not in the cache. */
  readonly miss: Label
  /** The rule is not of the most common kind, which is in r8. */
  readonly other: Label
  readonly withoutRule: Label
  readonly cfaIsKnown: Label
  /** A signal frame is at rsp. */
  readonly signal: Label
  readonly end: Label
}

/** What the parts of the walk are made with. */
export interface WalkCode {
  readonly code: Encoder
  readonly labels: WalkLabels
  /** Emits one instruction that may fault: its thread then goes on at `landing`, with all registers as they were. */
  readonly faulting: (landing: Label, emit: () => void) => void
}

export function walkCode(code: Encoder, fixups: Fixup[]): WalkCode {
  const labels = {
    step: newLabel(),
    next: newLabel(),
    miss: newLabel(),
    other: newLabel(),
    withoutRule: newLabel(),
    cfaIsKnown: newLabel(),
    signal: newLabel(),
    end: newLabel(),
  }
  const faulting: WalkCode['faulting'] = (landing, emit) => {
    const at = newLabel()
    code.bind(at)
    fixups.push({ at, landing })
    emit()
  }
  return { code, labels, faulting }
}

/** What the cache knows an address by: its upper bits are the number of an entry, the 32 below stand in there. */
export function hashAddress(code: Encoder, to: Register): void {
  code.move(to, walk.key)
  code.multiply(to, walk.factor)
}

/** The offset of the rule in rcx, in words. */
export function loadOffset(code: Encoder, to: Register): void {
  code.load(to, RCX, 4, true)
  code.shift('sar', to, 12)
}

/** Goes to `bad` for an address that cannot be the program's; looks like `checkAddress`, in a register of the walk's choice. */
export function checkWalked(code: Encoder, address: Register, scratch: Register, bad: Label): void {
  code.address(scratch, memory(address, -LOWEST))
  code.shift('shr', scratch, ADDRESS_BITS)
  code.jumpIf('ne', bad)
}

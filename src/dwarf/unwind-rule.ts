/**
 * How the caller of a frame is found, in 32 bits: bits 0–3 the kind, bits 4–11 where the caller's rbp is, bits 12–31 a signed
 * offset in words. The return address is in the word below the CFA (System V ABI for x86-64, 3.2.2).
 */
export type UnwindRule = number

/** How the CFA, the caller's stack pointer, is found. */
export const CFA = {
  /** Nothing is said about this code. */
  unknown: 0,
  /** There is no caller, or it is described in a way that is not understood: stacks end here. */
  end: 1,
  /** rsp + offset */
  fromStackPointer: 2,
  /** rbp + offset */
  fromFramePointer: 3,
  /** The word at rbp + offset: functions that align their stack keep their CFA there. */
  keptAtFramePointer: 4,
  /** The word at rsp + offset, plus 8: assembly that aligns its stack keeps rsp there as it was behind its return address. */
  keptAtStackPointer: 5,
  /** An entry of a procedure linkage table, 16 bytes: rsp + 8, and 8 more from byte `offset` (in bytes) on. */
  linkageEntry: 6,
  /** The kernel's signal frame: a ucontext at rsp. */
  signalFrame: 7,
  /** r10 + offset: functions that align their stack have their CFA there until it is kept. */
  fromR10: 8,
  /** By frame pointers: what walking in the target makes of `unknown`. */
  byFramePointer: 9,
} as const

/** Where the caller's rbp is: these, or so many words below the CFA. */
export const FRAME_POINTER = {
  unchanged: 0,
  /** It cannot be had. The number is free: the return address is one word below the CFA. */
  lost: 1,
  /** In the word that rbp points to, in a frame whose CFA is kept. */
  atItself: 255,
} as const

/** Words: 2^19 of them are 4 MB. */
const MAX_OFFSET = 2 ** 19 - 1

export const unknownRule: UnwindRule = CFA.unknown

/** `offset` in words, but for linkage entries. An offset that does not fit ends the stack. */
export function unwindRule(kind: number, framePointer: number, offset: number): UnwindRule {
  if (!Number.isInteger(offset) || Math.abs(offset) > MAX_OFFSET) return CFA.end
  return ((offset << 12) | (framePointer << 4) | kind) >>> 0
}

export function kindOf(rule: UnwindRule): number {
  return rule & 15
}

export function framePointerOf(rule: UnwindRule): number {
  return (rule >>> 4) & 0xff
}

/** In words, but for linkage entries. */
export function offsetOf(rule: UnwindRule): number {
  return (rule | 0) >> 12
}

import type { CfaExpression } from './frame-expression.js'
import { CFA, FRAME_POINTER, type UnwindRule, unwindRule } from './unwind-rule.js'

// System V ABI for x86-64, figure 3.36.
const RBP = 6
const RSP = 7
const R10 = 10
const WORD = 8

/** Where a register of the caller is. */
export type SavedRegister =
  | 'unchanged'
  /** Nowhere, or in a place that is not understood. */
  | 'lost'
  /** In the word that rbp points to. */
  | 'at-frame-pointer'
  /** So many bytes from the CFA. */
  | number

/** What call frame instructions say about one address, as far as it is needed for walking stacks. */
export interface FrameState {
  readonly cfaRegister: number
  readonly cfaOffset: number
  /** Stands before register and offset. `null`: one that is not understood. */
  readonly cfaExpression: CfaExpression | null | undefined
  readonly framePointer: SavedRegister
  readonly returnAddress: SavedRegister
}

export const emptyState: FrameState = {
  cfaRegister: RSP,
  cfaOffset: 0,
  cfaExpression: null,
  framePointer: 'unchanged',
  returnAddress: 'unchanged',
}

/** The state as a rule. Where it cannot be expressed, stacks end. */
export function ruleOf(state: FrameState): UnwindRule {
  if (state.returnAddress !== -WORD) return CFA.end
  const { cfaExpression: expression, cfaRegister, cfaOffset } = state
  const framePointer = framePointerCode(state.framePointer)
  if (expression === null) return CFA.end
  if (expression !== undefined) return keptRule(expression, framePointer)
  if (cfaRegister === RSP) return unwindRule(CFA.fromStackPointer, framePointer, cfaOffset / WORD)
  if (cfaRegister === RBP) return unwindRule(CFA.fromFramePointer, framePointer, cfaOffset / WORD)
  if (cfaRegister === R10) return unwindRule(CFA.fromR10, framePointer, cfaOffset / WORD)
  return CFA.end
}

function keptRule(expression: CfaExpression, framePointer: number): UnwindRule {
  switch (expression.kind) {
    case 'kept-at-frame-pointer':
      return unwindRule(CFA.keptAtFramePointer, framePointer, expression.offset / WORD)
    case 'kept-at-stack-pointer':
      return unwindRule(CFA.keptAtStackPointer, framePointer, expression.offset / WORD)
    case 'linkage-entry':
      return unwindRule(CFA.linkageEntry, framePointer, expression.pushedFrom)
  }
}

function framePointerCode(saved: SavedRegister): number {
  if (saved === 'unchanged') return FRAME_POINTER.unchanged
  if (saved === 'at-frame-pointer') return FRAME_POINTER.atItself
  if (typeof saved !== 'number') return FRAME_POINTER.lost
  const words = -saved / WORD
  const fits = Number.isInteger(words) && words > FRAME_POINTER.lost && words < FRAME_POINTER.atItself
  return fits ? words : FRAME_POINTER.lost
}

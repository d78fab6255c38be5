import type { Address } from '../../../bytes/address.js'
import {
  CFA,
  FRAME_POINTER,
  framePointerOf,
  kindOf,
  offsetOf,
  type UnwindRule,
  unwindRule,
} from '../../../dwarf/unwind-rule.js'
import type { StackStart } from '../../../stacks/stack-start.js'
import type { StackRow, StackState } from '../stack-log.js'

/** How the stack of a thread is walked that a signal has interrupted in the code of handlers: from `position` on. */
export interface HandlerRow {
  readonly position: number
  /** The program's instruction where it stands without the probe; undefined in a routine, whose caller is to be asked. */
  readonly original: Address | undefined
  readonly rule: UnwindRule
}

/** Code from `position` on: of a site's handlers, or routines that they call. */
export interface CodePart {
  readonly position: number
  readonly of: StackStart | 'routines'
}

/** Rows for code whose parts and rows are in order. */
export function handlerRows(parts: readonly CodePart[], log: readonly StackRow[]): HandlerRow[] {
  const rows: HandlerRow[] = []
  let state: StackState = { depth: 0, framePointerAt: undefined }
  let next = 0
  for (const [index, { position, of }] of parts.entries()) {
    const end = parts[index + 1]?.position ?? Number.POSITIVE_INFINITY
    for (let row = log[next]; row !== undefined && row.position <= position; row = log[++next]) state = row
    rows.push(handlerRow({ ...state, position }, of))
    for (let row = log[next]; row !== undefined && row.position < end; row = log[++next]) {
      state = row
      rows.push(handlerRow(row, of))
    }
  }
  return rows
}

function handlerRow(row: StackRow, of: CodePart['of']): HandlerRow {
  const { position } = row
  if (of === 'routines') return { position, original: undefined, rule: deeper(CALLED, row) }
  return { position, original: of.pc, rule: deeper(of.rule, row) }
}

/** Where a function begins: its return address is on top of the stack. */
const CALLED = unwindRule(CFA.fromStackPointer, FRAME_POINTER.unchanged, 1)
const WORD = 8

/** A rule for where the code has put more on the stack; the stack ends where that is not to be told. */
function deeper(rule: UnwindRule, { depth, framePointerAt }: StackState): UnwindRule {
  if (depth === undefined) return CFA.end
  const kind = kindOf(rule)
  if (kind !== CFA.fromStackPointer) {
    const needsOnlyFramePointer = kind === CFA.fromFramePointer || kind === CFA.byFramePointer
    return needsOnlyFramePointer && framePointerAt === undefined ? rule : CFA.end
  }
  const offset = offsetOf(rule)
  return unwindRule(kind, placeOfFramePointer(rule, framePointerAt), offset + depth / WORD)
}

function placeOfFramePointer(rule: UnwindRule, framePointerAt: number | undefined): number {
  const place = framePointerOf(rule)
  if (place !== FRAME_POINTER.unchanged || framePointerAt === undefined) return place
  const pushed = offsetOf(rule) + framePointerAt / WORD
  return pushed < FRAME_POINTER.atItself ? pushed : FRAME_POINTER.lost
}

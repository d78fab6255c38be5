import { type Address, address, offsetBy } from '../bytes/address.js'
import { CFA, FRAME_POINTER, framePointerOf, kindOf, offsetOf, type UnwindRule } from '../dwarf/unwind-rule.js'
import type { Frame } from './frame.js'
import type { StackScene } from './stack-scene.js'

const WORD = 8

/** The caller of a frame by the rule for its code; undefined where the stack ends, or cannot be read. */
export function stepByRule(frame: Frame, rule: UnwindRule, scene: StackScene): Frame | undefined {
  const cfa = cfaOf(frame, rule, scene)
  if (cfa === undefined) return undefined
  const pc = scene.readWord(offsetBy(cfa, -WORD))
  if (pc === undefined) return undefined
  const fp = framePointer(frame, cfa, framePointerOf(rule), scene)
  return { pc: address(pc), sp: cfa, fp, r10: undefined, isInterrupted: false }
}

function cfaOf({ pc, sp, fp, r10 }: Frame, rule: UnwindRule, scene: StackScene): Address | undefined {
  const offset = offsetOf(rule)
  switch (kindOf(rule)) {
    case CFA.fromStackPointer:
      return above(sp, offset)
    case CFA.fromFramePointer:
      return above(fp, offset)
    case CFA.fromR10:
      return above(r10, offset)
    case CFA.keptAtFramePointer:
      return keptAt(above(fp, offset), 0, scene)
    case CFA.keptAtStackPointer:
      return keptAt(above(sp, offset), WORD, scene)
    case CFA.linkageEntry:
      return offsetBy(sp, (pc & 15n) >= BigInt(offset) ? 2 * WORD : WORD)
    default:
      return undefined
  }
}

/** So many words above what a register holds. */
function above(base: Address | undefined, words: number): Address | undefined {
  return base === undefined ? undefined : offsetBy(base, words * WORD)
}

function keptAt(at: Address | undefined, added: number, scene: StackScene): Address | undefined {
  const kept = at === undefined ? undefined : scene.readWord(at)
  return kept === undefined ? undefined : address(kept + BigInt(added))
}

function framePointer({ fp }: Frame, cfa: Address, code: number, scene: StackScene): Address | undefined {
  if (code === FRAME_POINTER.unchanged) return fp
  if (code === FRAME_POINTER.lost) return undefined
  const place = code === FRAME_POINTER.atItself ? fp : offsetBy(cfa, -WORD * code)
  const saved = place === undefined ? undefined : scene.readWord(place)
  return saved === undefined ? undefined : address(saved)
}

import type { Address } from '../bytes/address.js'
import { CFA, FRAME_POINTER, type UnwindRule, unknownRule, unwindRule } from '../dwarf/unwind-rule.js'
import { ruleAt } from '../dwarf/unwind-table.js'
import { wordsOnStack } from './frame-pointer-step.js'
import { isRestorer } from './signal-frame.js'
import type { StackScene } from './stack-scene.js'

/** Where the stacks begin that are taken at a site. */
export interface StackStart {
  readonly pc: Address
  /** How the caller is found there. */
  readonly rule: UnwindRule
}

/** What a walk would find out at each hit of a site anew. */
export function stackStart(
  pc: Address,
  isEntry: boolean,
  scene: Pick<StackScene, 'readWord' | 'unwindingAt'>,
): StackStart {
  const unwinding = scene.unwindingAt(pc)
  const rule = unwinding === undefined ? unknownRule : ruleAt(unwinding.table, Number(pc - unwinding.bias))
  return { pc, rule: rule === unknownRule ? ruleWithout(pc, isEntry, scene) : rule }
}

function ruleWithout(pc: Address, isEntry: boolean, scene: Pick<StackScene, 'readWord'>): UnwindRule {
  if (isRestorer(pc, scene)) return CFA.signalFrame
  switch (wordsOnStack(pc, isEntry, scene)) {
    case 0:
      return unwindRule(CFA.fromStackPointer, FRAME_POINTER.unchanged, 1)
    case 1:
      return unwindRule(CFA.fromStackPointer, 2, 2)
    case undefined:
      return CFA.byFramePointer
  }
}
